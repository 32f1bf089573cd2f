import { expect, test } from 'vitest'
import { begunRecord, endedRecord, keptJob, namesOf } from '../../../scheduler/queue/attempt-record.ts'
import { tickJob } from '../../fakes/run-jobs.ts'

const job = tickJob(0)
const begun = (attempt: number, before?: ReturnType<typeof begunRecord>) =>
  begunRecord({ job, attempt, worker: 'w', startedMs: attempt, before })

test('the job of a record has neither plan nor overlap, and the names of a schedule of its own its flow', () => {
  const plan = { window: { fromMs: 0, untilMs: 1 }, owners: [], payloads: [] }
  expect(keptJob({ ...job, overlap: 'skip', detectPlan: plan })).toEqual(job)
  expect(namesOf({ ...job, task: { flow: 'noop', params: {} } })).toMatchObject({
    taskFlow: 'noop',
    enqueuedMs: job.enqueuedMs,
  })
})

test('only the last ten attempts are kept', () => {
  let record = begun(1)
  for (let attempt = 2; attempt <= 15; attempt++)
    record = begun(attempt, endedRecord(record, { state: 'retrying', endedMs: 99 }))
  expect(record.attempts?.map(({ attempt }) => attempt)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
  expect(record.attempts?.at(-1)).not.toHaveProperty('endedMs')
})

test.each([
  { state: 'succeeded', hasJob: false },
  { state: 'failed', hasJob: true },
  { state: 'cancelled', hasJob: true },
] as const)('what a run was asked to do stays unless it succeeded: $state', ({ state, hasJob }) => {
  expect('job' in endedRecord(begun(1), { state, endedMs: 5 })).toBe(hasJob)
})
