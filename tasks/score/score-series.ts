/** Which deviations may score above 1. */
export interface ScoreRules {
  readonly direction: 'both' | 'above' | 'below'
  /** Least distance from the prediction, in the unit of the series. */
  readonly minDeviation: number
  /** Least distance as a share of |pred|. */
  readonly minRelativeDeviation: number
  /** Values outside always score above 1. */
  readonly dataRange?: readonly [number, number] | undefined
}

/** Parallel to the values that are scored; NaN = no forecast. */
export interface Band {
  readonly pred: Float64Array
  readonly lower: Float64Array
  readonly upper: Float64Array
}

/** What became of one value; a code, since a panel has millions of them. */
export const verdicts = {
  /** No value, or no band to hold it against. */
  none: 0,
  within: 1,
  outside: 2,
  /** On the side that `direction` does not watch: within the band, and beyond it. */
  unwatched: 3,
  unwatchedOutside: 4,
  /** Outside of the band, but nearer to the prediction than the minimum. */
  tooSmall: 5,
  outOfRange: 6,
} as const
export type Verdict = (typeof verdicts)[keyof typeof verdicts]

export interface Scores {
  /** NaN = no sample. */
  readonly scores: Float64Array
  /** One `Verdict` per value. */
  readonly verdicts: Uint8Array
}

interface Point {
  value: number
  pred: number
  lower: number
  upper: number
}

// the same with and without a band: a step that is scored once more when its forecast is there keeps its value
const outOfRangeScore = 10

// below this share of the band's scale a width is the rounding of 32-bit floats, not a forecast
const collapsedShare = 1e-6
const collapsedWidth = { absolute: 1e-9, ofPrediction: 0.005, ofSpread: 0.05 }

/**
 * Scores values against the band at the same steps: 0 at the prediction, 1 at the edge, 1 + ln(d) at d times the
 * edge's distance, for each side by its own edge. Takes one series, or a whole panel laid end to end.
 *
 * A side without width takes the largest of 1e-9, 0.5 % of |pred| and 5 % of the whole band as its width, so a
 * constant series may move a little; any real width counts as it is, and 1 stays exactly at the drawn edge.
 * The gates: a deviation below the minimum scores 1 at most. The side that `direction` does not watch scores 0 all
 * over (the limit from the watched side), so that no threshold, however low, pages for it. Outside of
 * `dataRange` it is always 10, whatever gates and band say, and also where there is no band.
 */
export function scoreSeries(values: Float64Array, band: Band, rules: ScoreRules): Scores {
  const scores = new Float64Array(values.length)
  const codes = new Uint8Array(values.length)
  // one object for all values: a fresh one each costs more than the arithmetic
  const point: Point = { value: 0, pred: 0, lower: 0, upper: 0 }
  for (let i = 0; i < values.length; i++) {
    point.value = values[i]!
    point.pred = band.pred[i]!
    point.lower = band.lower[i]!
    point.upper = band.upper[i]!
    const score = distanceScore(point)
    const verdict = judge(point, score, rules)
    scores[i] = gatedScore(score, verdict)
    codes[i] = verdict
  }
  return { scores, verdicts: codes }
}

function distanceScore(point: Point): number {
  if (!hasValueAndBand(point)) return Number.NaN
  const distance = Math.abs(point.value - point.pred) / sideWidth(point)
  return distance <= 1 ? distance : 1 + Math.log(Math.min(distance, Number.MAX_VALUE))
}

function hasValueAndBand({ value, pred, lower, upper }: Point): boolean {
  return Number.isFinite(value) && Number.isFinite(pred) && Number.isFinite(lower) && Number.isFinite(upper)
}

function sideWidth({ value, pred, lower, upper }: Point): number {
  const width = value > pred ? upper - pred : pred - lower
  const spread = upper - lower
  if (width > collapsedShare * Math.max(Math.abs(pred), spread)) return width
  const { absolute, ofPrediction, ofSpread } = collapsedWidth
  return Math.max(absolute, ofPrediction * Math.abs(pred), ofSpread * spread)
}

function judge(point: Point, score: number, rules: ScoreRules): Verdict {
  if (isOutOfRange(point.value, rules.dataRange)) return verdicts.outOfRange
  if (Number.isNaN(score)) return verdicts.none
  if (isUnwatched(point, rules.direction)) return score > 1 ? verdicts.unwatchedOutside : verdicts.unwatched
  if (score <= 1) return verdicts.within
  return isTooSmall(point, rules) ? verdicts.tooSmall : verdicts.outside
}

function isOutOfRange(value: number, range: ScoreRules['dataRange']): boolean {
  return range !== undefined && (value < range[0] || value > range[1])
}

function isUnwatched({ value, pred }: Point, direction: ScoreRules['direction']): boolean {
  return (direction === 'above' && value < pred) || (direction === 'below' && value > pred)
}

function isTooSmall({ value, pred }: Point, { minDeviation, minRelativeDeviation }: ScoreRules): boolean {
  const deviation = Math.abs(value - pred)
  return deviation < minDeviation || deviation < minRelativeDeviation * Math.abs(pred)
}

function gatedScore(score: number, verdict: Verdict): number {
  if (verdict === verdicts.unwatched || verdict === verdicts.unwatchedOutside) return 0
  if (verdict === verdicts.tooSmall) return 1
  if (verdict === verdicts.outOfRange) return outOfRangeScore
  return score
}
