import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startDelayMs } from '../../scheduler/planning/schedule-spec.ts'
import type { FlowName } from '../../scheduler/queue/runs.ts'
import type { DecodedSeries } from '../fakes/write-request.ts'
import {
  exportSeries,
  missingSteps,
  rewrittenSteps,
  type StoredSeries,
  samplesByInstant,
} from '../scenarios/store-audit.ts'
import { flushStore, minuteMs } from '../scenarios/world.ts'
import { startKillableStack } from './killable-stack.ts'

const patience = { timeout: 60_000, interval: 200 }
vi.setConfig({ testTimeout: patience.timeout })

/** Enough for several write requests in every run. */
const seriesCount = 1_100
const detectStepMs = 5_000
const everyMs = 20 * minuteMs
const ownedSteps = everyMs / minuteMs
const evalDelayMs = 2_000

const stack = await startKillableStack()

/** T of the tick that falls due during the tests; registration forecasts the T before it. */
const tickMs = Math.ceil(Date.now() / 1_000) * 1_000 + 30_000
const firstMs = tickMs - everyMs
/** Last step that the first forecast reads. From the next on all values are twice as high: no band that has seen them scores above 1. */
const seenUntilMs = Math.floor((firstMs - evalDelayMs) / minuteMs) * minuteMs
/** Last step before those of T: lead is ten minutes. */
const boundaryMs = (T: number) => Math.floor((T + 10 * minuteMs) / minuteMs) * minuteMs

const missionId = promptId('killed')
const otherId = promptId('stopped')
const tickHold = stack.gates.forecast.hold({ when: isDrawn(missionId, tickMs), after: 1 })

beforeAll(() => writeLoad())
afterAll(() => stack.close())

test('a forecast worker killed between keep and publish', async () => {
  const hold = stack.gates.forecast.hold({ when: isDrawn(missionId, firstMs), after: 0 })
  await register(missionId)
  await hold.reached
  await stack.workers.forecast.kill()
  hold.drop()
  await stack.restart('forecast')
  // what was kept is published: nothing is read or forecast again
  const run = await restarted({ nominalMs: firstMs })
  expect(run).toMatchObject({ kind: 'first', summary: { read: 0, samplesWritten: seriesCount * 3 * ownedSteps } })
})

test('a detect worker killed in the middle of its scores', async () => {
  const hold = stack.gates.detect.hold({ when: isScore, after: 1 })
  await hold.reached
  await stack.workers.detect.kill()
  hold.drop()
  await stack.restart('detect')
  const run = await restarted({ flow: 'detect' })
  expect(run).toMatchObject({ kind: 'tick', summary: { read: seriesCount } })
  expect(await outcomes('detect', run.nominal)).toEqual(['run'])
})

test('a forecast worker killed in the middle of publishing', async () => {
  await tickHold.reached
  await stack.workers.forecast.kill()
  tickHold.open()
  await stack.restart('forecast')
  const run = await restarted({ nominalMs: tickMs })
  // what the killed one had sent arrives last
  tickHold.forward()
  expect(run).toMatchObject({ kind: 'tick', summary: { read: 0, samplesWritten: seriesCount * 3 * ownedSteps } })
  expect(await outcomes('forecast', run.nominal)).toEqual(['run'])
})

test('a detect worker stopped in the middle of its scores ends its run', async () => {
  const hold = stack.gates.detect.hold({ when: isScore, after: 1 })
  await hold.reached
  const stopped = stack.workers.detect.stop()
  hold.forward()
  await stopped
  expect(await stack.workers.detect.exited).toBe('exit code 0')
  await stack.restart('detect')
})

test('a forecast worker stopped in the middle of publishing hands its run back', async () => {
  const hold = stack.gates.forecast.hold({ when: isDrawn(otherId, firstMs), after: 1 })
  await register(otherId)
  await hold.reached
  await stack.workers.forecast.stop()
  expect(await stack.workers.forecast.exited).toBe('exit code 0')
  hold.drop()
  await stack.restart('forecast')
  const run = await restarted({ mission: otherId, nominalMs: firstMs, attempt: 1 })
  expect(run).toMatchObject({ kind: 'first', summary: { read: 0, samplesWritten: seriesCount * 3 * ownedSteps } })
})

test('no sample is missing, none has a second value, no score knew its step, every tick has one outcome', async () => {
  const nowMs = Date.now()
  for (const mission of [missionId, otherId]) {
    const scoredUntilMs = await scoredFrom(mission, nowMs)
    await flushStore(stack.storeUrl)
    const held = (name: string) => exportSeries(stack.storeUrl, `${name}{mission="${mission}"}`)
    for (const band of await Promise.all(['anomaly_pred', 'anomaly_lower', 'anomaly_upper'].map(held))) {
      expectWhole(band, { stepMs: minuteMs, untilMs: boundaryMs(tickMs + everyMs) })
      expect(samplesByInstant(band).values().next().value?.size).toBe(2 * ownedSteps)
    }
    const scores = await held('anomaly_score')
    expectWhole(scores, { stepMs: detectStepMs, untilMs: scoredUntilMs })
    expect(Math.min(...scores.map(({ values }) => Math.min(...values)))).toBeGreaterThan(1)
    await expectEveryTick(mission, scoredUntilMs + detectStepMs)
  }
})

test('workers that are told to end while Redis is away leave, at work or idle', async () => {
  const hold = stack.gates.detect.hold({ when: isScore, after: 0 })
  await hold.reached
  await stack.redis.stop()
  const { detect, forecast } = stack.workers
  // what takes longer is killed and does not end with a code; the grace here is 1 s
  await Promise.all([detect.stop(20_000), forecast.stop(20_000)])
  expect(await Promise.all([detect.exited, forecast.exited])).toEqual(['exit code 0', 'exit code 0'])
  hold.drop()
})

