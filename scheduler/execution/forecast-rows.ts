import { type Labels, type MissionName, type Panel, seriesId, writtenLabels } from '../../models/series.ts'
import type { ForecastCache, PayloadMeta, SeriesReader } from '../../tasks/deps.ts'

/** One series with its forecast: a value per step from `startMs` on. */
export interface ForecastRow {
  readonly labels: Labels
  /** Newest finite value of the context, and its instant. */
  readonly lastValue: number
  readonly lastMs: number
  readonly startMs: number
  readonly stepMs: number
  readonly pred: readonly number[]
  readonly lower: readonly number[]
  readonly upper: readonly number[]
}

/** A reader that holds on to the panel it read first: that of the mission's own query, covariates come later. */
export function recordingReader(reader: SeriesReader): SeriesReader & { readonly panel: Panel | undefined } {
  let panel: Panel | undefined
  return {
    get panel() {
      return panel
    },
    async queryRange(query, signal) {
      const read = await reader.queryRange(query, signal)
      panel ??= read
      return read
    },
  }
}

export interface ForecastRowsRequest {
  readonly cache: Pick<ForecastCache, 'identities' | 'bands'>
  readonly mission: MissionName
  readonly payload: PayloadMeta
  /** The context that the payload was forecast from. */
  readonly panel: Panel
}

/** Every series of a kept payload, in its order. */
export async function forecastRows({ cache, mission, payload, panel }: ForecastRowsRequest): Promise<ForecastRow[]> {
  const { startMs, stepMs, horizon } = payload
  const stepsMs = Array.from({ length: horizon }, (_, h) => startMs + h * stepMs)
  const identities = (await cache.identities(mission, payload)) ?? []
  const bands = await cache.bands(mission, payload, stepsMs)
  const last = lastValues(panel, mission)
  return identities.map(({ id, labels }, row) => {
    const edge = (name: 'pred' | 'lower' | 'upper') => stepsMs.map((ms) => bands.get(ms)?.[name][row] ?? Number.NaN)
    const { value = Number.NaN, ms = Number.NaN } = last.get(id) ?? {}
    const band = { pred: edge('pred'), lower: edge('lower'), upper: edge('upper') }
    return { labels, lastValue: value, lastMs: ms, startMs, stepMs, ...band }
  })
}

function lastValues({ startMs, stepMs, series }: Panel, mission: MissionName) {
  return new Map(
    series.map(({ labels, values }) => {
      const i = values.findLastIndex(Number.isFinite)
      return [seriesId(writtenLabels(labels, mission)), { value: values[i], ms: startMs + i * stepMs }]
    }),
  )
}
