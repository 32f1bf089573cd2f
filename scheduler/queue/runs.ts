import type { StepRange } from '../../models/series.ts'
import type { PayloadMeta, SeriesPart } from '../../tasks/deps.ts'
import type { Shard } from '../../tasks/shards/plan-shards.ts'

export const flowNames = ['forecast', 'detect'] as const
export type FlowName = (typeof flowNames)[number]

/** tick: by the planner. first: registration, edit, refill. request: asked for by detect. shard: a part of another run. */
export const runKinds = ['tick', 'first', 'trigger', 'request', 'join', 'backfill', 'shard'] as const
export type RunKind = (typeof runKinds)[number]

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
  /** T's of owners without a payload whose run waited or was at work. Absent: none. */
  readonly awaited?: readonly number[]
}

/** What a schedule of its own runs: a flow and its parameters, as they were written. */
export interface FlowTask {
  readonly flow: string
  readonly params: Readonly<Record<string, unknown>>
}

/** What a BullMQ job bears: names and instants, never samples. New fields are optional: older releases wrote jobs without. */
export interface RunJob {
  readonly runId: string
  readonly kind: RunKind
  readonly flow: FlowName
  readonly tenant: string
  /** '' where `task` says what to do. */
  readonly mission: string
  /** T. */
  readonly nominalMs: number
  /** The mission's bandKey when the run was enqueued; a job of another key only finishes publishing what it began. */
  readonly bandKey: string
  readonly enqueuedMs: number
  /** Only runs that a schedule made hold its overlap key. */
  readonly scheduleId?: string
  /** Of a schedule that no mission has. */
  readonly task?: FlowTask
  readonly detectPlan?: DetectPlan
  /** Join: ids of the series without a forecast. Absent for other kinds. */
  readonly joinIds?: readonly string[]
  /**
   * Of kind backfill alone; with the window that detect is to score. `of`: the backfill that somebody asked for, which
   * orders every run itself and writes only what the store lacks. Absent: of a registration or an outage. `earlier`: of a
   * registration, whose runs enqueue each other.
   */
  readonly backfill?: {
    readonly id: string
    readonly window?: StepRange
    readonly of?: string
    readonly earlier?: EarlierTicks
  }
  /** Of a forecast that is split: decided at its first attempt, so that every other has the same. Absent: it is none. */
  readonly shards?: readonly Shard[]
  /** Of kind shard alone: which part of which run. */
  readonly shard?: ShardOf
  /** Trigger: compute again though the payload is kept. */
  readonly recompute?: boolean
  /** Per attempt; absent: the worker's default. */
  readonly timeoutMs?: number
  /** Dropped as `expired` unless begun this long after T, or after `enqueuedMs` where that is later; absent: never. */
  readonly startDeadlineMs?: number
  /** Written by the queue from the request: how the run treats others of its schedule. Absent: it may run beside them. */
  readonly overlap?: OverlapMode
  /** A tick that was planned late, after an outage. Absent: on time. */
  readonly isCaughtUp?: boolean
  /**
   * Attempts of a run that had ended before somebody asked for another: it runs beside its schedule, and its tick stays
   * what it was. Absent: nobody did.
   */
  readonly retriedAfter?: number
}

/** T's before that of a run, which are still to come. */
export interface EarlierTicks {
  /** Those after it. */
  readonly sinceMs: number
  /** At most so many. */
  readonly left: number
}

export interface ShardOf {
  /** Id of the run that is split. */
  readonly of: string
  readonly number: number
  readonly part: SeriesPart
}

/** skip: refused while another is alive. latest: takes the place of a waiting one, waits for a running one. */
export type OverlapMode = 'skip' | 'latest'

const dot = (parts: readonly (string | number)[]): string => parts.join('.')

/** Job ids: no ':' and no bare integer, as BullMQ asks. */
export const runIds = {
  tick: (tenant: string, scheduleId: string, nominalMs: number) => dot(['r', tenant, scheduleId, nominalMs]),
  first: (tenant: string, mission: string, nominalMs: number, bandKey: string, n: number) =>
    dot(['f', tenant, mission, nominalMs, bandKey, n]),
  join: (tenant: string, mission: string, nominalMs: number) => dot(['j', tenant, mission, nominalMs]),
  /** Of a schedule that no mission has. */
  trigger: (tenant: string, scheduleId: string, nominalMs: number) => dot(['t', tenant, scheduleId, nominalMs]),
  backfill: (backfillId: string, nominalMs: number) => dot(['b', backfillId, nominalMs]),
  /** `retriedAfter` of the run that is split: its retry tries shards that failed once more. */
  shard: (of: string, number: number, retriedAfter = 0) =>
    dot([of, retriedAfter > 0 ? `s${number}r${retriedAfter}` : `s${number}`]),
} as const

export interface EnqueueRequest {
  readonly job: RunJob
  /** Earliest start; default now. */
  readonly startAtMs?: number
  /** 0 goes before everything; ticks 10, requests and first runs 5, gaps 1000, backfills that were asked for 2000. */
  readonly priority: number
  /** How the run treats others of its schedule; absent: it may run beside them. */
  readonly overlap?: OverlapMode
  readonly maxAttempts?: number
  readonly backoffMs?: number
}

