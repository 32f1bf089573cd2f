import { setImmediate } from 'node:timers/promises'
import { nextNominal } from '../planning/tick-sequence.ts'
import type { Clock } from '../process/clock.ts'
import { everyPage } from '../store/pages.ts'
import type { ScheduleStore } from '../store/ticks/schedule-store.ts'
import { createdSchedule, type StoredSchedule } from '../store/ticks/stored-schedule.ts'
import type { ScheduleDocument } from './document.ts'
import { resolveSchedule } from './resolve.ts'
import { listTimes, type NominalTime, type TimesRange } from './times.ts'

/** Starts in each second of the next minutes, of a tenant's schedules that are registered and of the new one. */
export interface StartLoad {
  readonly fromMs: number
  readonly registered: readonly number[]
  readonly own: readonly number[]
  /** Not every registered schedule was counted: there are too many starts. */
  readonly isPartial: boolean
}

export interface SchedulePreview {
  readonly times: readonly NominalTime[]
  /** Every start lies this far behind its T. */
  readonly startDelayMs: number
  readonly load: StartLoad
}

export interface PreviewOptions extends Pick<TimesRange, 'effectsAt'> {
  /** Times to list. */
  readonly count: number
}

interface PreviewRequest extends PreviewOptions {
  readonly tenant: string
  readonly document: ScheduleDocument
}

const loadSeconds = 300
const schedulesPerRead = 1_000
/** Starts of cron schedules cost 60 us each, in the process that plans. */
const maxStarts = 200_000
/** Others have their turn after so many schedules. */
const schedulesPerTurn = 50

/** When a schedule would be due, and beside what. Nothing is stored. @throws INVALID_PARAMS as a PUT would. */
export async function previewSchedule(
  { schedules, clock }: { readonly schedules: Pick<ScheduleStore, 'list'>; readonly clock: Clock },
  { tenant, document, count, ...flags }: PreviewRequest,
): Promise<SchedulePreview> {
  const nowMs = clock.now()
  const fromMs = Math.floor(nowMs / 1_000) * 1_000
  const entry = resolveSchedule(tenant, document, { nowMs })
  const schedule = createdSchedule(entry, { generation: 0, lastNominalMs: nowMs })
  const registered: number[] = Array(loadSeconds).fill(0)
  const own: number[] = Array(loadSeconds).fill(0)
  let left = maxStarts
  let read = 0
  for await (const other of allOf(schedules, tenant)) {
    if (left <= 0) break
    if (other.id !== document.id) left -= addStarts(registered, other, fromMs)
    if (++read % schedulesPerTurn === 0) await setImmediate()
  }
  addStarts(own, schedule, fromMs)
  const times = listTimes(entry.spec, { fromMs: nowMs, untilMs: Number.POSITIVE_INFINITY, limit: count, ...flags })
  return { times, startDelayMs: schedule.spreadMs, load: { fromMs, registered, own, isPartial: left <= 0 } }
}

async function* allOf(schedules: Pick<ScheduleStore, 'list'>, tenant: string): AsyncGenerator<StoredSchedule> {
  for await (const page of everyPage((asked) => schedules.list(tenant, asked), schedulesPerRead)) yield* page.schedules
}

/** Counts the starts of one schedule into `seconds`, of which the first begins at `fromMs`. @returns how many */
function addStarts(seconds: number[], schedule: StoredSchedule, fromMs: number): number {
  const untilMs = fromMs + seconds.length * 1_000
  let starts = 0
  let nominalMs = nextNominal(schedule, fromMs - schedule.spreadMs - 1)
  while (nominalMs !== undefined && nominalMs + schedule.spreadMs < untilMs) {
    const second = Math.floor((nominalMs + schedule.spreadMs - fromMs) / 1_000)
    seconds[second] = (seconds[second] ?? 0) + 1
    starts++
    nominalMs = nextNominal(schedule, nominalMs)
  }
  return starts
}
