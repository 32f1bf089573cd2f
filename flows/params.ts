import { z } from 'zod'
import { covariatesDocument } from './covariates-document.ts'

const positiveMs = z.int().positive()

/** What both flows of a mission share. Everything is resolved: milliseconds and steps, no defaults left to find. */
const shared = {
  tenant: z.string(),
  mission: z.string(),
  query: z.string(),
  /** Grid of the forecast. */
  stepMs: positiveMs,
  evalDelayMs: z.int().nonnegative(),
  maxSeries: z.int().positive(),
  allowOutputs: z.boolean(),
  scopeKey: z.string(),
  /** Detect: where two payloads of one T may serve, the one of this key goes first. */
  bandKey: z.string(),
}

export const forecastParams = z.strictObject({
  ...shared,
  /** Steps of history, and steps ahead from E on. */
  context: z.int().positive(),
  horizon: z.int().positive(),
  /** Fewest finite values in the context. */
  minPoints: z.int().positive(),
  model: z.string(),
  fallback: z.string(),
  /** How often a quiet series may leave its band; used from the calibration issue on. */
  bandExitsPerDay: z.number().positive(),
  /** As its author wrote it. */
  covariates: covariatesDocument.exactOptional(),
  /** Series that agree in these labels are forecast together. */
  groupBy: z.array(z.string()).exactOptional(),
  /** All series are forecast together. */
  crossLearning: z.boolean().exactOptional(),
})
export type ForecastParams = z.output<typeof forecastParams>

export const detectParams = z.strictObject({
  ...shared,
  /** Grid of the live values and of the score. */
  detectStepMs: positiveMs,
  direction: z.enum(['both', 'above', 'below']),
  /** A score above 1 needs at least this distance from the prediction, in the unit of the series. */
  minDeviation: z.number().nonnegative(),
  /** The same as a share of |pred|. */
  minRelativeDeviation: z.number().nonnegative(),
  /** Values outside are always above 1. */
  dataRange: z.tuple([z.number(), z.number()]).optional(),
})
export type DetectParams = z.output<typeof detectParams>
