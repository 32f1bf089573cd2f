import type { SeriesState } from '../../flows/contexts.ts'
import type { ScoredRow } from '../../tasks/score/judge-panel.ts'

export interface SeriesFilter {
  readonly state?: SeriesState
  readonly limit: number
  /** Opaque, from the page before. */
  readonly cursor?: string
}

/** A series at the step that is shown. */
export interface SeriesView extends Omit<ScoredRow, 'id' | 'points'> {
  /** First step of the time without a score, or with scores above 1; at most a day back. */
  readonly sinceMs?: number
  readonly learning?: Learning
}

export interface Learning {
  /** Values that the newest forecast found; of a series that came later: steps since it was first seen. */
  readonly points: number
  readonly minPoints: number
  /** Of a series that came after the newest forecast: the points are counted from there. */
  readonly firstSeenMs?: number
}

export interface SeriesPage {
  readonly atMs: number
  /** Of all series, whatever the filter. */
  readonly states: Readonly<Record<SeriesState, number>>
  /** Trouble first. */
  readonly series: readonly SeriesView[]
  readonly cursor?: string
}

export interface SeriesService {
  /** @throws NOT_FOUND, INVALID_PARAMS for a cursor of another place; what reading the store throws. */
  page(tenant: string, id: string, filter: SeriesFilter): Promise<SeriesPage>
}
