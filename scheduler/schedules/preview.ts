import { nextNominal } from '../planning/tick-sequence.ts'
import type { Clock } from '../process/clock.ts'
import type { ScheduleStore } from '../store/ticks/schedule-store.ts'
import { createdSchedule, type StoredSchedule } from '../store/ticks/stored-schedule.ts'
import type { ScheduleDocument } from './document.ts'
import { resolveSchedule } from './resolve.ts'
import { listTimes, type NominalTime } from './times.ts'

/** Starts in each second of the next minutes, of a tenant's schedules that are registered and of the new one. */
export interface StartLoad {
  readonly fromMs: number
  readonly registered: readonly number[]
  readonly own: readonly number[]
}

export interface SchedulePreview {
  readonly times: readonly NominalTime[]
  /** Every start lies this far behind its T. */
  readonly startDelayMs: number
  readonly load: StartLoad
}

interface PreviewRequest {
  readonly tenant: string
  readonly document: ScheduleDocument
  /** Times to list. */
  readonly count: number
}

const loadSeconds = 300
const schedulesPerRead = 1_000

/** When a schedule would be due, and beside what. Nothing is stored. @throws INVALID_PARAMS as a PUT would. */
export async function previewSchedule(
  { schedules, clock }: { readonly schedules: Pick<ScheduleStore, 'list'>; readonly clock: Clock },
  { tenant, document, count }: PreviewRequest,
): Promise<SchedulePreview> {
  const nowMs = clock.now()
  const fromMs = Math.floor(nowMs / 1_000) * 1_000
  const entry = resolveSchedule(tenant, document, { nowMs })
  const schedule = createdSchedule(entry, { generation: 0, lastNominalMs: nowMs })
  const registered: number[] = Array(loadSeconds).fill(0)
  const own: number[] = Array(loadSeconds).fill(0)
  for await (const other of allOf(schedules, tenant)) if (other.id !== document.id) addStarts(registered, other, fromMs)
  addStarts(own, schedule, fromMs)
  const times = listTimes(entry.spec, { fromMs: nowMs, untilMs: Number.POSITIVE_INFINITY, limit: count })
  return { times, startDelayMs: schedule.spreadMs, load: { fromMs, registered, own } }
}

async function* allOf(schedules: Pick<ScheduleStore, 'list'>, tenant: string): AsyncGenerator<StoredSchedule> {
  let cursor: string | undefined
  do {
    const page = await schedules.list(tenant, { limit: schedulesPerRead, ...(cursor !== undefined && { cursor }) })
    yield* page.schedules
    cursor = page.cursor
  } while (cursor !== undefined)
}

/** Counts the starts of one schedule into `seconds`, of which the first begins at `fromMs`. */
function addStarts(seconds: number[], schedule: StoredSchedule, fromMs: number): void {
  const untilMs = fromMs + seconds.length * 1_000
  let nominalMs = nextNominal(schedule, fromMs - schedule.spreadMs - 1)
  while (nominalMs !== undefined && nominalMs + schedule.spreadMs < untilMs) {
    const second = Math.floor((nominalMs + schedule.spreadMs - fromMs) / 1_000)
    seconds[second] = (seconds[second] ?? 0) + 1
    nominalMs = nextNominal(schedule, nominalMs)
  }
}
