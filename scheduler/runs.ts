import type { StepRange } from '../models/series.ts'
import type { PayloadMeta } from '../tasks/deps.ts'

export type FlowName = 'forecast' | 'detect'
/** tick: by the planner. first: registration, edit, refill. request: asked for by detect. */
export type RunKind = 'tick' | 'first' | 'trigger' | 'request' | 'join' | 'backfill'

/** Who owns which steps in a detect window, by arithmetic. */
export interface StepOwner {
  readonly nominalMs: number
  readonly owned: StepRange
}

/** Decided at the first attempt and kept in the job, so that every retry scores the same steps with the same bands. */
export interface DetectPlan {
  readonly window: StepRange
  /** Owners of all grid steps that the window needs, oldest first. */
  readonly owners: readonly StepOwner[]
  /** Payloads that were alive at the first attempt, newest T first. */
  readonly payloads: readonly PayloadMeta[]
}

/** What a BullMQ job bears: names and instants, never samples. New fields are optional: older releases wrote jobs without. */
export interface RunJob {
  readonly runId: string
  readonly kind: RunKind
  readonly flow: FlowName
  readonly tenant: string
  readonly mission: string
  /** T. */
  readonly nominalMs: number
  /** The mission's bandKey when the run was enqueued; a job of another key only finishes publishing what it began. */
  readonly bandKey: string
  readonly enqueuedMs: number
  /** Only runs that a schedule made hold its overlap key. */
  readonly scheduleId?: string
  readonly detectPlan?: DetectPlan
  /** Join: ids and labels of the series without a forecast. Absent for other kinds. */
  readonly joinIds?: readonly string[]
  /** Backfill of detect: the steps to score. Absent for other kinds. */
  readonly backfill?: { readonly id: string; readonly window?: StepRange }
  /** Trigger: compute again though the payload is kept. */
  readonly recompute?: boolean
}

const dot = (parts: readonly (string | number)[]): string => parts.join('.')

/** Job ids: no ':' and no bare integer, as BullMQ asks. */
export const runIds = {
  tick: (tenant: string, scheduleId: string, nominalMs: number) => dot(['r', tenant, scheduleId, nominalMs]),
  first: (tenant: string, mission: string, nominalMs: number, bandKey: string, n: number) =>
    dot(['f', tenant, mission, nominalMs, bandKey, n]),
  join: (tenant: string, mission: string, nominalMs: number) => dot(['j', tenant, mission, nominalMs]),
  backfill: (backfillId: string, nominalMs: number) => dot(['b', backfillId, nominalMs]),
  overlap: (tenant: string, scheduleId: string) => dot(['o', tenant, scheduleId]),
} as const
