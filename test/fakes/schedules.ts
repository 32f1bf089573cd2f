import type { SchedulePolicy } from '../../scheduler/planning/types.ts'
import type { ScheduleEntry, StoredSchedule } from '../../scheduler/store/ticks/stored-schedule.ts'

export const minuteMs = 60_000
export const hourMs = 3_600_000

export const policy: SchedulePolicy = {
  overlap: 'skip',
  catchUp: 'latest',
  catchUpWindowMs: 24 * hourMs,
  maxCatchUpTicks: 10,
  startDeadlineMs: 10 * minuteMs,
  timeoutMs: 5 * minuteMs,
  maxAttempts: 3,
  backoffMs: 1_000,
  startSpreadMs: 0,
}

export function scheduleEntry(changes: Partial<ScheduleEntry> = {}): ScheduleEntry {
  return {
    tenant: 'default',
    id: 'cpu.detect',
    mission: 'cpu',
    flow: 'detect',
    spec: { kind: 'every', everyMs: minuteMs, phaseMs: 0 },
    policy,
    bandKey: 'b1',
    ...changes,
  }
}

export function storedSchedule(changes: Partial<StoredSchedule> = {}): StoredSchedule {
  return { ...scheduleEntry(), generation: 1, lastNominalMs: 0, earlier: [], spreadMs: 0, ...changes }
}
