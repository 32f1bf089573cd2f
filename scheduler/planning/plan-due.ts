import { toAppError } from '../../models/errors.ts'
import { type CalendarReader, noCalendars } from '../calendars/calendar-reader.ts'
import { excuses } from '../calendars/excuses.ts'
import {
  type EnqueueAnswer,
  type EnqueueRequest,
  type FlowName,
  type OverlapMode,
  type RunQueue,
  runIds,
} from '../queue/runs.ts'
import type { ScheduleStore } from '../store/ticks/schedule-store.ts'
import type { StoredSchedule } from '../store/ticks/stored-schedule.ts'
import type { TickMark } from '../store/ticks/tick-codec.ts'
import type { CatchUpStarts } from './catch-up-starts.ts'
import { decideTicks, type PlannedTick, type TickDecision } from './decide-ticks.ts'
import { nextNominal } from './tick-sequence.ts'
import type { Overlap, TickOutcome } from './types.ts'

export interface TickMetrics {
  tick(flow: FlowName, outcome: TickOutcome, lagMs: number): void
}

export interface PlanDeps {
  readonly schedules: ScheduleStore
  readonly queue: RunQueue
  readonly metrics: TickMetrics
  /** Default: there are none. */
  readonly calendars?: CalendarReader
  /** Default: nothing is remembered. */
  readonly catchUpStarts?: CatchUpStarts
}

export interface PlanReport {
  /** Decisions that held. */
  readonly decided: number
  /** Decisions about a schedule that another planner or an edit had moved meanwhile. */
  readonly overtaken: number
  readonly enqueued: number
}

const schedulesPerBatch = 500
/** How soon a T is tried again that waits for the run before it: a quarter of its step, or a fast schedule never catches up. */
const serialRetryMs = { least: 250, most: 2_000 }
const tickPriority = 10
/** Ticks that are caught up one by one let everything present go first. */
const serialPriority = 100

/** One pass: everything due at `nowMs` is decided, enqueued and advanced. Two at once do no harm. */
export async function planDue(deps: PlanDeps, nowMs: number): Promise<PlanReport> {
  const report = { decided: 0, overtaken: 0, enqueued: 0 }
  let excused: Excused | undefined
  for (;;) {
    const due = await deps.schedules.dueBefore(nowMs, schedulesPerBatch)
    if (due.length === 0) return report
    // once a pass: a calendar that came before a T was due is known when it is decided
    excused ??= excuses(await (deps.calendars ?? noCalendars).snapshot())
    const batch = await planBatch(deps, { due, nowMs, excused })
    report.decided += batch.decided
    report.overtaken += batch.overtaken
    report.enqueued += batch.enqueued
    if (batch.decided === 0) return report
  }
}

type Excused = ReturnType<typeof excuses>

interface Batch {
  readonly due: readonly StoredSchedule[]
  readonly nowMs: number
  readonly excused: Excused
}

/** Where planning many at once fails, each is planned alone: one that cannot be is set aside, and the others go on. */
async function planBatch(deps: PlanDeps, batch: Batch): Promise<PlanReport> {
  try {
    return await planTogether(deps, batch)
  } catch {
    const report = { decided: 0, overtaken: 0, enqueued: 0 }
    for (const schedule of batch.due) {
      const alone = await planAlone(deps, schedule, batch)
      report.decided += alone.decided
      report.overtaken += alone.overtaken
      report.enqueued += alone.enqueued
    }
    return report
  }
}

async function planAlone(deps: PlanDeps, schedule: StoredSchedule, batch: Batch): Promise<PlanReport> {
  try {
    return await planTogether(deps, { ...batch, due: [schedule] })
  } catch (error) {
    // fails as well while Redis is away, and so does the pass
    await deps.schedules.setAside(schedule, toAppError(error).message, batch.nowMs)
    return { decided: 0, overtaken: 0, enqueued: 0 }
  }
}

async function planTogether(deps: PlanDeps, { due, nowMs, excused }: Batch): Promise<PlanReport> {
  const decisions: { schedule: StoredSchedule; decision: TickDecision }[] = []
  for (const schedule of due) {
    try {
      const catchUpFromMs = deps.catchUpStarts?.of(schedule, nowMs)
      const decision = decideTicks(schedule, nowMs, { excusedAt: excused(schedule), catchUpFromMs })
      deps.catchUpStarts?.keep(schedule, decision.catchUpFromMs, nowMs)
      decisions.push({ schedule, decision })
    } catch (error) {
      // such as a time zone that this machine does not know
      await deps.schedules.setAside(schedule, toAppError(error).message, nowMs)
    }
  }
  const requests = decisions.flatMap(({ schedule, decision }) =>
    decision.enqueue.map((tick) => tickRequest(schedule, tick, nowMs)),
  )
  const answers = new Map((await deps.queue.enqueue(requests)).map((answer) => [answer.runId, answer]))
  const concluded = await Promise.allSettled(decisions.map((decided) => conclude(deps, { ...decided, answers, nowMs })))
  const held = concluded.map((end) => {
    if (end.status === 'rejected') throw end.reason
    return end.value
  })
  const decided = held.filter(Boolean).length
  const enqueued = [...answers.values()].filter(({ outcome }) => outcome === 'new').length
  return { decided, overtaken: held.length - decided, enqueued }
}

