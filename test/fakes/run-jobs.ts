import { type EnqueueRequest, type RunJob, runIds } from '../../scheduler/queue/runs.ts'

const midnightMs = Date.UTC(2026, 10, 2)

/** A tick's job of mission `cpu` at midnight plus some minutes. */
export function tickJob(minute: number, changes: Partial<RunJob> = {}): RunJob {
  const nominalMs = midnightMs + minute * 60_000
  const flow = changes.flow ?? 'detect'
  const scheduleId = changes.scheduleId ?? `cpu.${flow}`
  return {
    runId: runIds.tick('default', scheduleId, nominalMs),
    ...{ kind: 'tick', flow, tenant: 'default', mission: 'cpu', nominalMs, bandKey: 'b1', enqueuedMs: nominalMs },
    scheduleId,
    ...changes,
  }
}

export function tickRequest(
  job: RunJob,
  mode?: 'skip' | 'latest',
  changes: Partial<EnqueueRequest> = {},
): EnqueueRequest {
  return { job, priority: 10, ...(mode && { overlap: mode }), ...changes }
}
