import { AppError } from '../../models/errors.ts'
import type { ForecastService } from '../../scheduler/forecasts/forecast-service.ts'
import { type ForecastName, type ForecastRecord, isOver } from '../../scheduler/forecasts/types.ts'
import { chooseLevels } from '../../tasks/adhoc/choose-levels.ts'

export interface FakeForecasts {
  /** How all that are asked for end; default: they succeed. */
  readonly ends?: Partial<Pick<ForecastRecord, 'status' | 'error' | 'done' | 'total'>>
  /** What they answer. */
  readonly answer?: string
}

/** Forecasts in memory that end as they are told. */
export function fakeForecastService(
  now: () => number,
  { ends = { status: 'succeeded' }, answer = '"series":[],"metadata":{"warnings":[]}' }: FakeForecasts = {},
): ForecastService {
  const records: ForecastRecord[] = []
  const get = async ({ tenant, id }: ForecastName) => {
    const found = records.find((record) => record.tenant === tenant && record.id === id)
    if (!found) throw new AppError('NOT_FOUND', `no forecast "${id}"`)
    return found
  }
  return {
    get,
    async submit(params, { tenant, actor }) {
      const { model = 'seasonal-naive', predictionLength } = params
      const record: ForecastRecord = {
        ...{ id: `f${records.length}`, tenant, actor, status: 'queued', model, predictionLength, input: 'query' },
        ...{ quantileLevels: chooseLevels(params), createdMs: now(), ...ends },
      }
      records.unshift(isOver(record) ? { ...record, endedMs: now() } : record)
      return records[0]!
    },
    wait: get,
    async cancel(name) {
      const found = await get(name)
      if (isOver(found) && found.status !== 'cancelled') throw new AppError('CONFLICT', `it has ${found.status}`)
      const cancelled = { ...found, status: 'cancelled', endedMs: now() } as const
      records[records.indexOf(found)] = cancelled
      return cancelled
    },
    result: async (name) => ((await get(name)).status === 'succeeded' ? Buffer.from(answer) : undefined),
    list: async (tenant, { limit }) => ({
      forecasts: records.filter((record) => record.tenant === tenant).slice(0, limit),
    }),
  }
}
