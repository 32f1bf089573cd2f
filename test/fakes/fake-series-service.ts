import { AppError } from '../../models/errors.ts'
import type { SeriesService, SeriesView } from '../../scheduler/series/contract.ts'
import { countStates } from '../../tasks/score/judge-panel.ts'

const none = { value: Number.NaN, pred: Number.NaN, lower: Number.NaN, upper: Number.NaN, score: Number.NaN }

/** Three series of the mission `cpu` of the default tenant: above the band, learning, calm. */
export function fakeSeriesService(atMs: number): SeriesService {
  const all: SeriesView[] = [
    {
      ...{ labels: { host: 'hot', mission: 'cpu' }, state: 'ok', reason: 'above the band', sinceMs: atMs - 120_000 },
      ...{ value: 20, pred: 10, lower: 8, upper: 12, score: 2.61 },
    },
    {
      ...{ labels: { host: 'young', mission: 'cpu' }, state: 'learning', reason: 'new since the last forecast' },
      ...{ ...none, value: 5, learning: { points: 6, minPoints: 10, firstSeenMs: atMs - 1_800_000 } },
    },
    {
      ...{ labels: { host: 'calm', mission: 'cpu' }, state: 'ok', reason: 'within the band' },
      ...{ value: 10, pred: 10, lower: 8, upper: 12, score: 0 },
    },
  ]
  return {
    async page(tenant, id, { state, limit, cursor = '0' }) {
      if (tenant !== 'default' || id !== 'cpu') throw new AppError('NOT_FOUND', `no mission "${id}"`)
      const matching = all.filter((series) => (state ?? series.state) === series.state)
      const end = Number(cursor) + limit
      return {
        ...{ atMs, states: { ...countStates(), ok: 2, learning: 1 }, series: matching.slice(Number(cursor), end) },
        ...(end < matching.length && { cursor: `${end}` }),
      }
    },
  }
}
