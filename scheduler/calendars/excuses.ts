import type { ExcusedAt } from '../planning/decide-ticks.ts'
import { nextTick } from '../planning/schedule-spec.ts'
import type { ScheduleSpec } from '../planning/types.ts'
import { labelsOf, type StoredSchedule } from '../store/ticks/stored-schedule.ts'
import type { CalendarSnapshot } from './calendar-reader.ts'
import type { ActiveCalendar } from './effects.ts'

const never: ExcusedAt = () => undefined

/** Which T's of a schedule do not run, as the calendars were at that moment. */
export function excuses(calendars: CalendarSnapshot) {
  return (schedule: StoredSchedule): ExcusedAt => excusing(calendars.matching(schedule.tenant, labelsOf(schedule)))
}

function excusing(calendars: readonly ActiveCalendar[]): ExcusedAt {
  const taking = calendars.filter(({ effect }) => effect === 'noRun')
  if (taking.length === 0) return never
  return (nominalMs) => {
    for (const { serial, at } of taking) {
      const window = at(nominalMs)
      if (window) return { ...window, serial }
    }
    return undefined
  }
}

/** Windows that follow each other without a T in between. */
const mostWindows = 1_000

/** First T after an instant that no calendar takes; undefined also where there is none for a thousand windows. */
export function nextToRun(
  spec: ScheduleSpec,
  calendars: readonly ActiveCalendar[],
  afterMs: number,
): number | undefined {
  const excusedAt = excusing(calendars)
  let nominalMs = nextTick(spec, afterMs)
  for (let i = 0; i < mostWindows && nominalMs !== undefined; i++) {
    const excuse = excusedAt(nominalMs)
    if (!excuse) return nominalMs
    nominalMs = nextTick(spec, excuse.untilMs - 1)
  }
  return undefined
}
