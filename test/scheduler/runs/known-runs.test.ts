import { expect, test } from 'vitest'
import type { RunRecord } from '../../../scheduler/queue/runs.ts'
import { type KnownRunDeps, knownRun, ownerOf } from '../../../scheduler/runs/known-runs.ts'

const record: RunRecord = {
  ...{ runId: 'r.default.cpu.detect.60000', kind: 'tick', flow: 'detect', tenant: 'default', mission: 'cpu' },
  ...{ nominalMs: 60_000, state: 'active', attempt: 1, worker: 'w', startedMs: 61_000 },
}
const nothing: KnownRunDeps = {
  runs: { get: async () => undefined },
  cancels: { requested: async () => [] },
  queue: { find: async () => undefined },
  ticks: { list: async () => [] },
  schedules: { get: async () => undefined },
}
const request = { actor: 'ops', reason: '', atMs: 1 }

test.each([
  { state: 'active', known: 'cancelling' },
  { state: 'retrying', known: 'cancelling' },
  { state: 'succeeded', known: 'succeeded' },
] as const)('a run that is $state and is to end is $known', async ({ state, known }) => {
  const deps = {
    ...nothing,
    runs: { get: async () => ({ ...record, state }) },
    cancels: { requested: async () => [request] },
  }
  expect((await knownRun(deps, record)).run.state).toBe(known)
})

test.each(['r.default.cpu.detect.60000', 'r.red.cpu.detect.60000', 'r.default.60000', 'r.default..60000', 'x', ''])(
  'without record, job and tick there is no run: %s',
  async (runId) => {
    const deps = { ...nothing, runs: { get: async () => ({ ...record, tenant: 'blue' }) } }
    await expect(knownRun(deps, { tenant: 'default', runId })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  },
)

test.each([
  { id: 'cpu.detect', owner: { mission: 'cpu', flow: 'detect' } },
  { id: 'a.b.forecast', owner: { mission: 'a.b', flow: 'forecast' } },
  { id: 'probe', owner: { mission: '', flow: 'detect' } },
])('$id is a schedule of mission "$owner.mission"', ({ id, owner }) => {
  expect(ownerOf(id)).toEqual(owner)
})
