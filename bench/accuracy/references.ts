import { quantilesOf } from '../../models/quantiles.ts'
import { fitTheta } from '../../models/theta-rule.ts'
import { levels, normalQuantiles } from './levels.ts'
import type { Window } from './windows.ts'

/** `levels x horizon`, level-major. */
export type Quantiles = Float64Array

/** Seasonal naive as textbooks have it, told the season, with normal bands: what every loss is divided by. */
export function naive(window: Pick<Window, 'context' | 'season'>, horizon: number): Quantiles {
  const { values, lag } = prepare(window)
  const squares = errorsOver(values, lag).map((error) => error * error)
  const deviation = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length)
  return quantilesFrom(horizon, (level, h) => {
    const spread = deviation * Math.sqrt(Math.floor(h / lag) + 1)
    return copied(values, lag, h) + normalQuantiles[level]! * spread
  })
}

/** The same path with the quantiles of its own errors in the context. */
export function empiricalNaive(window: Pick<Window, 'context' | 'season'>, horizon: number): Quantiles {
  const { values, lag } = prepare(window)
  const half = Math.floor(values.length / 2)
  const lags = lag > 1 ? [lag] : Array.from({ length: Math.min(horizon, half) }, (_, h) => h + 1)
  const errors = lags.map((steps) => quantilesOf(errorsOver(values, steps), levels))
  return quantilesFrom(horizon, (level, h) => copied(values, lag, h) + errors[Math.min(h, errors.length - 1)]![level]!)
}

/** Theta with the normal bands of exponential smoothing, as the first evaluation of the embedded model had it. */
export function normalTheta({ context, season }: Pick<Window, 'context' | 'season'>, horizon: number): Quantiles {
  const { levels: smoothed, smoothing, error, drift, cycleAt } = fitTheta(filled(context), season)
  return quantilesFrom(horizon, (level, h) => {
    const path = smoothed.at(-1)! + drift * (h + 1) + cycleAt(h + 1)
    return path + normalQuantiles[level]! * Math.sqrt(error * (1 + h * smoothing ** 2))
  })
}

/** A season that would leave few errors falls back to the last value. */
function prepare({ context, season }: Pick<Window, 'context' | 'season'>) {
  return { values: filled(context), lag: season <= context.length - 8 ? season : 1 }
}

/** Gaps take the value before them, those at the beginning the first one. */
export function filled(context: Float64Array): Float64Array {
  let last = context.find(Number.isFinite) ?? Number.NaN
  return context.map((value) => {
    if (Number.isFinite(value)) last = value
    return last
  })
}

function errorsOver(values: Float64Array, lag: number): Float64Array {
  return values.subarray(lag).map((value, i) => value - values[i]!)
}

function copied(values: Float64Array, lag: number, h: number): number {
  return values[values.length - lag + (h % lag)]!
}

/** `h` counts from 0. */
export function quantilesFrom(horizon: number, value: (level: number, h: number) => number): Quantiles {
  return Float64Array.from({ length: levels.length * horizon }, (_, i) => value(Math.floor(i / horizon), i % horizon))
}
