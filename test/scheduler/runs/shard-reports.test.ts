import { expect, test } from 'vitest'
import type { RunRecord } from '../../../scheduler/queue/runs.ts'
import { shardReports, summedShards } from '../../../scheduler/runs/shard-reports.ts'

const records = new Map<string, Partial<RunRecord>>([
  [
    'r.s0',
    { state: 'succeeded', attempt: 1, worker: 'w1', startedMs: 1, endedMs: 2, summary: { read: 5, forecast: 4 } },
  ],
  ['r.s1r1', { state: 'active', attempt: 2, worker: 'w2', startedMs: 3 }],
])
const runs = { get: async (id: string) => records.get(id) as RunRecord | undefined }
const shards = [
  { part: { label: 'zone', values: ['a', 'b', 'c', 'd', 'e'] }, series: 5 },
  { part: { label: 'zone', values: ['a'], isRest: true }, series: 6 },
  { part: { hash: 2, of: 3, by: ['shop'] }, series: 7 },
]

test('shards are told by their own records, also those that ended before the run was retried', async () => {
  const reports = await shardReports(runs, { runId: 'r', shards, retriedAfter: 1 })
  expect(reports).toEqual([
    {
      ...{ runId: 'r.s0', part: 'zone a, b, c and 2 more', series: 5, state: 'succeeded', attempt: 1, worker: 'w1' },
      ...{ startedMs: 1, endedMs: 2, read: 5, forecast: 4 },
    },
    { runId: 'r.s1r1', part: 'every other zone', series: 6, state: 'active', attempt: 2, worker: 'w2', startedMs: 3 },
    { runId: 'r.s2r1', part: 'hash 3 of 3 by shop', series: 7, state: 'waiting' },
  ])
  expect(summedShards({ shards: JSON.parse(JSON.stringify(reports)) })).toEqual(reports)
})

const recordOf = (runId: string, state: RunRecord['state'] | undefined) =>
  state && ({ runId, state, attempt: 1, worker: 'w' } as RunRecord)

test('each shard is told by its newest run, unless an older one had done it; those that failed are tried again', async () => {
  const states: Record<string, RunRecord['state']> = {
    ...{ 'r.s0': 'succeeded', 'r.s1': 'failed', 'r.s2': 'failed', 'r.s3': 'failed' },
    ...{ 'r.s1r1': 'succeeded', 'r.s2r1': 'failed', 'r.s3r1': 'cancelled' },
    'r.s2r3': 'succeeded',
  }
  const rounds = { get: async (runId: string) => recordOf(runId, states[runId]) }
  const split = Array.from({ length: 4 }, () => ({ part: { label: 'zone', values: ['a'] }, series: 1 }))
  const found = await shardReports(rounds, { runId: 'r', shards: split, retriedAfter: 3 })
  expect(found.map(({ runId, state }) => `${runId} ${state}`)).toEqual([
    ...['r.s0 succeeded', 'r.s1r1 succeeded', 'r.s2r3 succeeded', 'r.s3r3 waiting'],
  ])
})

test('a run that was not split has none', async () => {
  expect(await shardReports(runs, { runId: 'r' })).toEqual([])
  expect(summedShards({ read: 1 })).toBeUndefined()
})
