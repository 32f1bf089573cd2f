import { quantilesOf } from './quantiles.ts'

/** The theta rule fitted to a context. */
export interface ThetaFit {
  /** The values without their cycle; a gap is NaN. */
  readonly adjusted: Float64Array
  /** Smoothed level after each value. */
  readonly levels: Float64Array
  /** Weight of the newest value. */
  readonly smoothing: number
  /** Squared, mean over the values, a step ahead; NaN without any. */
  readonly error: number
  /** Half of the change of a step on the line through the adjusted values. */
  readonly drift: number
  /** Of the step that comes `ahead` steps after the context; 0 without a season. */
  cycleAt(ahead: number): number
}

// as the baseline of the training package has them; each is a pass over the values
const smoothings = [0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1]

/**
 * Values whose first is finite, less their cycle of `season` steps if they clearly have one, smoothed exponentially with
 * the weight that erred least one step ahead. Half of the slope of a straight line goes on: Assimakopoulos and
 * Nikolopoulos' theta.
 */
export function fitTheta(values: Float64Array, season: number): ThetaFit {
  const { length } = values
  const cycle = 2 * season <= length ? findCycle(values, season) : undefined
  // the cycle begins with the first step ahead, so the context ends at its end
  const cycleAt = (ahead: number) => cycle?.[(((ahead - 1) % season) + season) % season] ?? 0
  const adjusted = cycle ? values.map((value, i) => value - cycleAt(i + 1 - length)) : values
  return { adjusted, ...smoothBest(adjusted), drift: fitLine(adjusted).slope / 2, cycleAt }
}

/** The first tenth of the errors tells about the start, not about the rule. */
export const firstError = (errors: number): number => Math.floor(errors / 10)

function smoothBest(values: Float64Array): Pick<ThetaFit, 'levels' | 'smoothing' | 'error'> {
  const tried = smoothings.map((smoothing) => ({ smoothing, error: squaredError(values, smoothing) }))
  const best = tried.reduce((least, other) => (other.error < least.error ? other : least))
  const levels = new Float64Array(values.length)
  let level = values[0]!
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (Number.isFinite(value)) level += best.smoothing * (value - level)
    levels[i] = level
  }
  return { levels, ...best }
}

/** Mean over the values, a step ahead. */
function squaredError(values: Float64Array, smoothing: number): number {
  const from = 1 + firstError(values.length - 1)
  let level = values[0]!
  let sum = 0
  let count = 0
  for (let i = 1; i < values.length; i++) {
    const error = values[i]! - level
    if (!Number.isFinite(error)) continue
    level += smoothing * error
    if (i < from) continue
    sum += error * error
    count += 1
  }
  return sum / count
}

interface Line {
  readonly slope: number
  readonly at: (i: number) => number
}

/** Least squares over the finite values. */
function fitLine(values: Float64Array): Line {
  let [count, sumI, sumY] = [0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) continue
    count += 1
    sumI += i
    sumY += value
  }
  const [meanI, meanY] = [sumI / count, sumY / count]
  let [products, squares] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) continue
    products += (i - meanI) * (value - meanY)
    squares += (i - meanI) ** 2
  }
  const slope = squares === 0 ? 0 : products / squares
  return { slope, at: (i) => meanY + slope * (i - meanI) }
}

/** One cycle around zero, the last in time at its end; undefined where values a season apart do not go together. */
function findCycle(values: Float64Array, season: number): Float64Array | undefined {
  const { length } = values
  const line = fitLine(values)
  const flat = values.map((value, i) => value - line.at(i))
  // 1.645 * sqrt((1 + 2 * sum of r^2) / n) is M4's test, the sum here fixed; of many values the least r would pass it
  const significant = Math.max(0.1, 1.645 * Math.sqrt(1.5 / length))
  if (!(correlationAt(flat, season) > significant)) return undefined
  const cycle = Float64Array.from({ length: season }, (_, phase) => typicalAt(flat, season, phase))
  const mean = cycle.reduce((sum, value) => sum + value, 0) / season
  return cycle.map((value) => value - mean)
}

/** Autocorrelation of values around zero, by the mean over the pairs that have both, less the further apart they are. */
function correlationAt(values: Float64Array, lag: number): number {
  let [products, pairs, squares, count] = [0, 0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) continue
    squares += value * value
    count += 1
    const product = value * values[i - lag]!
    if (i < lag || !Number.isFinite(product)) continue
    products += product
    pairs += 1
  }
  return ((products / pairs) * (1 - lag / values.length)) / (squares / count)
}

/** Median of a phase of the whole cycles at the end, of two their mean; 0 where it was never seen. */
function typicalAt(values: Float64Array, season: number, phase: number): number {
  const seen: number[] = []
  for (let i = values.length - season + phase; i >= values.length % season; i -= season) {
    const value = values[i]!
    if (Number.isFinite(value)) seen.push(value)
  }
  return seen.length === 0 ? 0 : quantilesOf(Float64Array.from(seen), [0.5])[0]!
}