/** Starts are spread over a minute by a hash of the id; one that starts at once. */
function promptId(prefix: string): string {
  for (let n = 0; ; n++) if (startDelayMs(`default/${prefix}-${n}.forecast`, minuteMs) < 500) return `${prefix}-${n}`
}

function isScore(series: readonly DecodedSeries[]): boolean {
  return series.some(({ labels }) => labels.__name__ === 'anomaly_score' && labels.mission === missionId)
}

/** Whether a request draws steps that the forecast at T owns. */
function isDrawn(mission: string, T: number) {
  const isOwned = ({ timestampMs }: { timestampMs: number }) =>
    timestampMs > boundaryMs(T) && timestampMs <= boundaryMs(T + everyMs)
  return (series: readonly DecodedSeries[]) =>
    series.some(
      ({ labels, samples }) =>
        labels.mission === mission && labels.__name__ === 'anomaly_pred' && samples.some(isOwned),
    )
}

/** `load{pod}` every 10 s, from 25 minutes before the first forecast to after the tests. */
async function writeLoad(): Promise<void> {
  const timestamps: number[] = []
  for (let ms = seenUntilMs - 25 * minuteMs; ms <= tickMs + 10 * minuteMs; ms += 10_000) timestamps.push(ms)
  const lines = Array.from({ length: seriesCount }, (_, pod) => {
    const values = timestamps.map((ms) => (100 + Math.sin(pod + ms / 7_000)) * (ms > seenUntilMs ? 2 : 1))
    return JSON.stringify({ metric: { __name__: 'load', pod: `p${pod}` }, timestamps, values })
  })
  const response = await fetch(`${stack.storeUrl}/api/v1/import`, { method: 'POST', body: lines.join('\n') })
  if (!response.ok) throw new Error(`import: ${response.status} ${await response.text()}`)
  await flushStore(stack.storeUrl)
}

async function register(id: string): Promise<void> {
  await stack.api('PUT', `missions/${id}`, {
    ...{ id, query: 'load', step: '1m', context: '1h', evalDelay: `${evalDelayMs / 1_000}s` },
    forecast: { every: '20m', phase: `${(tickMs % everyMs) / 1_000}s` },
    detect: { every: '5s' },
  })
}

interface RunView {
  readonly kind: string
  readonly nominal: string
  readonly attempt: number
  readonly summary: Readonly<Record<string, unknown>>
}

interface Restarted {
  readonly flow?: FlowName
  readonly mission?: string
  /** T; default: any. */
  readonly nominalMs?: number
  /** At least; a machine so busy that a lock runs out adds some. */
  readonly attempt?: number
}

/** Waits until a run that was broken off has ended well. */
function restarted({ flow = 'forecast', mission = missionId, nominalMs, attempt = 2 }: Restarted): Promise<RunView> {
  return vi.waitFor(async () => {
    const path = `runs?mission=${mission}&flow=${flow}&state=succeeded&limit=1000`
    const { runs } = await stack.api<{ runs: RunView[] }>('GET', path)
    const found = runs.find(
      (run) => run.attempt >= attempt && (nominalMs === undefined || Date.parse(run.nominal) === nominalMs),
    )
    if (!found) throw new Error(`no such ${flow} run of ${mission} has succeeded`)
    return found
  }, patience)
}

interface TickView {
  readonly nominal: string
  readonly outcome: string
}

async function ticksOf(mission: string, flow: FlowName): Promise<readonly TickView[]> {
  return (await stack.api<{ ticks: TickView[] }>('GET', `schedules/${mission}.${flow}/ticks?limit=1000`)).ticks
}

async function outcomes(flow: FlowName, T: string): Promise<string[]> {
  const ticks = await ticksOf(missionId, flow)
  return ticks.filter(({ nominal }) => nominal === T).map(({ outcome }) => outcome)
}

/** Every T of detection from its first to this one ended once, as a run or in favour of another. */
async function expectEveryTick(mission: string, untilMs: number): Promise<void> {
  const ticks = (await ticksOf(mission, 'detect')).filter(({ nominal }) => Date.parse(nominal) <= untilMs)
  const nominals = ticks.map(({ nominal }) => Date.parse(nominal)).sort((a, b) => a - b)
  const firstTickMs = nominals[0] ?? Number.NaN
  const steps = Math.round((untilMs - firstTickMs) / detectStepMs)
  expect(nominals).toEqual(Array.from({ length: steps + 1 }, (_, i) => firstTickMs + i * detectStepMs))
  const finals = ['run', 'skipped_overlap', 'coalesced']
  expect(ticks.filter(({ outcome }) => !finals.includes(outcome))).toEqual([])
}

/** The mark, once it has reached an instant. */
function scoredFrom(mission: string, atMs: number): Promise<number> {
  return vi.waitFor(async () => {
    const { status } = await stack.api<{ status: { scoredUntil: string } }>('GET', `missions/${mission}`)
    const scoredUntilMs = Date.parse(status.scoredUntil)
    if (!(scoredUntilMs >= atMs)) throw new Error(`${mission} is scored until ${status.scoredUntil} only`)
    return scoredUntilMs
  }, patience)
}

/** All series have every step from the first forecast's on, with one value each. */
function expectWhole(
  stored: readonly StoredSeries[],
  span: { readonly untilMs: number; readonly stepMs: number },
): void {
  expect(samplesByInstant(stored).size).toBe(seriesCount)
  expect(missingSteps(stored, { fromMs: boundaryMs(firstMs), ...span })).toEqual([])
  expect(rewrittenSteps(stored)).toEqual([])
}
