import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startDelayMs } from '../../scheduler/planning/schedule-spec.ts'
import { exportSeries, missingSteps, rewrittenSteps, samplesByInstant } from '../scenarios/store-audit.ts'
import { flushStore, minuteMs } from '../scenarios/world.ts'
import { startKillableStack } from './killable-stack.ts'
import { readGate } from './read-gate.ts'

const patience = { timeout: 60_000, interval: 200 }
vi.setConfig({ testTimeout: patience.timeout })

const zones = 6
const perZone = 100
const seriesCount = zones * perZone
const everyMs = 20 * minuteMs
const leadMs = 10 * minuteMs

/** One run at a time each: a worker that is held in its shard takes no other. */
const gate = await readGate()
const stack = await startKillableStack({
  others: [
    {
      ...{ name: 'gated', kind: 'victoriametrics', readUrl: gate.url, writeUrl: `${gate.url}/api/v1/write` },
      backfill: 'none',
    },
  ],
  env: { AT_SHARDS_MAX_SERIES: `${perZone}`, AT_WORKER_CONCURRENCY_FORECAST: '1' },
})
gate.storeUrl = stack.storeUrl
const workers = [stack.workers.forecast, await stack.startWorker('forecast'), await stack.startWorker('forecast')]

/** T of the tick that falls due during the tests; registration forecasts the T before it. */
const tickMs = Math.ceil(Date.now() / 1_000) * 1_000 + 30_000
const firstMs = tickMs - everyMs
const missionId = promptId('big')
const isShard = (query: string) => /^load\{zone[=!]~/.test(query)

interface ShardView {
  readonly state: string
  readonly part: string
  readonly series: number
  readonly attempt?: number
  readonly worker?: string
  readonly read?: number
  readonly forecast?: number
}

interface RunView {
  readonly runId: string
  readonly kind: string
  readonly nominal: string
  readonly state: string
  readonly shards?: readonly ShardView[]
  readonly summary?: Readonly<Record<string, unknown>>
}

beforeAll(async () => {
  const lines = Array.from({ length: zones }, (_, z) =>
    Array.from({ length: perZone }, (_, pod) => ({ zone: `z.${z}`, pod: `p${pod}` })),
  ).flat()
  await writeLoad([...lines, ...Array.from({ length: perZone }, (_, pod) => ({ shop: 'small', pod: `p${pod}` }))])
})
afterAll(async () => {
  await stack.close()
  await gate.stop()
})

test('a worker is killed in the middle of its shard: the others do all of them, and one run tells of it', async () => {
  const hold = gate.hold((query) => isShard(query) && query.includes('z\\\\.3'))
  await register(missionId, 'load')
  await vi.waitFor(() => expect(hold.queries).not.toEqual([]), patience)
  // another one that is at work may be about to end, and would find its part kept
  const isHeld = ({ part, state }: ShardView) => part === 'zone z.3' && state === 'active'
  const split = await runOf(firstMs, ({ state, shards = [] }) => {
    const others = shards.filter((shard) => shard.state === 'succeeded')
    return state === 'active' && shards.length === zones && others.length >= 1 && shards.some(isHeld)
  })
  const held = split.shards?.find(isHeld)
  const victim = workers.find(({ pid }) => held?.worker?.includes(`.${pid}.`))
  await victim?.kill()
  hold.open()

  const run = await runOf(firstMs, ({ state }) => state === 'succeeded')
  expect(run).toMatchObject({
    kind: 'first',
    summary: { read: seriesCount, forecast: seriesCount, samplesWritten: seriesCount * 3 * (everyMs / minuteMs) },
  })
  const shards = run.shards ?? []
  expect(shards.map(({ state, series, read, forecast }) => ({ state, series, read, forecast }))).toEqual(
    Array.from({ length: zones }, () => ({ state: 'succeeded', series: perZone, read: perZone, forecast: perZone })),
  )
  expect(Math.max(...shards.map(({ attempt = 0 }) => attempt))).toBe(2)
  expect(new Set(shards.map(({ worker }) => worker)).size).toBeGreaterThanOrEqual(2)
  await expectBand(firstMs, seriesCount)
})

test('detection finds the band of all shards', async () => {
  await vi.waitFor(async () => {
    await flushStore(stack.storeUrl)
    const scores = await exportSeries(stack.storeUrl, `anomaly_score{mission="${missionId}"}`)
    expect(samplesByInstant(scores).size).toBe(seriesCount)
    expect(rewrittenSteps(scores)).toEqual([])
  }, patience)
})

test('series that appear after the plan are in its last shard, and the tick has one outcome', async () => {
  const hold = gate.hold(isShard)
  await vi.waitFor(() => expect(hold.queries).not.toEqual([]), patience)
  await writeLoad([
    { zone: 'z.new', pod: 'p0' },
    { pod: 'nowhere', zone: '' },
  ])
  hold.open()
  const run = await runOf(tickMs, ({ state }) => state === 'succeeded')
  // with those of no zone that were there before
  expect(run).toMatchObject({ kind: 'tick', summary: { read: seriesCount + 2 } })
  expect(run.shards?.at(-1)).toMatchObject({ part: 'every other zone', series: perZone, read: perZone + 2 })
  await expectBand(tickMs, seriesCount + 2)
  const { ticks } = await stack.api<{ ticks: { nominal: string; outcome: string }[] }>(
    'GET',
    `schedules/${missionId}.forecast/ticks`,
  )
  expect(ticks.filter(({ nominal }) => Date.parse(nominal) === tickMs)).toMatchObject([{ outcome: 'run' }])
})

test('each T has one run among all that are listed, and a shard is cancelled with it alone', async () => {
  const runs = await forecasts(missionId)
  expect(runs.map(({ nominal }) => Date.parse(nominal))).toEqual([tickMs, firstMs])
  const shardId = `${runs[0]?.runId}.s0`
  expect(await stack.api('GET', `runs/${shardId}`)).toMatchObject({ kind: 'shard', state: 'succeeded' })
  await expect(stack.api('POST', `runs/${shardId}/cancel`, {})).rejects.toThrow('409')
})

test('a run that is cancelled takes its shards with it', async () => {
  const hold = gate.hold(isShard)
  const { runId } = await stack.api<{ runId: string }>('POST', `missions/${missionId}/trigger`, {
    flow: 'forecast',
    recompute: true,
  })
  await vi.waitFor(() => expect(hold.queries).not.toEqual([]), patience)
  expect(await stack.api('POST', `runs/${runId}/cancel`, { reason: 'enough' })).toMatchObject({ state: 'cancelled' })
  await vi.waitFor(
    async () => {
      const states = await Promise.all(Array.from({ length: zones }, (_, n) => stateOf(`${runId}.s${n}`)))
      expect(new Set(states)).toEqual(new Set(['cancelled']))
    },
    { ...patience, timeout: 20_000 },
  )
  hold.open()
  expect(await stateOf(runId)).toBe('cancelled')
})

test('a panel that is no larger is forecast as a whole', async () => {
  const id = promptId('small')
  await register(id, 'other_load')
  const run = await runOf(firstMs, ({ state }) => state === 'succeeded', id)
  expect(run.summary).toMatchObject({ read: perZone, forecast: perZone })
  expect(run).not.toHaveProperty('shards')
})

/** Starts are spread over a minute by a hash of the id; one that starts at once. */
function promptId(prefix: string): string {
  for (let n = 0; ; n++) if (startDelayMs(`default/${prefix}-${n}.forecast`, minuteMs) < 500) return `${prefix}-${n}`
}

/** `load` every 10 s, of shops `other_load`, from 25 minutes before the first forecast to after the tests. */
async function writeLoad(labels: readonly Record<string, string>[]): Promise<void> {
  const timestamps: number[] = []
  for (let ms = firstMs - 25 * minuteMs; ms <= tickMs + 5 * minuteMs; ms += 10_000) timestamps.push(ms)
  const lines = labels.map(({ shop, ...each }, i) => {
    const values = timestamps.map((ms) => 100 + Math.sin(i + ms / 7_000))
    const metric = { __name__: shop === undefined ? 'load' : 'other_load', ...each }
    return JSON.stringify({ metric, timestamps, values })
  })
  const response = await fetch(`${stack.storeUrl}/api/v1/import`, { method: 'POST', body: lines.join('\n') })
  if (!response.ok) throw new Error(`import: ${response.status} ${await response.text()}`)
  await flushStore(stack.storeUrl)
}

async function register(id: string, query: string): Promise<void> {
  await stack.api('PUT', `missions/${id}`, {
    ...{ id, query, datasource: 'gated', step: '1m', context: '1h', evalDelay: '2s', model: 'seasonal-naive' },
    forecast: { every: '20m', phase: `${(tickMs % everyMs) / 1_000}s` },
    detect: { every: '5s' },
  })
}

/** The run of a T, once it is as it should be. */
function runOf(T: number, isWanted: (run: RunView) => boolean, mission = missionId): Promise<RunView> {
  return vi.waitFor(async () => {
    const listed = (await forecasts(mission)).find(({ nominal }) => Date.parse(nominal) === T)
    const run = listed && (await stack.api<RunView>('GET', `runs/${listed.runId}`))
    if (!run || !isWanted(run)) throw new Error(`the run of ${new Date(T).toISOString()} is ${JSON.stringify(run)}`)
    return run
  }, patience)
}

/** But for what detection asks for just when the forecast ends: those find it kept and do nothing. */
async function forecasts(mission: string): Promise<readonly RunView[]> {
  const { runs } = await stack.api<{ runs: RunView[] }>('GET', `runs?mission=${mission}&flow=forecast`)
  return runs.filter(({ kind }) => kind !== 'request')
}

async function stateOf(runId: string): Promise<string> {
  return (await stack.api<RunView>('GET', `runs/${runId}`)).state
}

/** Every series has each step that the run at T owns, once. */
async function expectBand(T: number, count: number): Promise<void> {
  await flushStore(stack.storeUrl)
  const boundaryMs = Math.floor((T + leadMs) / minuteMs) * minuteMs
  for (const quantity of ['pred', 'lower', 'upper']) {
    const all = await exportSeries(stack.storeUrl, `anomaly_${quantity}{mission="${missionId}"}`)
    expect(samplesByInstant(all).size).toBe(count)
    const span = { fromMs: boundaryMs, untilMs: boundaryMs + everyMs, stepMs: minuteMs }
    expect(missingSteps(all, span)).toEqual([])
    expect(rewrittenSteps(all)).toEqual([])
  }
}
