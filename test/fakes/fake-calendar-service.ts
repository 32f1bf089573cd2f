import { createCalendarReader } from '../../scheduler/calendars/calendar-reader.ts'
import { type CalendarService, createCalendarService } from '../../scheduler/calendars/service.ts'
import type { CalendarKey, StoredCalendar } from '../../scheduler/calendars/types.ts'
import type { CalendarStore } from '../../scheduler/store/calendars/calendar-store.ts'

/** The service over calendars in memory. */
export function fakeCalendarService(now: () => number): CalendarService {
  const calendars = memoryCalendars()
  return createCalendarService({ calendars, reader: createCalendarReader({ calendars }), clock: { now } })
}

export function memoryCalendars(): CalendarStore {
  const stored = new Map<string, StoredCalendar>()
  const nameOf = ({ tenant, id }: CalendarKey) => `${tenant}/${id}`
  let revision = 0
  let serial = 0
  return {
    get: async (key) => stored.get(nameOf(key)),
    async replace(calendar, expected) {
      if (stored.get(nameOf(calendar))?.generation !== expected) return false
      stored.set(nameOf(calendar), calendar)
      revision++
      return true
    },
    async remove(key, generation) {
      const found = stored.get(nameOf(key))
      if (!found) return 'missing'
      if (generation !== undefined && found.generation !== generation) return 'conflict'
      stored.delete(nameOf(key))
      revision++
      return 'removed'
    },
    async list(tenant, { limit, cursor = '' }) {
      const all = [...stored.values()].filter((each) => each.tenant === tenant && each.id > cursor)
      const calendars = all.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit)
      const last = calendars.at(-1)
      return { calendars, ...(last && calendars.length < all.length && { cursor: last.id }) }
    },
    async *all() {
      yield* stored.values()
    },
    revision: async () => revision,
    newSerial: async () => ++serial,
    count: async (tenant) => [...stored.values()].filter((each) => each.tenant === tenant).length,
  }
}
