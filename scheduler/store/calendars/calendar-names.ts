import type { RedisClient } from '../../../tasks/cache/redis.ts'
import { redisCall } from '../redis-call.ts'
import { calendarKeys as keys } from './calendar-keys.ts'

/** The same with the ids of the calendars whose numbers are there, also of those that are gone since a few days. */
export async function withCalendars<Item extends object>(
  redis: RedisClient,
  items: readonly Item[],
): Promise<(Item & { readonly calendar?: string })[]> {
  const serials = [...new Set(items.flatMap((item) => serialOf(item) ?? []))]
  if (serials.length === 0) return [...items]
  const names = await redisCall('read names of calendars', redis.mget(...serials.map((serial) => keys.name(serial))))
  return items.map((item) => {
    const calendar = names[serials.indexOf(serialOf(item) ?? 0)]
    return calendar ? { ...item, calendar } : item
  })
}

const serialOf = (item: object): number | undefined =>
  'calendarSerial' in item && typeof item.calendarSerial === 'number' ? item.calendarSerial : undefined
