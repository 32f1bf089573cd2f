import type { Labels } from '../../models/series.ts'
import type { RawSeries } from './store.ts'

export interface BrokenSeries {
  readonly labels: Labels
  /** Scored steps since the outage began. */
  readonly points: number
  /** Highest score since the outage began; NaN when there was none. */
  readonly highest: number
  /** First step that scored above 1. */
  readonly firstMs: number | undefined
}

/** What the scores say about the outage, and about everything that was well. */
export interface Verdict {
  /** Every broken series scored above 1, and enough of the other points did not. */
  readonly passed: boolean
  readonly broken: readonly BrokenSeries[]
  /** Broken series that scored above 1. */
  readonly detected: number
  /** Scored points of all other series, and of the broken ones before the outage. */
  readonly otherPoints: number
  /** Of these at or below 1. */
  readonly otherQuiet: number
}

export interface VerdictSources {
  /** Raw samples of `anomaly_score` since the demo began. */
  readonly scores: readonly RawSeries[]
  /** First instant of the outage. */
  readonly brokenFromMs: number
  /** Series that the outage shows in, with `__name__`. */
  readonly breaking: readonly Labels[]
}

const leastQuietShare = 0.95

export function judge({ scores, brokenFromMs, breaking }: VerdictSources): Verdict {
  const broken = breaking.map((labels) => brokenSeries(labels, scores, brokenFromMs))
  const others = scores.flatMap((series) => {
    const breaks = breaking.some((labels) => isScoreOf(series.labels, labels))
    return series.values.filter((_, i) => !breaks || (series.timestampsMs[i] ?? 0) < brokenFromMs)
  })
  const detected = broken.filter(({ highest }) => highest > 1).length
  const otherQuiet = others.filter((score) => score <= 1).length
  const passed = detected === broken.length && others.length > 0 && otherQuiet >= leastQuietShare * others.length
  return { passed, broken, detected, otherPoints: others.length, otherQuiet }
}

function brokenSeries(labels: Labels, scores: readonly RawSeries[], fromMs: number): BrokenSeries {
  const own = scores.find((series) => isScoreOf(series.labels, labels))
  const since = (own?.timestampsMs ?? [])
    .map((ms, i) => ({ ms, score: own?.values[i] ?? Number.NaN }))
    .filter(({ ms }) => ms >= fromMs)
  return {
    labels,
    points: since.length,
    highest: since.length > 0 ? Math.max(...since.map(({ score }) => score)) : Number.NaN,
    firstMs: since.find(({ score }) => score > 1)?.ms,
  }
}

function isScoreOf(written: Labels, { __name__: metric = '', ...labels }: Labels): boolean {
  return written.metric === metric && Object.entries(labels).every(([name, value]) => written[name] === value)
}
