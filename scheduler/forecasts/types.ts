import type { AppError } from '../../models/errors.ts'

/** `queued` until a worker begins it; the last three are final. */
export type ForecastStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'

/** What is known of a forecast that somebody asked for, beside its result. */
export interface ForecastRecord {
  /** Of the forecast, and of the job that makes it. */
  readonly id: string
  readonly tenant: string
  /** Name of the API key. */
  readonly actor: string
  readonly status: ForecastStatus
  readonly model: string
  /** Of the model's files; once it is made. */
  readonly revision?: string
  readonly input: 'query' | 'series' | 'rows'
  readonly query?: string
  readonly datasource?: string
  readonly predictionLength: number
  /** Ascending. */
  readonly quantileLevels: readonly number[]
  readonly createdMs: number
  readonly startedMs?: number
  readonly endedMs?: number
  /** Series; known once they were read. */
  readonly done?: number
  readonly total?: number
  readonly error?: ForecastError
}

export type ForecastError = Pick<AppError, 'code' | 'message' | 'problems'>

export interface ForecastName {
  readonly tenant: string
  readonly id: string
}

/** `request`: somebody waits for it. */
export type ForecastKind = 'request' | 'job'

/** What the BullMQ job bears; the input lies beside it. */
export interface ForecastJob extends ForecastName {
  readonly kind: ForecastKind
  /** Written by the queue; older releases wrote jobs without. */
  readonly enqueuedMs?: number
}

export interface ForecastMetrics {
  /** Every attempt, with its error unless it succeeded. */
  attempt(seconds: number, error?: string): void
  /** The one end of a forecast. */
  end(status: 'succeeded' | 'failed' | 'cancelled'): void
}

export const isOver = ({ status }: Pick<ForecastRecord, 'status'>): boolean =>
  status !== 'queued' && status !== 'running'
