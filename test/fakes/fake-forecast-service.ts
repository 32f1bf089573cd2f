import { AppError } from '../../models/errors.ts'
import type { ForecastService } from '../../scheduler/forecasts/forecast-service.ts'
import type { ForecastName, ForecastRecord } from '../../scheduler/forecasts/types.ts'
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
      const isOver = ends.status === 'succeeded' || ends.status === 'failed'
      const record: ForecastRecord = {
        ...{ id: `f${records.length}`, tenant, actor, status: 'queued', model, predictionLength, input: 'query' },
        ...{ quantileLevels: chooseLevels(params), createdMs: now(), ...ends, ...(isOver && { endedMs: now() }) },
      }
      records.unshift(record)
      return record
    },
    wait: get,
    result: async (name) => ((await get(name)).status === 'succeeded' ? Buffer.from(answer) : undefined),
    list: async (tenant, { limit }) => ({
      forecasts: records.filter((record) => record.tenant === tenant).slice(0, limit),
    }),
  }
}
