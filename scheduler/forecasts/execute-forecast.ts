import { type ForecastOnceContext, runForecastOnce } from '../../flows/forecast-once.ts'
import { forecastOnceParams } from '../../flows/forecast-once-params.ts'
import { AppError, type ErrorCode, toAppError } from '../../models/errors.ts'
import { isModelPath } from '../../models/registry.ts'
import { invalidInput } from '../../tasks/adhoc/input-problems.ts'
import type { Deps, SeriesReader } from '../../tasks/deps.ts'
import type { MissionDatasource, MissionSettings } from '../missions/document/resolved.ts'
import { answerText } from './answer-text.ts'
import type { ForecastStore } from './forecast-store.ts'
import { forecastLimits } from './limits.ts'
import { noReader } from './no-reader.ts'
import { packText, unpackText } from './packed-text.ts'
import type { ForecastJob } from './types.ts'

export interface ForecastDeps extends Pick<Deps, 'forecasters' | 'metrics'> {
  readonly store: ForecastStore
  readonly settings: Pick<MissionSettings, 'datasource' | 'defaults'>
  /** Held to what the tenant may see. */
  reader(tenant: string, datasource: string): SeriesReader
  now(): number
}

/** Progress is noted no more often. */
const noteEveryMs = 500

/** What a worker does with a forecast that somebody asked for. @throws AppError */
export async function executeForecastJob(deps: ForecastDeps, job: ForecastJob, signal: AbortSignal): Promise<void> {
  const { store, forecasters, metrics } = deps
  if (!(await store.note(job, { status: 'running', startedMs: deps.now() }))) throw alreadyOver(job)
  const params = forecastOnceParams.safeParse(await readInput(store, job))
  if (!params.success) throw new AppError('CACHE_INVALID', 'another version wrote this request: ask again')
  const { query, datasource: name } = params.data
  const datasource = query === undefined ? undefined : findDatasource(deps, job, name)
  const reader = datasource ? deps.reader(job.tenant, datasource.name) : noReader
  const context = contextOf(deps, job, datasource)
  const result = await runForecastOnce({ reader, forecasters, metrics, signal }, params.data, context).catch(
    (error) => {
      throw blamePath(toAppError(error), params.data.model, deps)
    },
  )
  const packed = await packText(await answerText(result, deps.now()))
  const { resultBytes } = forecastLimits
  if (packed.length > resultBytes)
    throw new AppError('INVALID_PARAMS', `the answer has ${packed.length} bytes; at most ${resultBytes}: ask for less`)
  if (!(await store.succeed(job, packed, result))) throw alreadyOver(job)
}

const pathErrors: readonly ErrorCode[] = ['MODEL_INVALID', 'MODEL_MISSING', 'MODEL_FORBIDDEN']

/** A path that is no model is the caller's word, unless the operator made it the default. */
function blamePath(error: AppError, model: string | undefined, { settings: { defaults } }: ForecastDeps): AppError {
  const isOfCaller = model !== undefined && isModelPath(model) && model !== defaults.model
  return isOfCaller && pathErrors.includes(error.code) ? invalidInput('/model', error.message) : error
}

/** Somebody has cancelled it, another worker has ended it, or the tenant's newer ones have displaced it. */
export function alreadyOver({ id }: ForecastJob): AppError {
  return new AppError('RUN_CANCELLED', `forecast ${id} is over, or not kept any more`)
}

async function readInput(store: ForecastStore, job: ForecastJob): Promise<unknown> {
  const packed = await store.input(job)
  const text = packed && (await unpackText(packed))
  return text && JSON.parse(text.toString())
}

function findDatasource({ settings }: ForecastDeps, { tenant }: ForecastJob, name: string | undefined) {
  const datasource = settings.datasource(tenant, name)
  if (datasource) return datasource
  throw new AppError('NOT_FOUND', `no datasource${name === undefined ? ' is configured' : ` "${name}"`}`)
}

function contextOf(
  { settings, store, now }: ForecastDeps,
  job: ForecastJob,
  datasource: MissionDatasource | undefined,
): ForecastOnceContext {
  const { series, values } = forecastLimits.size[job.kind]
  let notedMs = 0
  return {
    ...{ nowMs: now(), defaultModel: settings.defaults.model, maxValues: values },
    maxSeries: Math.min(series, datasource?.maxSeries ?? series),
    ...(datasource && { evalDelayMs: datasource.evalDelayMs }),
    onProgress(done, total) {
      if (done < total && now() - notedMs < noteEveryMs) return
      notedMs = now()
      // only told: what follows fails as well when Redis is away
      store.note(job, { done, total }).catch(() => undefined)
    },
  }
}
