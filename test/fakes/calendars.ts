import { type CalendarDocument, calendarDocument } from '../../scheduler/calendars/document.ts'
import type { StoredCalendar } from '../../scheduler/calendars/types.ts'

export const calendarOf = (document: object = {}): CalendarDocument =>
  calendarDocument.parse({
    ...{ id: 'freeze', selector: '*', effect: 'noRun' },
    windows: [{ from: '2026-11-02T09:10:00Z', to: '2026-11-02T09:20:00Z' }],
    ...document,
  })

let serials = 0

export function storedCalendar(document: object = {}, changes: Partial<StoredCalendar> = {}): StoredCalendar {
  const written = calendarOf(document)
  serials += 1
  return {
    ...{ tenant: 'default', id: written.id, document: written, createdMs: 1, updatedMs: 1, generation: 1 },
    ...{ serial: serials, ...changes },
  }
}
