import { parseDuration } from '../../models/duration.ts'
import { defaultTenant, floorToStep, type Labels, seriesId, writtenLabels } from '../../models/series.ts'
import type { MissionDocument } from '../missions/document/document.ts'
import { queryStore, type RawSeries } from './store.ts'

/** `waiting`: forecast, but not scored yet. `learning`: not forecast yet. */
export type ReadingState = 'anomaly' | 'ok' | 'waiting' | 'learning' | 'no_data'

/** One series as it stood at one scored step. */
export interface Reading {
  /** As written to the store: with mission, without `__name__`. */
  readonly labels: Labels
  readonly value: number
  readonly pred: number
  readonly lower: number
  readonly upper: number
  readonly score: number
  readonly state: ReadingState
}

const defaultStepMs = 300_000

/** Every series of the missions, each mission at a step of its own, read from the store as any dashboard would. */
export async function readReadings(
  storeUrl: string,
  missions: readonly { readonly mission: MissionDocument; readonly atMs: number }[],
): Promise<Reading[]> {
  const read = await Promise.all(missions.map(({ mission, atMs }) => readMission(storeUrl, mission, atMs)))
  return read.flat()
}

async function readMission(storeUrl: string, { id, query, step }: MissionDocument, atMs: number): Promise<Reading[]> {
  const stepMs = step === undefined ? defaultStepMs : parseDuration(step)
  const gridMs = floorToStep(atMs, stepMs)
  // raw samples of the two grid steps around it, the later one ahead of now
  const names = '__name__=~"anomaly_(pred|lower|upper|score)"'
  const window = `${stepMs / 1000 + 1}s`
  const [values, written] = await Promise.all([
    queryStore(storeUrl, query, atMs),
    queryStore(storeUrl, `{${names},mission="${id}"}[${window}]`, gridMs + stepMs),
  ])
  return joinReadings({ mission: id, values, written, atMs, stepMs })
}

export interface ReadingSources {
  readonly mission: string
  /** Live values at `atMs`. */
  readonly values: readonly RawSeries[]
  /** Raw samples of what was written for them, around `atMs`. */
  readonly written: readonly RawSeries[]
  readonly atMs: number
  /** Grid of the band. */
  readonly stepMs: number
}

interface Parts {
  labels: Labels
  [name: string]: Labels | number
}

/** Brings value, band and score of each series together by their labels. */
export function joinReadings({ mission, values, written, atMs, stepMs }: ReadingSources): Reading[] {
  const byId = new Map<string, Parts>()
  const note = (labels: Labels, name: string, value: number) => {
    const id = seriesId(labels)
    const parts = byId.get(id) ?? { labels }
    parts[name] = value
    byId.set(id, parts)
  }
  for (const {
    labels,
    values: [value = Number.NaN],
  } of values) {
    note(writtenLabels(labels, { tenant: defaultTenant, mission }), 'value', value)
  }
  for (const series of written) {
    const { __name__: name = '', ...labels } = series.labels
    note(labels, name, name === 'anomaly_score' ? sampleAt(series, atMs) : interpolate(series, atMs, stepMs))
  }
  return [...byId.values()].map(reading)
}

function reading({ labels, ...parts }: Parts): Reading {
  const at = (name: string) => {
    const value = parts[name]
    return typeof value === 'number' ? value : Number.NaN
  }
  const quantities = {
    value: at('value'),
    pred: at('anomaly_pred'),
    lower: at('anomaly_lower'),
    upper: at('anomaly_upper'),
    score: at('anomaly_score'),
  }
  return { labels, ...quantities, state: stateOf(quantities) }
}

function stateOf({ value, pred, score }: Pick<Reading, 'value' | 'pred' | 'score'>): ReadingState {
  if (score > 1) return 'anomaly'
  if (score <= 1) return 'ok'
  if (Number.isNaN(value)) return 'no_data'
  return Number.isNaN(pred) ? 'learning' : 'waiting'
}

function sampleAt({ timestampsMs, values }: RawSeries, ms: number): number {
  return values[timestampsMs.indexOf(ms)] ?? Number.NaN
}

/** Linear between the grid steps on both sides, as detection has it. */
function interpolate(series: RawSeries, ms: number, stepMs: number): number {
  const gridMs = floorToStep(ms, stepMs)
  const before = sampleAt(series, gridMs)
  if (gridMs === ms) return before
  const after = sampleAt(series, gridMs + stepMs)
  return before + (after - before) * ((ms - gridMs) / stepMs)
}
