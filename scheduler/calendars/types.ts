import type { CalendarDocument } from './document.ts'

export interface CalendarKey {
  readonly tenant: string
  readonly id: string
}

export interface StoredCalendar extends CalendarKey {
  readonly document: CalendarDocument
  readonly createdMs: number
  readonly updatedMs: number
  /** Grows with every change; the ETag. */
  readonly generation: number
  /** Stands for the id in packed ticks; unique in the tenant, also among those that are gone. */
  readonly serial: number
}
