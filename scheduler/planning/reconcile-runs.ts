import { begunRecord, endedRecord } from '../queue/attempt-record.ts'
import type { FoundJob } from '../queue/find-jobs.ts'
import type { ClosableRunQueue } from '../queue/queue.ts'
import { type FlowName, isOver, type RunRecord } from '../queue/runs.ts'
import type { RunStore } from '../store/ticks/run-store.ts'
import type { ScheduleKey } from '../store/ticks/schedule-keys.ts'
import type { ScheduleStore } from '../store/ticks/schedule-store.ts'
import type { TickStore } from '../store/ticks/tick-store.ts'
import type { TickMetrics } from './plan-due.ts'

export interface ReconcileDeps {
  readonly schedules: ScheduleStore
  readonly ticks: TickStore
  readonly runs: RunStore
  readonly queue: Pick<ClosableRunQueue, 'find' | 'unlocked' | 'remove'>
  readonly metrics: TickMetrics & { lostRun(flow: FlowName): void }
}

export interface ReconcileReport {
  /** Ticks that were enqueued and lost before a worker began them. */
  readonly missedTicks: number
  /** Runs that a worker had begun and that are no worker's any more. */
  readonly lostRuns: number
  /** Schedules that had lost their due entry. */
  readonly repaired: readonly ScheduleKey[]
}

/** What is younger than this may still be on its way. */
const settledMs = 30_000
/** Past its time-out by this, a run was to be found by another worker long ago. */
const stuckMarginMs = 120_000
/** As workers have it for jobs that bear none. */
const defaultTimeoutMs = 600_000

/** Finds what a crash, a flushed Redis or a defect left behind, so that every T ends in an outcome. */
export async function reconcile(deps: ReconcileDeps, nowMs: number): Promise<ReconcileReport> {
  const missedTicks = await missLostTicks(deps, nowMs)
  const lostRuns = (await loseGoneRuns(deps, nowMs)) + (await loseStuckRuns(deps, nowMs))
  return { missedTicks, lostRuns, repaired: await deps.schedules.repairDue() }
}

async function missLostTicks({ ticks, metrics }: ReconcileDeps, nowMs: number): Promise<number> {
  let missed = 0
  for (const { nominalMs, ...schedule } of await ticks.lostTicks(nowMs - settledMs)) {
    const lagMs = nowMs - nominalMs
    const { outcome, isNew } = await ticks.record(schedule, { nominalMs, outcome: 'missed', reason: 'run_lost', lagMs })
    if (!isNew) continue
    missed++
    metrics.tick(schedule.flow, outcome, lagMs)
  }
  return missed
}

/** Their jobs are gone, or ended without a word about it. */
async function loseGoneRuns({ runs, queue, metrics }: ReconcileDeps, nowMs: number): Promise<number> {
  let lost = 0
  for (const { runId } of await runs.unfinished(nowMs - settledMs)) {
    // before the queue is asked: a worker that ends the run tells the record first
    const stored = await runs.read(runId)
    if (!stored || isOver(stored.record.state)) continue
    const found = await queue.find(runId)
    if (found && found.state !== 'completed' && found.state !== 'failed') continue
    const ended =
      found?.state === 'completed'
        ? doneRecord(stored.record, found)
        : lostRecord(stored.record, nowMs, found ? 'it failed, and no worker said why' : 'its job is gone')
    if (!(await runs.end(stored, ended)) || ended.state !== 'lost') continue
    metrics.lostRun(ended.flow)
    lost++
  }
  return lost
}

/** At work beyond their time, with locks that nobody renews: their workers are gone, and no other looked for them. */
async function loseStuckRuns({ runs, queue, metrics }: ReconcileDeps, nowMs: number): Promise<number> {
  let lost = 0
  const stuck = await queue.unlocked(
    ({ timeoutMs = defaultTimeoutMs }, startedMs) => nowMs > startedMs + timeoutMs + stuckMarginMs,
  )
  for (const found of stuck) {
    const { flow, runId } = found.job
    // one that a worker took meanwhile stays
    if (!(await queue.remove(flow, runId))) continue
    const stored = await runs.read(runId)
    if (stored && isOver(stored.record.state)) continue
    const ended = lostRecord(
      stored?.record ?? recordOf(found),
      nowMs,
      'its worker was killed or hung, and no other took it',
    )
    if (!stored) await runs.put(ended)
    else if (!(await runs.end(stored, ended))) continue
    metrics.lostRun(flow)
    lost++
  }
  return lost
}

/** Of a plain run: nobody but its job told of it. */
const recordOf = ({ job, attempts, startedMs = job.enqueuedMs }: FoundJob): RunRecord =>
  begunRecord({ job, attempt: attempts + 1, worker: '', startedMs })

/** Its worker could not write that it had ended. */
const doneRecord = (record: RunRecord, { endedMs = record.startedMs, summary }: FoundJob): RunRecord =>
  endedRecord(record, { state: 'succeeded', endedMs, ...(summary && { summary }) })

function lostRecord(record: RunRecord, nowMs: number, why: string): RunRecord {
  const error = { code: 'WORKER_LOST', message: `run ${record.runId}: ${why}` }
  return endedRecord(record, { state: 'lost', endedMs: nowMs, error })
}
