import type { StepRange } from '../../models/series.ts'
import type { FlowName } from '../queue/runs.ts'
import type { Pause } from '../store/pause.ts'
import type { BackfillDocument } from './document.ts'

/** cancelling: asked to end, while runs are still at work. */
export const backfillStates = ['running', 'paused', 'cancelling', 'cancelled', 'finished'] as const
export type BackfillState = (typeof backfillStates)[number]

export interface BackfillKey {
  readonly tenant: string
  readonly id: string
}

/** What one mission has of a backfill. */
export interface BackfillPart {
  readonly mission: string
  /** Hash of what its runs depend on: another one means that the mission was edited or created again. */
  readonly signature: string
  /** On the grid of the forecast, or of the live values for flow detect. */
  readonly range: StepRange
  /** Of that grid. */
  readonly stepMs: number
  /** Longest piece that one detect run scores; absent: what a T owns. */
  readonly chunkMs?: number
  /** Between what was handed out and what is left. */
  readonly cursorMs: number
  /** Pieces: T's, or chunks of flow detect. */
  readonly total: number
  readonly handedOut: number
  /** Why nothing more comes of it. */
  readonly ended?: string
}

/** One piece: a T with the steps that it owns, or a chunk of steps to score. */
export interface BackfillUnit {
  readonly nominalMs: number
  readonly window: StepRange
}

/** A piece that is at work. */
export interface ActiveUnit extends BackfillUnit {
  readonly mission: string
  readonly stage: FlowName
  readonly runId: string
}

export interface BackfillFailure {
  readonly mission: string
  readonly nominalMs: number
  readonly runId: string
  readonly code: string
  readonly message: string
}

export interface Backfill extends BackfillKey {
  readonly document: BackfillDocument & { readonly id: string }
  readonly actor: string
  readonly createdMs: number
  readonly updatedMs: number
  /** Grows with every write. */
  readonly revision: number
  readonly state: BackfillState
  readonly pause?: Omit<Pause, 'untilMs'> & { readonly actor: string }
  readonly parts: readonly BackfillPart[]
  readonly active: readonly ActiveUnit[]
  /** Begun pieces whose next run is not in the queue: it is handed out before new pieces, and only while running. */
  readonly pending: readonly ActiveUnit[]
  readonly done: number
  readonly failed: number
  /** By reason. */
  readonly skipped: Readonly<Record<string, number>>
  /** The newest ones. */
  readonly failures: readonly BackfillFailure[]
  readonly failedInRow: number
  /** When it went on last and how much was over by then: what the estimate is made from. */
  readonly pace: { readonly sinceMs: number; readonly settled: number }
}

/** Pieces that are begun and not over. */
export const unitsInHand = ({ active, pending }: Backfill): readonly ActiveUnit[] => [...active, ...pending]

export const totalOf = ({ parts }: Backfill): number => parts.reduce((sum, { total }) => sum + total, 0)

export const skippedOf = ({ skipped }: Backfill): number => Object.values(skipped).reduce((sum, n) => sum + n, 0)

export const settledOf = (backfill: Backfill): number => backfill.done + backfill.failed + skippedOf(backfill)

export const isOver = ({ state }: Pick<Backfill, 'state'>): boolean => state === 'finished' || state === 'cancelled'

/** When everything will be over if it goes on as it went; undefined while nobody can tell. */
export function endsAtMs(backfill: Backfill, nowMs: number): number | undefined {
  const { state, pace } = backfill
  const settled = settledOf(backfill)
  const since = settled - pace.settled
  if (state !== 'running' || since <= 0) return undefined
  return nowMs + ((totalOf(backfill) - settled) * (nowMs - pace.sinceMs)) / since
}
