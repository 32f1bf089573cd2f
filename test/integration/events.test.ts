import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { eventLines } from '../../scheduler/api/event-lines.ts'
import type { Api } from '../../scheduler/api/types.ts'
import type { RunRecord } from '../../scheduler/queue/runs.ts'
import { eventStore } from '../../scheduler/store/events-store.ts'
import { fakeApi } from '../fakes/fake-api.ts'
import { tickJob, tickRequest } from '../fakes/run-jobs.ts'
import { realRedis } from './real-redis.ts'
import { runWorkers } from './run-workers.ts'

const real = realRedis()
const { queue: open, worker } = runWorkers(real)
const keys = [
  { name: 'ops', key: 'key-of-the-operator', tenant: 'default' },
  { name: 'red', key: 'key-of-the-red-team', tenant: 'red' },
]
let app: Api | undefined
afterEach(() => app?.close())

const record = (n: number, changes: Partial<RunRecord> = {}): RunRecord => ({
  ...{ runId: `r.default.cpu.forecast.${n}`, kind: 'tick', flow: 'forecast', tenant: 'default', mission: 'cpu' },
  ...{ scheduleId: 'cpu.forecast', nominalMs: n, state: 'succeeded', attempt: 1, worker: 'w1', startedMs: n },
  ...changes,
})

interface SeenEvent {
  readonly id: string | undefined
  readonly event: string
  readonly data: Record<string, unknown>
}

/** Events of a text, comments left out. */
function parse(text: string): SeenEvent[] {
  const blocks = text.split('\n\n').map((block) => new Map(block.split('\n').map((line) => field(line))))
  return blocks.flatMap((block) =>
    block.has('data')
      ? [{ id: block.get('id'), event: block.get('event') ?? '', data: JSON.parse(block.get('data') ?? '') }]
      : [],
  )
}

const field = (line: string): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]

/** An API over the real Redis; `listen` collects what a client hears. */
async function scene() {
  const { queue, runs, ticks, runService } = open()
  const events = eventStore(real.redis)
  const served = await fakeApi({ settings: { apiKeys: keys }, events, runService })
  app = served
  const url = await served.listen({ port: 0, host: '127.0.0.1' })
  async function listen(query = '', { key = 'key-of-the-operator', after = '' } = {}) {
    const headers = { authorization: `Bearer ${key}`, ...(after !== '' && { 'last-event-id': after }) }
    const abort = new AbortController()
    const response = await fetch(`${url}/api/v1/events${query}`, { headers, signal: abort.signal })
    const seen = { text: '', hasEnded: false }
    const read = async () => {
      const decoder = new TextDecoder()
      for await (const chunk of response.body ?? []) seen.text += decoder.decode(chunk, { stream: true })
      seen.hasEnded = true
    }
    void read().catch(() => undefined)
    return { response, seen, events: () => parse(seen.text), leave: () => abort.abort() }
  }
  return { queue, runs, ticks, events, listen }
}

const heard = (events: () => SeenEvent[], count: number) =>
  vi.waitFor(() => expect(events()).toHaveLength(count), { timeout: 5_000, interval: 20 })

