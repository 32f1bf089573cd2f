import { setImmediate as nextTurn } from 'node:timers/promises'
import { AppError, toAppError } from '../../models/errors.ts'
import type { Forecast, ForecastRequest } from '../../models/forecaster.ts'
import type { Deps } from '../deps.ts'
import { countFinite } from '../panel/eligible-series.ts'

const seriesPerBatch = 128
// threads that compute do not stand still while the results of a batch are taken
const batchesAtOnce = 2

export interface PanelRequest extends ForecastRequest {
  readonly model: string
  /** Forecasts what the model cannot. */
  readonly fallback: string
}

export interface PanelForecast {
  /** One per context, in order. */
  readonly forecasts: readonly Forecast[]
  /** The model, or its fall-back where that forecast everything. */
  readonly model: string
  /** `fallback:<code>`, why the fall-back forecast at least some of it. */
  readonly fallback: string | undefined
  /** What the model said, where it failed. */
  readonly fallbackDetail: string | undefined
}

type ForecastDeps = Pick<Deps, 'forecasters' | 'metrics' | 'signal'>

interface Batch {
  readonly rows: readonly number[]
  readonly model: string
  /** Why these rows are the fall-back's from the start. */
  readonly reason?: string
}

/**
 * Forecasts in batches of bounded size. Between them the rest of the process gets its turn: a worker that cannot
 * renew its lock loses the run to another one.
 * @throws what the fall-back throws.
 */
export async function forecastPanel(deps: ForecastDeps, request: PanelRequest): Promise<PanelForecast> {
  const forecasts = new Array<Forecast>(request.contexts.length)
  const reasons = new Set<string>()
  const details = new Set<string>()
  let byModel = 0
  const batches = planBatches(deps, request).values()
  const work = async () => {
    for (const batch of batches) {
      const made = await forecastBatch(deps, request, batch)
      batch.rows.forEach((row, i) => {
        forecasts[row] = made.forecasts[i]!
      })
      if (made.detail) details.add(made.detail)
      if (made.reason) reasons.add(`fallback:${made.reason}`)
      else byModel += batch.rows.length
      await nextTurn()
    }
  }
  await Promise.all(Array.from({ length: batchesAtOnce }, work))
  return {
    forecasts,
    model: byModel > 0 || forecasts.length === 0 ? request.model : request.fallback,
    fallback: reasons.size > 0 ? [...reasons].join(' ') : undefined,
    fallbackDetail: details.size > 0 ? [...details].join('; ') : undefined,
  }
}

function planBatches({ forecasters }: ForecastDeps, { contexts, model, fallback }: PanelRequest): Batch[] {
  const minContext = minContextOf(forecasters, model)
  const enough: number[] = []
  const short: number[] = []
  for (const [row, context] of contexts.entries()) (countFinite(context) >= minContext ? enough : short).push(row)
  return [
    ...chunks(enough).map((rows) => ({ rows, model })),
    ...chunks(short).map((rows) => ({ rows, model: fallback, reason: 'SHORT_CONTEXT' })),
  ]
}

/** 0 of a model that cannot be had: why shows when it is asked to forecast. */
function minContextOf(forecasters: Deps['forecasters'], model: string): number {
  try {
    return forecasters.get(model).minContext
  } catch {
    return 0
  }
}

function chunks(rows: readonly number[]): number[][] {
  const count = Math.ceil(rows.length / seriesPerBatch)
  return Array.from({ length: count }, (_, i) => rows.slice(i * seriesPerBatch, (i + 1) * seriesPerBatch))
}

interface BatchForecast {
  readonly forecasts: readonly Forecast[]
  readonly reason?: string
  readonly detail?: string
}

async function forecastBatch(deps: ForecastDeps, request: PanelRequest, batch: Batch): Promise<BatchForecast> {
  const contexts = batch.rows.map((row) => request.contexts[row]!)
  let reason = batch.reason
  let detail: string | undefined
  if (!reason) {
    try {
      return { forecasts: await infer(deps, batch.model, { ...request, contexts }) }
    } catch (error) {
      deps.signal.throwIfAborted()
      if (batch.model === request.fallback) throw error
      const failure = toAppError(error, 'MODEL_FAILED')
      reason = failure.code
      detail = failure.message
    }
  }
  const forecasts = await infer(deps, request.fallback, { ...request, contexts })
  deps.metrics.fallbackUsed(reason, contexts.length)
  return { forecasts, reason, ...(detail !== undefined && { detail }) }
}

async function infer(
  { forecasters, metrics, signal }: ForecastDeps,
  model: string,
  { contexts, endMs, stepMs, horizon, levels }: ForecastRequest,
): Promise<readonly Forecast[]> {
  signal.throwIfAborted()
  const startedMs = performance.now()
  const forecasts = await forecasters.get(model).forecast({ contexts, endMs, stepMs, horizon, levels }, signal)
  if (forecasts.length !== contexts.length) {
    throw new AppError(
      'MODEL_FAILED',
      `model ${model} gave ${forecasts.length} forecasts for ${contexts.length} series`,
    )
  }
  metrics.inference(model, (performance.now() - startedMs) / 1_000, contexts.length)
  return forecasts
}
