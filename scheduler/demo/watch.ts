import { setTimeout as sleep } from 'node:timers/promises'
import { floorToStep, type Labels } from '../../models/series.ts'
import type { MissionDocument } from '../missions/document/document.ts'
import type { Outage } from './generator.ts'
import { detectStepMs } from './missions.ts'
import { type Reading, readReadings } from './readings.ts'
import { clock, type Judgement, type Report } from './report.ts'
import { queryStore, type RawSeries } from './store.ts'
import { judge } from './verdict.ts'

export interface WatchOptions {
  readonly storeUrl: string
  readonly missions: readonly MissionDocument[]
  readonly service: string
  /** Series that an outage of the service shows in, with `__name__`. */
  readonly breaking: readonly Labels[]
  /** Scores of earlier steps belong to an earlier demo. */
  readonly sinceMs: number
  /** End once judged, and at `deadlineMs` at the latest. */
  readonly once: boolean
  readonly deadlineMs: number
  readonly report: Report
  readonly signal: AbortSignal
}

/** The outage is put off until every series to break has this many scores, and judged this many steps after detection. */
const calmSteps = 2
const pollMs = 1_000
/** An outage that was not seen by then is judged all the same. */
const patienceMs = 90_000
const outageMs = 5 * 60_000

/** How the demo stands; `outage` is read by the generator. */
export interface Watch {
  outage: Outage | undefined
  judgement: Judgement | undefined
  firstSeenMs: number | undefined
  allSeenMs: number | undefined
  recovered: boolean
  readings: readonly Reading[]
  /** Steps that the readings are of, mission by mission, and the newest of them. */
  shown: string
  newestMs: number | undefined
}

export function newWatch(): Watch {
  return {
    outage: undefined,
    judgement: undefined,
    firstSeenMs: undefined,
    allSeenMs: undefined,
    recovered: false,
    readings: [],
    shown: '',
    newestMs: undefined,
  }
}

/** Shows the scores, breaks the service once there are some, and judges what is made of it. */
export async function watchScores(watch: Watch, options: WatchOptions): Promise<void> {
  const { once, deadlineMs, signal } = options
  while (!signal.aborted) {
    const nowMs = Date.now()
    // a store that is away for a moment is asked again
    await turn(watch, options, nowMs).catch(() => {})
    if (once && (watch.judgement || nowMs >= deadlineMs)) return
    await sleep(pollMs - (Date.now() % pollMs), undefined, { signal }).catch(() => {})
  }
}

async function turn(watch: Watch, options: WatchOptions, nowMs: number): Promise<void> {
  const scores = await readScores(watch, options, nowMs)
  await refresh(watch, options, scores)
  breakOrRecover(watch, options, { scores, nowMs })
  if (watch.outage && !watch.judgement) judgeOutage(watch, watch.outage, options, { scores, nowMs })
  const { newestMs, readings } = watch
  options.report.show({ atMs: nowMs, stepMs: newestMs, readings, status: watchStatus(watch, nowMs) })
}

/** Every score since the demo began, until it is judged; then the latest are enough. */
function readScores(watch: Watch, { storeUrl, sinceMs }: WatchOptions, nowMs: number): Promise<RawSeries[]> {
  const windowMs = watch.judgement ? 6 * detectStepMs : nowMs - sinceMs
  return queryStore(storeUrl, `anomaly_score{mission=~"demo-.+"}[${Math.max(1, Math.floor(windowMs / 1000))}s]`, nowMs)
}

/** Missions are not in step: each is shown as it was last scored. */
async function refresh(
  watch: Watch,
  { storeUrl, missions }: WatchOptions,
  scores: readonly RawSeries[],
): Promise<void> {
  const newestMs = newestStep(scores)
  if (newestMs === undefined) return
  const steps = missions.map((mission) => {
    const own = scores.filter(({ labels }) => labels.mission === mission.id)
    return { mission, atMs: newestStep(own) ?? newestMs }
  })
  const shown = steps.map(({ atMs }) => atMs).join()
  if (shown === watch.shown) return
  watch.readings = await readReadings(storeUrl, steps)
  watch.shown = shown
  watch.newestMs = newestMs
}

function newestStep(scores: readonly RawSeries[]): number | undefined {
  const newest = Math.max(...scores.map(({ timestampsMs }) => timestampsMs.at(-1) ?? Number.NEGATIVE_INFINITY))
  return Number.isFinite(newest) ? newest : undefined
}

interface Observation {
  readonly scores: readonly RawSeries[]
  readonly nowMs: number
}

function breakOrRecover(watch: Watch, options: WatchOptions, { scores, nowMs }: Observation): void {
  const { service, breaking, report } = options
  if (!watch.outage) {
    if (!allScored(scores, breaking)) return
    const fromMs = floorToStep(nowMs, detectStepMs) + detectStepMs
    watch.outage = { service, fromMs, untilMs: fromMs + outageMs }
    report.note({ event: 'broke', service, atMs: fromMs })
  } else if (!watch.recovered && nowMs >= (watch.outage.untilMs ?? Number.POSITIVE_INFINITY)) {
    watch.recovered = true
    report.note({ event: 'recovered', service, atMs: nowMs })
  }
}

function allScored(scores: readonly RawSeries[], breaking: readonly Labels[]): boolean {
  const { broken } = judge({ scores, brokenFromMs: 0, breaking })
  return broken.every(({ points }) => points >= calmSteps)
}

function judgeOutage(watch: Watch, outage: Outage, options: WatchOptions, { scores, nowMs }: Observation): void {
  const { service, breaking, report } = options
  const verdict = judge({ scores, brokenFromMs: outage.fromMs, breaking })
  if (verdict.detected > 0) watch.firstSeenMs ??= nowMs
  if (verdict.detected === breaking.length) watch.allSeenMs ??= nowMs
  const calmMs = watch.allSeenMs === undefined ? patienceMs : watch.allSeenMs - outage.fromMs + calmSteps * detectStepMs
  const lateMs = options.once ? options.deadlineMs : Number.POSITIVE_INFINITY
  if (nowMs < Math.min(outage.fromMs + calmMs, lateMs)) return
  watch.judgement = {
    verdict,
    brokenFromMs: outage.fromMs,
    firstAfterMs: since(outage.fromMs, watch.firstSeenMs),
    allAfterMs: since(outage.fromMs, watch.allSeenMs),
  }
  report.note({ event: 'verdict', service, ...watch.judgement })
}

const since = (fromMs: number, ms: number | undefined) => (ms === undefined ? undefined : ms - fromMs)

/** One line: how the demo stands. */
export function watchStatus(watch: Watch, nowMs: number): string {
  const { readings, newestMs, outage, recovered } = watch
  if (newestMs === undefined) return `${clock(nowMs)}  waiting for the first forecast and the first scores`
  const scored = readings.filter(({ score }) => !Number.isNaN(score)).length
  const above = readings.filter(({ state }) => state === 'anomaly').length
  const broken = outage && !recovered && nowMs >= outage.fromMs
  const what = broken ? `, ${outage.service} broken for ${Math.round((nowMs - outage.fromMs) / 1000)} s` : ''
  const total = scored < readings.length ? `${scored} of ${readings.length}` : `${scored}`
  return `${clock(nowMs)}  step ${clock(newestMs)}: ${total} series scored, ${above} above 1${what}`
}