test('runs and ticks are told as they change, and a client goes on where it stopped', async () => {
  const { queue, runs, ticks, listen } = await scene()
  const first = await listen()
  expect(Object.fromEntries(first.response.headers)).toMatchObject({
    ...{ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no', 'cache-control': 'no-store' },
  })
  const failed = { state: 'failed', error: { code: 'STORE_BUSY', message: 'busy' } } as const
  await runs.put(record(60_000, { state: 'active' }))
  await runs.put(record(60_000, failed))
  await ticks.record(
    { tenant: 'default', id: 'cpu.detect', flow: 'detect' },
    { nominalMs: 120_000, outcome: 'skipped_overlap', reason: 'holder_active', byNominalMs: 60_000 },
  )
  await heard(first.events, 3)
  expect(first.events()).toMatchObject([
    { event: 'run', data: { runId: record(60_000).runId, state: 'active', attempt: 1, mission: 'cpu' } },
    { event: 'run', data: { state: 'failed', error: 'STORE_BUSY', schedule: 'cpu.forecast' } },
    {
      event: 'tick',
      data: {
        ...{ schedule: 'cpu.detect', flow: 'detect', nominal: '1970-01-01T00:02:00.000Z', outcome: 'skipped_overlap' },
        ...{ reason: 'holder_active', byNominal: '1970-01-01T00:01:00.000Z' },
      },
    },
  ])
  first.leave()
  await runs.put(record(180_000))
  const second = await listen('', { after: first.events()[1]?.id ?? '' })
  await heard(second.events, 2)
  expect(second.events().map(({ event }) => event)).toEqual(['tick', 'run'])
  // a plain run on time is nobody's news
  worker(async () => ({}))
  await queue.enqueue([tickRequest(tickJob(0), 'skip')])
  await vi.waitFor(async () => expect(await queue.state('detect', tickJob(0).runId)).toBe('completed'))
  await runs.put(record(240_000))
  await heard(second.events, 3)
  expect(second.events().at(-1)?.data.runId).toBe(record(240_000).runId)
})

test('a client hears its own tenant, and of one mission or schedule if it likes', async () => {
  const { runs, ticks, listen } = await scene()
  const clients = {
    all: await listen(),
    mem: await listen('?mission=mem'),
    detect: await listen('?schedule=cpu.detect'),
    red: await listen('', { key: 'key-of-the-red-team' }),
  }
  await runs.put(record(1))
  await runs.put(record(2, { mission: 'mem', scheduleId: 'mem.forecast' }))
  await runs.put(record(3, { tenant: 'red' }))
  for (const id of ['cpu.detect', 'mem.detect'])
    await ticks.record(
      { tenant: 'default', id, flow: 'detect' },
      { nominalMs: 4, outcome: 'missed', reason: 'run_lost', lagMs: 1 },
    )
  await heard(clients.all.events, 4)
  await heard(clients.red.events, 1)
  await heard(clients.mem.events, 2)
  await heard(clients.detect.events, 1)
  expect(clients.mem.events().map(({ data }) => data.mission ?? data.schedule)).toEqual(['mem', 'mem.detect'])
  expect((await listen('?what=ever')).response.status).toBe(422)
  expect((await listen('', { after: 'yesterday' })).response.status).toBe(422)
  expect((await listen('', { key: 'another' })).response.status).toBe(401)
})

test('a client that comes back too late is told of the gap first', async () => {
  const { runs, listen } = await scene()
  for (let n = 1; n <= 3; n++) await runs.put(record(n))
  await real.redis.xtrim('{at}:ev:default', 'MAXLEN', 2)
  const late = await listen('', { after: '1-1' })
  await heard(late.events, 3)
  expect(late.events().map(({ event, data }) => (event === 'gap' ? data.after : data.nominal))).toEqual([
    '1-1',
    '1970-01-01T00:00:00.002Z',
    '1970-01-01T00:00:00.003Z',
  ])
  await real.redis.del('{at}:ev:default')
  const flushed = await listen('', { after: '5-0' })
  await heard(flushed.events, 1)
  await runs.put(record(9))
  await heard(flushed.events, 2)
  expect(flushed.events().map(({ event }) => event)).toEqual(['gap', 'run'])
})

test('a stream ends when the API closes, and the API closes though a client listens', async () => {
  const { listen } = await scene()
  const { seen } = await listen()
  await app?.close()
  await vi.waitFor(() => expect(seen.hasEnded).toBe(true))
})

test('a slow client is read for no faster than it takes, and a quiet one hears comments', async () => {
  const events = eventStore(real.redis)
  const { runs } = open()
  let reads = 0
  const counting: Pick<typeof events, 'readAfter'> = {
    readAfter(...asked) {
      reads++
      return events.readAfter(...asked)
    },
  }
  const ending = new AbortController()
  const lines = eventLines({
    ...{ events: counting, tenant: 'default', after: '0-0', filter: { mission: 'cpu' }, signal: ending.signal },
    ...{ pollMs: 5, commentMs: 30, onError: (error: Error) => expect.fail(error.message) },
  })
  await lines.next()
  for (let n = 0; n < 450; n++) await runs.put(record(n))
  await sleep(100)
  expect(reads).toBe(0)
  const counts = [await lines.next(), await lines.next(), await lines.next()].map(({ value }) => parse(value).length)
  expect({ counts, reads }).toEqual({ counts: [200, 200, 50], reads: 3 })
  await runs.put(record(1, { mission: 'mem' }))
  const last = await real.redis.xrevrange('{at}:ev:default', '+', '-', 'COUNT', 1)
  expect((await lines.next()).value).toBe(`: still there\nid: ${last[0]?.[0]}\n\n`)
  ending.abort()
  expect(await lines.next()).toMatchObject({ done: true })
})

test('a stream keeps about ten thousand events', async () => {
  const { ticks } = open()
  const mark = { outcome: 'missed', reason: 'run_lost', lagMs: 1 } as const
  for (let batch = 0; batch < 11; batch++)
    await Promise.all(
      Array.from({ length: 1_000 }, (_, n) =>
        ticks.record(
          { tenant: 'default', id: 'cpu.detect', flow: 'detect' },
          { ...mark, nominalMs: batch * 1_000 + n },
        ),
      ),
    )
  expect(await real.redis.xlen('{at}:ev:default')).toBeLessThan(10_200)
})

test('who comes with an id ahead of all events hears of the gap, and what comes next', async () => {
  const { runs, listen } = await scene()
  await runs.put(record(1))
  const { events } = await listen('', { after: '999999999999999-0' })
  await heard(events, 1)
  await runs.put(record(2))
  await heard(events, 2)
  expect(events()).toMatchObject([
    { event: 'gap', data: { after: '999999999999999-0' } },
    { event: 'run', data: { runId: 'r.default.cpu.forecast.2' } },
  ])
})