interface Decided {
  readonly schedule: StoredSchedule
  readonly decision: TickDecision
  readonly answers: ReadonlyMap<string, EnqueueAnswer>
  readonly nowMs: number
}

/** Advances one schedule past what was decided; false when somebody else was first. */
async function conclude({ schedules, metrics }: PlanDeps, decided: Decided): Promise<boolean> {
  const { schedule, decision, answers, nowMs } = decided
  const ends = decision.enqueue.map((tick) => ({ tick, answer: answers.get(runIdOf(schedule, tick)) }))
  const held = ends.filter(({ answer }) => answer?.outcome === 'held')
  const opened = ends.filter((end) => !held.includes(end)).map(({ tick }) => tick.nominalMs)
  // one of several that are caught up stays due until the run before it has ended
  const waits = held.some(({ tick }) => tick.serial)
  const marks = [...decision.marks]
  if (!waits) marks.push(...held.map(({ tick, answer }) => heldMark(schedule, tick, answer?.heldBy, nowMs)))
  const lastNominalMs = waits ? (marks.at(-1)?.nominalMs ?? schedule.lastNominalMs) : decision.lastNominalMs
  const nextMs = nextNominal(schedule, lastNominalMs)
  const dueMs = waits ? nowMs + retryMs(schedule, nextMs) : nextMs && nextMs + schedule.spreadMs
  if (!(await schedules.advance(schedule, { lastNominalMs, dueMs, marks, opened }, nowMs))) return false
  for (const { outcome, lagMs = 0 } of marks) metrics.tick(schedule.flow, outcome, lagMs)
  for (const { answer } of ends)
    if (answer?.replaced) metrics.tick(schedule.flow, 'coalesced', nowMs - nominalOf(answer.replaced))
  return true
}

function retryMs(schedule: StoredSchedule, nominalMs = 0): number {
  const stepMs = (nextNominal(schedule, nominalMs) ?? Number.POSITIVE_INFINITY) - nominalMs
  return Math.min(Math.max(stepMs / 4, serialRetryMs.least), serialRetryMs.most)
}

function tickRequest(schedule: StoredSchedule, tick: PlannedTick, nowMs: number): EnqueueRequest {
  const { tenant, id, mission, flow, bandKey, policy, own } = schedule
  const mode = tick.serial ? 'skip' : overlapModes[policy.overlap]
  return {
    job: {
      ...{ runId: runIdOf(schedule, tick), kind: 'tick', flow, tenant, mission, nominalMs: tick.nominalMs, bandKey },
      ...{ enqueuedMs: nowMs, scheduleId: id, timeoutMs: policy.timeoutMs, startDeadlineMs: policy.startDeadlineMs },
      ...(own && { task: { flow: own.flow, params: own.params ?? {} } }),
      ...(tick.reason === 'caught_up' && { isCaughtUp: true }),
    },
    priority: tick.serial ? serialPriority : tickPriority,
    maxAttempts: policy.maxAttempts,
    backoffMs: policy.backoffMs,
    ...(mode && { overlap: mode }),
  }
}

const overlapModes: Readonly<Record<Overlap, OverlapMode | undefined>> = {
  skip: 'skip',
  bufferLatest: 'latest',
  allow: undefined,
}

/** skip: another run is alive. bufferLatest: a run of a later T waits already. */
function heldMark({ policy }: StoredSchedule, { nominalMs }: PlannedTick, holder = '', nowMs: number): TickMark {
  const by = { nominalMs, lagMs: nowMs - nominalMs, byNominalMs: nominalOf(holder) }
  if (policy.overlap === 'bufferLatest') return { ...by, outcome: 'coalesced', reason: 'newer_due' }
  return { ...by, outcome: 'skipped_overlap', reason: 'holder_active' }
}

const runIdOf = ({ tenant, id }: StoredSchedule, { nominalMs }: PlannedTick): string =>
  runIds.tick(tenant, id, nominalMs)

/** T of a tick's run. */
const nominalOf = (runId: string): number => Number(runId.slice(runId.lastIndexOf('.') + 1))
