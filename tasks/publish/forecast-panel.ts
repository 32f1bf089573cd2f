import { setImmediate as nextTurn } from 'node:timers/promises'
import { AppError, toAppError } from '../../models/errors.ts'
import type { Forecast, ForecastRequest } from '../../models/forecaster.ts'
import type { Deps } from '../deps.ts'
import { type Batch, batchesAtOnce, planBatches } from './plan-batches.ts'

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
  const batches = planBatches(deps.forecasters, request).values()
  let turn: Promise<void> = Promise.resolve()
  /** Each batch has one to itself: those of a model that computes in this thread would share one else. */
  const ownTurn = () => {
    turn = turn.then(() => nextTurn())
    return turn
  }
  const work = async () => {
    for (const batch of batches) {
      await ownTurn()
      const made = await forecastBatch(deps, request, batch)
      batch.rows.forEach((row, i) => {
        forecasts[row] = made.forecasts[i]!
      })
      if (made.detail) details.add(made.detail)
      if (made.reason) reasons.add(`fallback:${made.reason}`)
      else byModel += batch.rows.length
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

interface BatchForecast {
  readonly forecasts: readonly Forecast[]
  readonly reason?: string
  readonly detail?: string
}

async function forecastBatch(deps: ForecastDeps, request: PanelRequest, batch: Batch): Promise<BatchForecast> {
  const { rows, model, groups } = batch
  const { endMs, stepMs, horizon, levels, fallback } = request
  const plain = { contexts: rows.map((row) => request.contexts[row]!), endMs, stepMs, horizon, levels }
  let { reason, detail } = batch
  if (!reason) {
    const { covariates, records } = request
    const joint = {
      ...(records && { records: rows.map((row) => records[row]) }),
      ...(groups && { groups }),
      ...(covariates && { covariates: rows.map((row) => covariates[row]!) }),
    }
    try {
      return { forecasts: await infer(deps, model, { ...plain, ...joint }) }
    } catch (error) {
      deps.signal.throwIfAborted()
      if (model === fallback) throw error
      const failure = toAppError(error, 'MODEL_FAILED')
      reason = failure.code
      detail = failure.message
    }
  }
  const forecasts = await infer(deps, fallback, plain)
  deps.metrics.fallbackUsed(reason, rows.length)
  return { forecasts, reason, ...(detail !== undefined && { detail }) }
}

async function infer(
  { forecasters, metrics, signal }: ForecastDeps,
  model: string,
  request: ForecastRequest,
): Promise<readonly Forecast[]> {
  signal.throwIfAborted()
  const { length } = request.contexts
  const startedMs = performance.now()
  const forecasts = await forecasters.get(model).forecast(request, signal)
  if (forecasts.length !== length) {
    throw new AppError('MODEL_FAILED', `model ${model} gave ${forecasts.length} forecasts for ${length} series`)
  }
  metrics.inference(model, (performance.now() - startedMs) / 1_000, length)
  return forecasts
}
