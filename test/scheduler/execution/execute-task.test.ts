import { expect, test, vi } from 'vitest'
import { executeTask } from '../../../scheduler/execution/execute-task.ts'
import type { Attempt, ExecutionDeps } from '../../../scheduler/execution/ports.ts'
import type { ForecastService } from '../../../scheduler/forecasts/forecast-service.ts'
import type { ForecastRecord } from '../../../scheduler/forecasts/types.ts'
import type { FlowTask, RunJob } from '../../../scheduler/queue/runs.ts'
import { executionWorld } from '../../fakes/execution-world.ts'

const nominalMs = Date.parse('2026-11-24T12:30:00Z')

function taskOf(flow: string, params: FlowTask['params'] = {}) {
  const world = executionWorld()
  const task = { flow, params }
  const attempt = world.attempt({ mission: '', scheduleId: 'mine', runId: 'r.default.mine.1', nominalMs, task })
  const runs: Attempt[] = []
  const run = (deps: Partial<ExecutionDeps> = {}) =>
    executeTask({ ...world.deps, ...deps }, { ...attempt, task }, async (asked) => {
      runs.push(asked)
      return { read: 1 }
    })
  return { attempt, runs, run }
}

test('noop does nothing', async () => {
  const { run, runs } = taskOf('noop')
  expect(await run()).toEqual({})
  expect(runs).toEqual([])
})

test('a flow of a mission runs at the T of the mission that is in force, under the run id of the schedule', async () => {
  const { run, runs } = taskOf('forecast', { mission: 'cpu', recompute: true })
  expect(await run()).toEqual({ read: 1 })
  expect(runs[0]?.job).toMatchObject({
    ...{ runId: 'r.default.mine.1', mission: 'cpu', flow: 'forecast', kind: 'trigger', recompute: true },
    nominalMs: Date.parse('2026-11-24T12:00:00Z'),
  })
  expect(runs[0]?.job).not.toHaveProperty('task')
})

test('what a detect run decides stays in the job of the schedule', async () => {
  const { run, runs, attempt } = taskOf('detect', { mission: 'cpu' })
  await run()
  const detectPlan = { window: { fromMs: 0, untilMs: 1 }, owners: [], payloads: [] }
  await runs[0]!.updateJob({ ...runs[0]!.job, detectPlan })
  expect(attempt.job).toMatchObject({ mission: '', scheduleId: 'mine', task: { flow: 'detect' }, detectPlan })
  const again = executionWorld().attempt({ ...attempt.job })
  const seen: RunJob[] = []
  await executeTask(executionWorld().deps, { ...again, task: attempt.job.task! }, async ({ job }) => {
    seen.push(job)
    return {}
  })
  expect(seen[0]?.detectPlan).toEqual(detectPlan)
})

test.each([
  { flow: 'detect', params: { mission: 'cpu' }, deps: { mission: async () => undefined }, code: 'NOT_FOUND' },
  { flow: 'detect', params: { mission: 7 }, deps: {}, code: 'INVALID_PARAMS' },
  { flow: 'retired', params: {}, deps: {}, code: 'UNSUPPORTED' },
  { flow: 'forecast-once', params: { query: 'up' }, deps: {}, code: 'UNSUPPORTED' },
])('$flow with $params fails with $code', async ({ flow, params, deps, code }) => {
  await expect(taskOf(flow, params).run(deps)).rejects.toMatchObject({ code })
})

const record = (fields: Partial<ForecastRecord>) =>
  ({ id: 'f1', tenant: 'default', status: 'succeeded', total: 3, ...fields }) as ForecastRecord

test('a forecast of any query is made by the forecast workers', async () => {
  const submit = vi.fn(async () => record({ status: 'queued' }))
  const forecasts = { submit, wait: async () => record({}), cancel: async () => record({}) }
  expect(await taskOf('forecast-once', { query: 'up' }).run({ forecasts })).toEqual({ forecast: 'f1', series: 3 })
  expect(submit).toHaveBeenCalledWith(
    expect.objectContaining({ query: 'up', predictionLength: 64 }),
    expect.objectContaining({ tenant: 'default', actor: 'schedule mine', kind: 'job' }),
  )
})

test.each([
  [{ query: 'up' }, '2026-11-24T12:30:00.000Z'],
  [{ query: 'up', asOf: '2026-01-01T00:00:00Z' }, '2026-01-01T00:00:00Z'],
  [{ series: [{ labels: {}, values: [1, 2] }] }, undefined],
])('of %j it sees what a run on time would have seen: up to %s', async (params, asOf) => {
  const submit = vi.fn<ForecastService['submit']>(async () => record({ status: 'queued' }))
  const forecasts = { submit, wait: async () => record({}), cancel: async () => record({}) }
  await taskOf('forecast-once', params).run({ forecasts })
  expect(submit.mock.calls[0]?.[0].asOf).toBe(asOf)
})

test('it fails as the forecast does', async () => {
  const error = { code: 'QUERY_REJECTED', message: 'no such function', problems: [] } as const
  const forecasts = {
    ...{ submit: async () => record({ status: 'queued' }), cancel: async () => record({}) },
    wait: async () => record({ status: 'failed', error }),
  }
  await expect(taskOf('forecast-once', { query: 'up' }).run({ forecasts })).rejects.toMatchObject({
    code: 'QUERY_REJECTED',
    message: 'forecast f1: no such function',
  })
})
