import type { RunQueue, RunRecord } from '../queue/runs.ts'
import type { RunStore } from '../store/ticks/run-store.ts'
import type { ActiveUnit, Backfill, BackfillFailure } from './types.ts'
import { unitRunId } from './unit-run.ts'

export interface SettleDeps {
  readonly runs: Pick<RunStore, 'get'>
  readonly queue: Pick<RunQueue, 'state'>
}

/** `lost`: neither a job nor a record, since whoever was to enqueue it ended before. */
export type UnitState =
  | { readonly kind: 'working' | 'lost' | 'done' }
  | { readonly kind: 'nothing'; readonly reason: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

export async function unitState({ runs, queue }: SettleDeps, { stage, runId }: ActiveUnit): Promise<UnitState> {
  // the record is written before the job ends, so it is read after the job
  const job = await queue.state(stage, runId)
  if (job === 'waiting' || job === 'delayed' || job === 'active') return { kind: 'working' }
  const record = await runs.get(runId)
  if (record) return recordState(record)
  if (job === undefined) return { kind: 'lost' }
  if (job === 'completed') return { kind: 'done' }
  return { kind: 'failed', code: 'INTERNAL', message: `run ${runId} left no record` }
}

function recordState({ flow, state, summary = {}, error }: RunRecord): UnitState {
  switch (state) {
    case 'succeeded':
      if (summary.outcome === 'nothing') return { kind: 'nothing', reason: String(summary.reason) }
      return flow === 'detect' && summary.scored === 0
        ? { kind: 'nothing', reason: 'nothing to score: no value or no band' }
        : { kind: 'done' }
    case 'failed':
    case 'lost':
      return { kind: 'failed', code: error?.code ?? 'INTERNAL', message: error?.message ?? 'no reason is known' }
    case 'cancelled':
      return { kind: 'nothing', reason: 'its run was cancelled' }
    default:
      // between two attempts, or its worker was killed: the reconciler finds it
      return { kind: 'working' }
  }
}

const failuresKept = 10

/** The backfill once a piece has come to this; a forecast that is there waits for its scores, a lost run for the queue. */
export function settleUnit(backfill: Backfill, unit: ActiveUnit, state: UnitState): Backfill {
  const active = backfill.active.filter((other) => other !== unit)
  switch (state.kind) {
    case 'working':
      return backfill
    case 'lost':
      return { ...backfill, active, pending: [...backfill.pending, unit] }
    case 'nothing':
      return skip({ ...backfill, active }, state.reason)
    case 'failed':
      return fail({ ...backfill, active }, { ...failureOf(unit), code: state.code, message: state.message })
    case 'done':
      if (unit.stage === 'forecast' && backfill.document.flow === 'both')
        return { ...backfill, active, pending: [...backfill.pending, scoring(backfill, unit)] }
      return { ...backfill, active, done: backfill.done + 1, failedInRow: 0 }
  }
}

export function skip(backfill: Backfill, reason: string, count = 1): Backfill {
  if (count <= 0) return backfill
  return { ...backfill, skipped: { ...backfill.skipped, [reason]: (backfill.skipped[reason] ?? 0) + count } }
}

function fail(backfill: Backfill, failure: BackfillFailure): Backfill {
  return {
    ...backfill,
    failed: backfill.failed + 1,
    failedInRow: backfill.failedInRow + 1,
    failures: [failure, ...backfill.failures].slice(0, failuresKept),
  }
}

const failureOf = ({ mission, nominalMs, runId }: ActiveUnit) => ({ mission, nominalMs, runId })

function scoring(backfill: Backfill, unit: ActiveUnit): ActiveUnit {
  const next = { ...unit, stage: 'detect' } as const
  return { ...next, runId: unitRunId(backfill, next, unit) }
}
