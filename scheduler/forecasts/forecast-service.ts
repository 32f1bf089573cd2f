import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { checkCovariates, checkForecastSize, inlineHistories } from '../../flows/forecast-once.ts'
import type { ForecastOnceInput, ForecastOnceParams } from '../../flows/forecast-once-params.ts'
import { formatDuration } from '../../models/duration.ts'
import { AppError, toAppError } from '../../models/errors.ts'
import type { Covariate } from '../../models/forecaster.ts'
import { chooseLevels } from '../../tasks/adhoc/choose-levels.ts'
import type { Histories } from '../../tasks/adhoc/history.ts'
import { invalidInput } from '../../tasks/adhoc/input-problems.ts'
import { modelProblem } from '../missions/document/model-check.ts'
import type { MissionSettings } from '../missions/document/resolved.ts'
import type { ForecastQueue } from './forecast-queue.ts'
import type { ForecastPage, ForecastStore } from './forecast-store.ts'
import { forecastLimits } from './limits.ts'
import { packText, unpackText } from './packed-text.ts'
import { type ForecastKind, type ForecastMetrics, type ForecastName, type ForecastRecord, isOver } from './types.ts'

export interface ForecastServiceDeps {
  readonly store: ForecastStore
  readonly queue: Pick<ForecastQueue, 'add' | 'remove'>
  readonly settings: MissionSettings
  readonly counts: Pick<ForecastMetrics, 'end'>
  /** Forecast workers that live. */
  workers(): Promise<number>
  now(): number
}

export interface AskedBy {
  readonly tenant: string
  readonly actor: string
  readonly kind: ForecastKind
}

/** Forecasts on demand, as the API offers them; made by the forecast workers. */
export interface ForecastService {
  /** @throws INVALID_PARAMS naming the field; WORKER_UNAVAILABLE when too many wait, or a request finds no worker. */
  submit(params: ForecastOnceParams, by: AskedBy): Promise<ForecastRecord>
  /** The record once it is over, else as it is at the deadline. @throws NOT_FOUND */
  wait(name: ForecastName, deadlineMs: number, signal: AbortSignal): Promise<ForecastRecord>
  /** @throws NOT_FOUND, also for another tenant's. */
  get(name: ForecastName): Promise<ForecastRecord>
  /** `"series":[...],"metadata":{...}`; undefined where there is none (any more). */
  result(name: ForecastName): Promise<Buffer | undefined>
  /**
   * Ends one that waits or is at work; one that was cancelled before is answered alike.
   * @throws NOT_FOUND; CONFLICT when it has succeeded or failed: what was forecast stays in the history.
   */
  cancel(name: ForecastName): Promise<ForecastRecord>
  list(tenant: string, page: { readonly limit: number; readonly cursor?: string }): Promise<ForecastPage>
}

export function createForecastService(deps: ForecastServiceDeps): ForecastService {
  const { store } = deps
  const get = async (name: ForecastName) => {
    const record = await store.get(name)
    if (record) return record
    throw new AppError(
      'NOT_FOUND',
      `no forecast "${name.id}" (any more): they are kept for a week, the newest ${forecastLimits.kept}`,
    )
  }
  return {
    get,
    submit: (params, by) => submit(deps, params, by),
    async wait(name, deadlineMs, signal) {
      const untilMs = performance.now() + deadlineMs
      // asking costs one read, and a read cannot be missed as an event can
      for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 1.3, 250)) {
        const record = await get(name)
        const leftMs = untilMs - performance.now()
        if (isOver(record) || leftMs <= 0 || signal.aborted) return record
        await delay(Math.min(pauseMs, leftMs), undefined, { signal }).catch(() => undefined)
      }
    },
    async result(name) {
      const packed = await store.result(name)
      return packed && (await unpackText(packed))
    },
    async cancel(name) {
      if (await store.cancel(name)) deps.counts.end('cancelled')
      const record = await get(name)
      if (record.status !== 'cancelled')
        throw new AppError('CONFLICT', `forecast ${name.id} is over: it has ${record.status}`)
      // a worker that has begun it sees the record
      await deps.queue.remove(name.id)
      return record
    },
    list: (tenant, page) => store.list(tenant, page),
  }
}

async function submit(deps: ForecastServiceDeps, params: ForecastOnceParams, by: AskedBy): Promise<ForecastRecord> {
  const { store, queue, settings, now } = deps
  const { tenant, actor, kind } = by
  const { model = settings.defaults.model, predictionLength } = params
  checkModel(model, settings)
  checkCovariates(params, settings.takesCovariates?.(model) ?? true, model)
  const datasource = params.query === undefined ? undefined : datasourceFor(params, tenant, settings)
  const levels = chooseLevels(params)
  const histories = inlineHistories(params, now())
  const { series: mostSeries, values: mostValues } = forecastLimits.size[kind]
  if (histories) {
    if (histories.series.length > mostSeries) throw tooManySeries(params, histories.series.length, mostSeries)
    checkForecastSize(histories.series.length * predictionLength * levels.length, mostValues)
  }
  if (kind === 'request' && (await deps.workers()) === 0)
    throw new AppError('WORKER_UNAVAILABLE', 'no forecast worker lives: start `anomaly-times worker --pool forecast`')
  const record: ForecastRecord = {
    ...{ id: randomUUID(), tenant, actor, status: 'queued', model, createdMs: now() },
    input: params.query !== undefined ? 'query' : params.rows ? 'rows' : 'series',
    ...(params.query !== undefined && { query: params.query }),
    ...(datasource !== undefined && { datasource }),
    ...{ predictionLength, quantileLevels: levels },
  }
  await store.create(record, await packText(JSON.stringify(storedInput({ ...params, model }, histories))))
  await queue.add({ tenant, id: record.id, kind }).catch(async (thrown: unknown) => {
    const error = toAppError(thrown)
    // else it would take the place of another for an hour; where this fails as well, it does
    await store.fail(record, error).catch(() => undefined)
    throw error
  })
  return record
}

function checkModel(model: string, settings: MissionSettings): void {
  const detail = modelProblem(settings, model)
  if (detail !== undefined) throw invalidInput('/model', detail)
}

function datasourceFor({ datasource }: ForecastOnceParams, tenant: string, settings: MissionSettings): string {
  const found = settings.datasource(tenant, datasource)
  if (found) return found.name
  throw invalidInput(
    '/datasource',
    datasource === undefined ? 'none is configured' : `there is none named "${datasource}"`,
  )
}

function tooManySeries({ rows }: ForecastOnceParams, count: number, most: number): AppError {
  return invalidInput(rows ? '/rows' : '/series', `${count} series; at most ${most}`)
}

/** What the worker gets: rows have become series, so that what was read once need not be read again. */
function storedInput(params: ForecastOnceParams, histories: Histories | undefined): ForecastOnceInput {
  if (!histories) return params
  const { rows: _, series: __, idColumn: ___, timestampColumn: ____, targetColumn: _____, ...rest } = params
  const series = histories.series.map(({ labels, startMs, values, covariates }) => ({
    ...{ labels, start: new Date(startMs).toISOString(), values: Array.from(values, orNull) },
    ...(covariates && { covariates: covariates.map(writtenCovariate) }),
  }))
  return { ...rest, step: formatDuration(histories.stepMs), series }
}

const writtenCovariate = ({ name, past, future }: Covariate) => ({
  ...{ name, past: Array.from(past, orNull) },
  ...(future && { future: Array.from(future, orNull) }),
})

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null)
