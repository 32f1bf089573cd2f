import { expect, test } from 'vitest'
import type { RunRecord } from '../../scheduler/queue/runs.ts'
import type { UnreadableDocument } from '../../scheduler/store/stored-document.ts'
import { createRunLogStore } from '../../scheduler/store/ticks/run-log-store.ts'
import { createRunStore } from '../../scheduler/store/ticks/run-store.ts'
import { keys } from '../../scheduler/store/ticks/schedule-keys.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const startMs = Date.UTC(2026, 10, 2)

function record(i: number, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    ...{ runId: `r.default.cpu.forecast.${i}`, kind: 'tick', flow: 'forecast', tenant: 'default', mission: 'cpu' },
    ...{ nominalMs: startMs, state: 'succeeded', attempt: 1, worker: 'w1', startedMs: startMs + i },
    ...changes,
  }
}

const ids = ({ runs }: { runs: readonly RunRecord[] }) => runs.map(({ runId }) => Number(runId.split('.').at(-1)))

test('a record comes back as it was put, and the later one replaces the earlier', async () => {
  const store = createRunStore(real.redis)
  const failed = record(1, {
    state: 'failed',
    error: { code: 'STORE_BUSY', message: 'busy: "x"' },
    endedMs: startMs + 9,
  })
  const fine = record(1, { attempt: 2, endedMs: startMs + 10, summary: { series: 3, seconds: { read: 0.5 } } })
  await store.put(failed)
  expect(await store.get(failed.runId)).toEqual(failed)
  await store.put(fine)
  expect(await store.get(failed.runId)).toEqual(fine)
  expect(await store.get('r.none')).toBeUndefined()
})

test('runs are listed newest first, page by page, those of one instant too', async () => {
  const store = createRunStore(real.redis)
  for (let i = 0; i < 25; i++) await store.put(record(i, { startedMs: startMs + Math.floor(i / 10) }))
  const seen: number[] = []
  let cursor: string | undefined
  do {
    const page = await store.list({ tenant: 'default', limit: 4, ...(cursor && { cursor }) })
    seen.push(...ids(page))
    cursor = page.cursor
  } while (cursor)
  expect(seen).toHaveLength(25)
  expect(new Set(seen).size).toBe(25)
  expect(seen.map((i) => Math.floor(i / 10))).toEqual([...seen].map((i) => Math.floor(i / 10)).sort((a, b) => b - a))
})

test('runs are found by tenant, mission and flow', async () => {
  const store = createRunStore(real.redis)
  await store.put(record(1))
  await store.put(record(2, { mission: 'mem' }))
  await store.put(record(3, { flow: 'detect' }))
  await store.put(record(4, { tenant: 'other' }))
  const list = async (query: object) => ids(await store.list({ tenant: 'default', limit: 10, ...query }))
  expect(await list({})).toEqual([3, 2, 1])
  expect(await list({ mission: 'cpu' })).toEqual([3, 1])
  expect(await list({ flow: 'forecast' })).toEqual([2, 1])
  expect(await list({ mission: 'cpu', flow: 'detect' })).toEqual([3])
  expect(await list({ tenant: 'other' })).toEqual([4])
})

test('a mission keeps its last 50 runs of a flow in its list', async () => {
  const store = createRunStore(real.redis)
  for (let i = 0; i < 60; i++) await store.put(record(i))
  expect(ids(await store.list({ tenant: 'default', mission: 'cpu', limit: 100 }))).toHaveLength(50)
  expect(ids(await store.list({ tenant: 'default', limit: 100 }))).toHaveLength(60)
})

test('a success stays for a day, everything else for a week', async () => {
  const store = createRunStore(real.redis)
  await store.put(record(1))
  await store.put(record(2, { state: 'failed' }))
  const days = async (i: number) => Math.ceil((await real.redis.pttl(keys.run(record(i).runId))) / 86_400_000)
  expect([await days(1), await days(2)]).toEqual([1, 7])
})

test('a run is ended only while its record is what was read', async () => {
  const store = createRunStore(real.redis)
  await store.put(record(1, { state: 'active' }))
  const read = (await store.read(record(1).runId))!
  expect(read.record).toEqual(record(1, { state: 'active' }))
  const lost = record(1, { state: 'lost', endedMs: startMs + 5 })
  await store.put(record(1, { endedMs: startMs + 4 }))
  expect(await store.end(read, lost)).toBe(false)
  expect(await store.get(lost.runId)).toEqual(record(1, { endedMs: startMs + 4 }))
  expect(await store.end((await store.read(lost.runId))!, lost)).toBe(true)
  expect(await store.get(lost.runId)).toEqual(lost)
  expect(await store.read('r.none')).toBeUndefined()
})

