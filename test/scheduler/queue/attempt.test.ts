import { describe, expect, test } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import { type AttemptDeps, attemptRun, settleKilled } from '../../../scheduler/queue/attempt.ts'
import type { RunJob, RunRecord } from '../../../scheduler/queue/runs.ts'

const job: RunJob = {
  ...{ runId: 'f.default.cpu.1.key.1', kind: 'first', flow: 'forecast', tenant: 'default', mission: 'cpu' },
  ...{ nominalMs: 1, bandKey: 'key', enqueuedMs: 1 },
}
const fetched = { job, attempt: 1, hasRetries: true, updateJob: async () => undefined }
const never = new AbortController().signal
const away = new AppError('REDIS_UNAVAILABLE', 'cannot write a run')

/** Run records cannot be read or written, and nobody can be told of an end. */
function withoutRecords(execute: AttemptDeps['execute']) {
  const errors: Error[] = []
  const ended: string[] = []
  const fail = () => Promise.reject(away)
  const deps: AttemptDeps = {
    ...{ execute, clock: { now: () => 5 }, worker: 'w', timeoutMs: 1_000, stopping: never },
    overlaps: { reserve: fail, begin: fail },
    runs: {
      put: fail,
      get: fail,
      read: fail,
      end: fail,
      startAgain: fail,
      announce: fail,
      list: fail,
      unfinished: fail,
    },
    logs: { append: fail },
    metrics: { tick: () => undefined, attempt: () => undefined, run: (_, result) => void ended.push(result) },
    onSettled() {
      throw new Error('the log is full')
    },
    onError: (error) => void errors.push(error),
  }
  return { deps, errors, ended }
}

describe('when what a run did cannot be recorded', () => {
  test('a run that succeeded is done, and is not run again', async () => {
    const { deps, errors, ended } = withoutRecords(async () => ({ read: 1 }))
    expect(await attemptRun(deps, fetched, never)).toEqual({ kind: 'done', summary: { read: 1 } })
    expect(ended).toEqual(['succeeded'])
    expect(new Set(errors.map(({ message }) => message))).toEqual(new Set([away.message, 'the log is full']))
  })

  test('a run that failed fails with its own error', async () => {
    const error = new AppError('QUERY_REJECTED', 'parse error')
    const { deps, ended } = withoutRecords(() => Promise.reject(error))
    expect(await attemptRun(deps, fetched, never)).toEqual({ kind: 'failed', error })
    expect(ended).toEqual(['failed'])
  })

  test('the end of a run whose workers were killed is counted', async () => {
    const { deps, errors, ended } = withoutRecords(async () => ({}))
    await settleKilled(deps, job, 2)
    expect(ended).toEqual(['failed'])
    // also that its record could not be read
    expect(errors).toHaveLength(4)
  })

  test('a run that is started again goes on without its record, and that is told', async () => {
    const { deps, errors, ended } = withoutRecords(async () => ({ read: 1 }))
    const runs = { ...deps.runs, put: async () => undefined }
    const again = { ...fetched, attempt: 2, isRestarted: true }
    const quiet = { ...deps, runs, logs: { append: async () => undefined }, onSettled: () => undefined }
    expect(await attemptRun(quiet, again, never)).toMatchObject({ kind: 'done' })
    expect([errors, ended]).toEqual([[away], ['succeeded']])
  })
})

test('what is recorded is how a run began and how it ended', async () => {
  const records: RunRecord[] = []
  const { deps } = withoutRecords(async () => ({ read: 1 }))
  const runs = { ...deps.runs, put: async (record: RunRecord) => void records.push(record) }
  await attemptRun({ ...deps, runs }, fetched, never)
  expect(records).toMatchObject([
    { state: 'active', startedMs: 5, enqueuedMs: 1, job },
    { state: 'succeeded', startedMs: 5, endedMs: 5, summary: { read: 1 } },
  ])
  expect(records[1]).not.toHaveProperty('job')
})

test('a record names the attempts before it, those of killed workers too', async () => {
  const records: RunRecord[] = []
  const { deps } = withoutRecords(() => Promise.reject(new AppError('STORE_BUSY', 'busy')))
  const runs: AttemptDeps['runs'] = {
    ...deps.runs,
    put: async (record) => void records.push(record),
    get: async () => records.at(-1),
  }
  const attempt = (n: number) =>
    attemptRun({ ...deps, runs, worker: `w${n}` }, { ...fetched, attempt: n, isRestarted: n > 1 }, never)
  await attempt(1)
  records.splice(1)
  await attempt(2)
  await attempt(3)
  const ended = { startedMs: 5, endedMs: 5, error: 'STORE_BUSY' }
  expect(records.at(-1)?.attempts).toEqual([
    { attempt: 1, worker: 'w1', startedMs: 5, error: 'WORKER_LOST' },
    { attempt: 2, worker: 'w2', ...ended },
    { attempt: 3, worker: 'w3', ...ended },
  ])
})
