import type { StoredSeries } from '../scenarios/store-audit.ts'
import { minuteMs } from '../scenarios/world.ts'
import type { LabelledSeries } from './labelled-series.ts'
import { ownedFromMs, type Replay } from './replay.ts'

/** One series of a replay, with all that was written for it by instant. */
export interface JudgedSeries extends LabelledSeries {
  readonly pred: ReadonlyMap<number, number>
  readonly lower: ReadonlyMap<number, number>
  readonly upper: ReadonlyMap<number, number>
  readonly scores: ReadonlyMap<number, number>
}

export function judgedSeries({ series, pred, lower, upper, scores }: Replay): JudgedSeries[] {
  return series.map((labelled) => {
    const of = (stored: readonly StoredSeries[]) => valuesOf(stored, labelled.name)
    return { ...labelled, pred: of(pred), lower: of(lower), upper: of(upper), scores: of(scores) }
  })
}

function valuesOf(stored: readonly StoredSeries[], name: string): Map<number, number> {
  const own = stored.filter(({ labels }) => labels.series === name)
  return new Map(
    own.flatMap(({ timestampsMs, values }) => timestampsMs.map((ms, i) => [ms, values[i]!] as [number, number])),
  )
}

/** Instants with a sample that nobody scored. */
export function unscored({ samples, scores }: JudgedSeries, untilMs: number): string[] {
  return [...samples.keys()].filter((ms) => ms > ownedFromMs && ms <= untilMs && !scores.has(ms)).map(iso)
}

/** The store looks back as far as samples are usually apart: three steps in the most irregular of the series. */
const lookBackSteps = 3

/** Scores of steps at which the store had nothing to look back to. */
export function invented({ samples, scores }: JudgedSeries, detectStepMs: number): string[] {
  const reachMs = Math.max(5 * minuteMs, lookBackSteps * detectStepMs)
  const isSeen = (ms: number) => {
    for (let t = ms; t >= ms - reachMs; t -= detectStepMs) if (samples.has(t)) return true
    return false
  }
  return [...scores.keys()].filter((ms) => !isSeen(ms)).map(iso)
}

/** Steps whose ends are not in order. */
export function crossed({ pred, lower, upper }: JudgedSeries): string[] {
  const inOrder = (ms: number) => lower.get(ms)! <= pred.get(ms)! && pred.get(ms)! <= upper.get(ms)!
  return [...pred.keys()].filter((ms) => !inOrder(ms)).map(iso)
}

/** A side as narrow as the rounding of 32-bit floats is scored with a width of its own. */
const collapsedShare = 2e-6

/** Steps with a drawn band whose score says another thing than value and band do: above 1 is outside, and only that. */
export function contradicted({ samples, pred, lower, upper, scores }: JudgedSeries): string[] {
  return [...pred.keys()]
    .filter((ms) => scores.has(ms) && samples.has(ms))
    .filter((ms) => {
      const [value, mid, low, high] = [samples.get(ms)!, pred.get(ms)!, lower.get(ms)!, upper.get(ms)!]
      const isOutside = value < low || value > high
      const width = value > mid ? high - mid : mid - low
      const isCollapsed = width <= collapsedShare * Math.max(Math.abs(mid), high - low)
      return scores.get(ms)! > 1 ? !isOutside : isOutside && !isCollapsed
    })
    .map(iso)
}

export interface ReplayRow {
  readonly series: string
  readonly scored: number
  readonly above: number
  readonly windows: number
  readonly hit: number
}

export function replayRow({ name, scores, windows }: JudgedSeries): ReplayRow {
  const alerts = [...scores].filter(([, score]) => score > 1).map(([ms]) => ms)
  const hit = windows.filter(({ firstMs, lastMs }) => alerts.some((ms) => ms >= firstMs && ms <= lastMs))
  return { series: name, scored: scores.size, above: alerts.length, windows: windows.length, hit: hit.length }
}

export function tableOf(rows: readonly ReplayRow[]): string {
  const lines = rows.map(({ series, scored, above, windows, hit }) => {
    const share = `${((100 * above) / scored).toFixed(1)} %`
    return `${series.padEnd(36)}${`${scored}`.padStart(8)}${share.padStart(10)}${`${hit} of ${windows}`.padStart(10)}`
  })
  const head = `${'series'.padEnd(36)}${'scored'.padStart(8)}${'above 1'.padStart(10)}${'windows'.padStart(10)}`
  return [head, ...lines, ''].join('\n')
}

const iso = (ms: number) => new Date(ms).toISOString()