/** `new`: enqueued. `same`: this id is known already (an idempotent repeat). `held`: the overlap key is another run's. */
export interface EnqueueAnswer {
  readonly runId: string
  readonly outcome: 'new' | 'same' | 'held'
  readonly heldBy?: string
  /** Waiting run of the same overlap key that gave way to this one; its tick is `coalesced` already. */
  readonly replaced?: string
}

export type RunState = 'waiting' | 'delayed' | 'active' | 'completed' | 'failed'

/** BullMQ behind two verbs: one queue per flow. */
export interface RunQueue {
  enqueue(requests: readonly EnqueueRequest[]): Promise<EnqueueAnswer[]>
  /** undefined when the queue does not know the run (any more). */
  state(flow: FlowName, runId: string): Promise<RunState | undefined>
}

export const recordStates = ['active', 'retrying', 'succeeded', 'failed', 'lost', 'cancelled'] as const

export const isOver = (state: KnownRun['state']): boolean =>
  state === 'succeeded' || state === 'failed' || state === 'lost' || state === 'cancelled'

/** One start of a run by a worker. */
export interface RunAttempt {
  readonly attempt: number
  readonly worker: string
  readonly startedMs: number
  /** Absent while it is at work, and for one whose worker was killed. */
  readonly endedMs?: number
  /** Code of what ended it. */
  readonly error?: string
}

/** Who wants a run to end, and why. */
export interface CancelRequest {
  readonly actor: string
  readonly reason: string
  readonly atMs: number
}

/** Full record of a forecast, triggered, slow or failed run. A plain detect run lives in its packed tick only. */
export interface RunRecord {
  readonly runId: string
  readonly kind: RunKind
  readonly flow: FlowName
  readonly tenant: string
  /** '' for a schedule that no mission has. */
  readonly mission: string
  /** The schedule that made it, and what it runs where no mission has it. */
  readonly scheduleId?: string
  readonly taskFlow?: string
  readonly nominalMs: number
  readonly state: (typeof recordStates)[number]
  /** 0 for one that was cancelled before a worker began it. */
  readonly attempt: number
  /** Of the last attempt, as its start and end; '' before the first. */
  readonly worker: string
  /** For `attempt` 0: when it was cancelled. */
  readonly startedMs: number
  readonly endedMs?: number
  readonly enqueuedMs?: number
  /** The newest ones, oldest first. */
  readonly attempts?: readonly RunAttempt[]
  readonly error?: { readonly code: string; readonly message: string }
  readonly cancel?: CancelRequest
  /** Small: counts and seconds by stage, never samples. */
  readonly summary?: Readonly<Record<string, unknown>>
  /** What it was asked to do, for another attempt; absent once it succeeded. */
  readonly job?: RunJob
}

/** How far a part of a run is, as its own record tells. */
export interface ShardReport
  extends Partial<Pick<RunRecord, 'attempt' | 'worker' | 'startedMs' | 'endedMs' | 'error'>> {
  readonly runId: string
  /** Which series, in words. */
  readonly part: string
  /** When the run was split. */
  readonly series: number
  readonly state: RunRecord['state'] | 'waiting'
  /** Series that it found, and those that it forecast. */
  readonly read?: number
  readonly forecast?: number
  readonly fallback?: string
}

/** A run as far as it is known: one that waits, and a plain detect run, have no record. */
export interface KnownRun extends Omit<RunRecord, 'state' | 'worker' | 'startedMs'> {
  readonly state: RunRecord['state'] | 'waiting' | 'cancelling'
  readonly worker?: string
  /** Of a run that was split and has not ended; then its summary tells of them. */
  readonly shards?: readonly ShardReport[]
  readonly startedMs?: number
}

export interface RunControl {
  /** 1 for the first; counts failures and killed workers, not waits. */
  readonly attempt: number
  /** Keeps in the job what every later attempt must have alike. */
  updateJob(job: RunJob): Promise<void>
  /** Aborts with an AppError: RUN_TIMEOUT, or RUN_CANCELLED when somebody cancels it, the worker stops or has lost the job. */
  readonly signal: AbortSignal
  /** A line for whoever looks at this run. */
  readonly log?: RunLogWriter
}

export interface RunLogLine {
  readonly atMs: number
  readonly level: 'info' | 'warn'
  readonly text: string
}

export type RunLogWriter = (level: RunLogLine['level'], text: string) => void

export type RunSummary = Readonly<Record<string, unknown>>

/** In place of a summary: others have work to do for the run first; it goes on once they have ended, and holds no place till then. */
export const waitsForShards = Symbol('waits for shards')

/** What a worker calls; the answer becomes `RunRecord.summary`. Throws AppError; its code decides about another attempt. */
export type ExecuteRun = (job: RunJob, control: RunControl) => Promise<RunSummary | typeof waitsForShards>