test('unfinished runs are those that said last that they go on', async () => {
  const store = createRunStore(real.redis)
  for (const [i, state] of (['active', 'retrying', 'succeeded', 'failed'] as const).entries())
    await store.put(record(i, { state }))
  expect(ids({ runs: await store.unfinished(startMs + 1) })).toEqual([0])
  expect(ids({ runs: await store.unfinished(startMs + 9) })).toEqual([0, 1])
  await store.put(record(0))
  await real.redis.del(keys.run(record(1).runId))
  expect(await store.unfinished(startMs + 9)).toEqual([])
  expect(await real.redis.zcard(keys.activeRuns)).toBe(0)
})

test('an aged record leaves its page and does not stop the next', async () => {
  const store = createRunStore(real.redis)
  for (let i = 0; i < 4; i++) await store.put(record(i))
  await real.redis.del(keys.run(record(3).runId), keys.run(record(2).runId))
  const first = await store.list({ tenant: 'default', limit: 2 })
  expect(first.runs).toEqual([])
  expect(ids(await store.list({ tenant: 'default', limit: 2, cursor: first.cursor! }))).toEqual([1, 0])
})

test.each([
  { flow: 'detect', left: undefined, log: 0 },
  { flow: 'forecast', left: 'failed', log: 1 },
] as const)('of more failed runs of $flow than a list has, the oldest record is $left', async ({ flow, left, log }) => {
  const store = createRunStore(real.redis)
  await store.put(record(0, { flow, state: 'failed' }))
  await createRunLogStore(real.redis).append(record(0).runId, [{ atMs: 0, level: 'warn', text: 'no' }])
  const others = Array.from({ length: 9_999 }, (_, i) => [startMs + 1 + i, `r.other.${i}`] as const)
  await real.redis.zadd(keys.runsOf('default', flow), ...others.flat())
  expect((await store.get(record(0).runId))?.state).toBe('failed')
  await store.put(record(20_000, { flow, state: 'failed' }))
  expect((await store.get(record(0).runId))?.state).toBe(left)
  expect(await real.redis.exists(keys.runLog(record(0).runId))).toBe(log)
  expect(await real.redis.zcard(keys.runsOf('default', flow))).toBe(10_000)
})

test('a plain success takes a few hundred bytes', async () => {
  const store = createRunStore(real.redis)
  const plain = record(1, {
    ...{ enqueuedMs: startMs, endedMs: startMs + 372, worker: 'worker-7d4f9c5b6-x2x9q.21.forecast' },
    attempts: [
      { attempt: 1, worker: 'worker-7d4f9c5b6-x2x9q.21.forecast', startedMs: startMs + 1, endedMs: startMs + 372 },
    ],
    summary: {
      ...{ read: 2, forecast: 2, model: 'auto', skipped: 0, samplesWritten: 360, samplesDropped: 0 },
      publishedSteps: { fromMs: startMs + 600_000, untilMs: startMs + 4_200_000 },
      seconds: { read: 0.0181234, forecast: 0.0901712, keep: 0.0168561, write: 0.051854 },
    },
  })
  await store.put(plain)
  expect(await store.get(plain.runId)).toEqual(plain)
  expect(await real.redis.hstrlen(keys.run(plain.runId), 'packed')).toBeLessThan(300)
})

test.each([
  { name: 'of another version', packed: Buffer.from('ATR9 '), reason: 'packed by another release' },
  { name: 'cut short', packed: Buffer.from('ATR1'), reason: /^cannot be unpacked/ },
])('a packed record $name is told of, and counts as absent', async ({ packed, reason }) => {
  const found: UnreadableDocument[] = []
  await real.redis.hset(keys.run('r.odd'), { packed })
  expect(await createRunStore(real.redis, (document) => found.push(document)).get('r.odd')).toBeUndefined()
  expect(found).toEqual([
    { kind: 'run', key: 'r.odd', reason: typeof reason === 'string' ? reason : expect.stringMatching(reason) },
  ])
})

test('records of JSON, of a release before, are read', async () => {
  const known = record(1)
  await real.redis.hset(keys.run(known.runId), 'doc', JSON.stringify({ version: 1, ...known }))
  expect(await createRunStore(real.redis).get(known.runId)).toEqual(known)
})

test('records of a field for each, of a release before, are read', async () => {
  const { runId, ...old } = record(1, { state: 'failed' })
  await real.redis.hset(keys.run(runId), {
    runId,
    ...old,
    errorCode: 'STORE_BUSY',
    errorMessage: 'busy',
    summary: '{"read":1}',
  })
  expect(await createRunStore(real.redis).get(runId)).toEqual({
    ...{ runId, ...old },
    ...{ error: { code: 'STORE_BUSY', message: 'busy' }, summary: { read: 1 } },
  })
})
