import { floorToStep, type Panel, type StepRange } from '../../models/series.ts'
import type { Deps, SeriesPart } from '../deps.ts'

export interface PanelQuery {
  readonly query: string
  /** Open at the left, closed at the right. */
  readonly range: StepRange
  readonly stepMs: number
  readonly maxSeries?: number
  readonly part?: SeriesPart
  readonly allowOutputs?: boolean
  readonly ownOutputs?: boolean
}

/** Reads the values of a query at exactly the steps of a range; what is not finite is a gap. */
export async function readPanel(
  { reader, signal }: Pick<Deps, 'reader' | 'signal'>,
  { range, stepMs, ...query }: PanelQuery,
): Promise<Panel> {
  const startMs = floorToStep(range.fromMs, stepMs) + stepMs
  const endMs = floorToStep(range.untilMs, stepMs)
  if (endMs < startMs) return { startMs, stepMs, length: 0, series: [] }
  return reader.queryRange({ ...query, startMs, endMs, stepMs }, signal)
}
