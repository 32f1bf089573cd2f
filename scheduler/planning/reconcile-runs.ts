import type { FlowName, RunQueue } from '../queue/runs.ts'
import type { RunStore } from '../store/ticks/run-store.ts'
import type { ScheduleKey } from '../store/ticks/schedule-keys.ts'
import type { ScheduleStore } from '../store/ticks/schedule-store.ts'
import type { TickStore } from '../store/ticks/tick-store.ts'
import type { TickMetrics } from './plan-due.ts'

export interface ReconcileDeps {
  readonly schedules: ScheduleStore
  readonly ticks: TickStore
  readonly runs: RunStore
  readonly queue: Pick<RunQueue, 'state'>
  readonly metrics: TickMetrics & { lostRun(flow: FlowName): void }
}

export interface ReconcileReport {
  /** Ticks that were enqueued and lost before a worker began them. */
  readonly missedTicks: number
  /** Runs that a worker had begun and whose job is gone. */
  readonly lostRuns: number
  /** Schedules that had lost their due entry. */
  readonly repaired: readonly ScheduleKey[]
}

/** What is younger than this may still be on its way. */
const settledMs = 30_000

/** Finds what a crash, a flushed Redis or a defect left behind, so that every T ends in an outcome. */
export async function reconcile(deps: ReconcileDeps, nowMs: number): Promise<ReconcileReport> {
  const missedTicks = await missLostTicks(deps, nowMs)
  const lostRuns = await loseGoneRuns(deps, nowMs)
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

async function loseGoneRuns({ runs, queue, metrics }: ReconcileDeps, nowMs: number): Promise<number> {
  let lost = 0
  for (const record of await runs.unfinished(nowMs - settledMs)) {
    const state = await queue.state(record.flow, record.runId)
    if (state !== undefined && state !== 'completed' && state !== 'failed') continue
    const error = { code: 'INTERNAL', message: `run ${record.runId}: its job is gone` }
    await runs.put({ ...record, state: 'lost', endedMs: nowMs, error })
    metrics.lostRun(record.flow)
    lost++
  }
  return lost
}
