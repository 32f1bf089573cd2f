import { toAppError } from '../../models/errors.ts'
import type { Covariate, Forecast } from '../../models/forecaster.ts'
import { groupBy } from '../../models/group-by.ts'
import type { Deps } from '../deps.ts'
import { forecastPanel } from '../publish/forecast-panel.ts'
import { endOf, type Histories, type History } from './history.ts'

/** So often is progress told, and a worker given its turn. */
const seriesPerPart = 1_024

export interface HistoriesRequest extends Histories {
  readonly horizon: number
  readonly levels: readonly number[]
  readonly model: string
  /** Of each series. */
  readonly covariates?: readonly (readonly Covariate[])[] | undefined
  /** Series that are done. */
  readonly onProgress?: ((done: number) => void) | undefined
}

/** One forecast per series, in order, each from its own end. There is no fall-back: who asks wants this model. */
export async function forecastHistories(
  deps: Pick<Deps, 'forecasters' | 'metrics' | 'signal'>,
  { series, stepMs, horizon, levels, model, covariates, onProgress }: HistoriesRequest,
): Promise<readonly Forecast[]> {
  const forecasts = new Array<Forecast>(series.length)
  let done = 0
  for (const { endMs, rows } of partsByEnd(series, stepMs)) {
    const contexts = rows.map((row) => series[row]!.values)
    const request = {
      ...{ contexts, endMs, stepMs, horizon, levels, model, fallback: model },
      ...(covariates && { covariates: rows.map((row) => covariates[row]!) }),
    }
    const made = await forecastPanel(deps, request).catch((error: unknown) => {
      deps.signal.throwIfAborted()
      throw toAppError(error, 'MODEL_FAILED')
    })
    for (const [i, row] of rows.entries()) forecasts[row] = made.forecasts[i]!
    done += rows.length
    onProgress?.(done)
  }
  return forecasts
}

interface Part {
  readonly endMs: number
  readonly rows: readonly number[]
}

/** Models take contexts that end together. */
function partsByEnd(series: readonly History[], stepMs: number): Part[] {
  return [...groupBy(series.keys(), (row) => endOf(series[row]!, stepMs))].flatMap(([endMs, rows]) => {
    const parts = Math.ceil(rows.length / seriesPerPart)
    return Array.from({ length: parts }, (_, i) => {
      return { endMs, rows: rows.slice(i * seriesPerPart, (i + 1) * seriesPerPart) }
    })
  })
}
