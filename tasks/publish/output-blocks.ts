import { defaultTenant, type Labels, type MissionName, type SeriesIdentity, seriesId } from '../../models/series.ts'
import type { BandStep } from '../band/fetch-band.ts'
import type { SampleBlock } from '../deps.ts'
import { type SeriesState, seriesStates } from '../score/derive-state.ts'
import type { ScoredChunk } from '../score/score-panel.ts'

/** The scores of some series. */
export function scoreBlock({ series, scores }: ScoredChunk, steps: readonly BandStep[]): SampleBlock {
  return { name: 'anomaly_score', series, timestampsMs: steps.map(({ atMs }) => atMs), values: scores }
}

/** The band that was used, for every series, with or without a value. What came from the store is drawn already. */
export function usedBandBlocks({ series, band }: ScoredChunk, steps: readonly BandStep[]): SampleBlock[] {
  const isOurs = steps.map(({ low }) => low.some(({ payload }) => payload))
  if (!isOurs.includes(true)) return []
  const ours = (values: Float64Array) =>
    isOurs.includes(false) ? values.map((value, i) => (isOurs[i % steps.length] ? value : Number.NaN)) : values
  const timestampsMs = steps.map(({ atMs }) => atMs)
  return [
    { name: 'anomaly_pred', series, timestampsMs, values: ours(band.pred) },
    { name: 'anomaly_lower', series, timestampsMs, values: ours(band.lower) },
    { name: 'anomaly_upper', series, timestampsMs, values: ours(band.upper) },
  ]
}

export interface MissionSample {
  readonly mission: MissionName
  readonly atMs: number
  readonly states: Readonly<Record<SeriesState, number>>
  /** NaN = nothing was scored. */
  readonly score: number
  /** NaN = no forecast. */
  readonly forecastAgeMs: number
}

/** What is written once per mission, so that quiet and not watching differ. */
export function missionBlocks({ mission, atMs, states, score, forecastAgeMs }: MissionSample): SampleBlock[] {
  const own = [missionIdentity(mission)]
  const timestampsMs = [atMs]
  return [
    {
      name: 'anomaly_mission_series',
      series: seriesStates.map((state) => missionIdentity(mission, { state })),
      timestampsMs,
      values: Float64Array.from(seriesStates, (state) => states[state]),
    },
    { name: 'anomaly_mission_score', series: own, timestampsMs, values: Float64Array.of(score) },
    {
      name: 'anomaly_mission_forecast_age_seconds',
      series: own,
      timestampsMs,
      values: Float64Array.of(forecastAgeMs / 1_000),
    },
  ]
}

function missionIdentity({ tenant, mission }: MissionName, extra: Labels = {}): SeriesIdentity {
  const labels = { ...extra, mission, ...(tenant === defaultTenant ? {} : { tenant }) }
  return { id: seriesId(labels), labels }
}
