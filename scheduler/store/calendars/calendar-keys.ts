import type { CalendarKey } from '../../calendars/types.ts'

/** Tenants and ids hold no ':', so no two calendars share a key. */
export const calendarKeys = {
  calendar: ({ tenant, id }: CalendarKey) => `{at}:cal:${tenant}:${id}`,
  /** Ids of a tenant at score 0: listed in the order of the alphabet. */
  ids: (tenant: string) => `{at}:cals:${tenant}`,
  tenants: '{at}:caltenants',
  /** Another number after every change of any calendar, also where Redis was emptied in between. */
  revision: '{at}:calrevision',
  serial: '{at}:calserial',
  /** Id by serial. Outlives the calendar by as long as ticks are listed; scripts append the serial. */
  name: (serial: number | '') => `{at}:calname:${serial}`,
} as const
