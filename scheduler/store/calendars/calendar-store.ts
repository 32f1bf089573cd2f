import type { RedisClient } from '../../../tasks/cache/redis.ts'
import type { CalendarKey, StoredCalendar } from '../../calendars/types.ts'
import { luaScript, runLua } from '../lua.ts'
import { decodeCursor, encodeCursor, everyPage, idPlace, type PageOptions } from '../pages.ts'
import { redisCall } from '../redis-call.ts'
import { ignoreUnreadable, type OnUnreadable } from '../stored-document.ts'
import { decodeCalendar, encodeCalendar } from './calendar-document.ts'
import { calendarKeys as keys } from './calendar-keys.ts'

export interface CalendarPage {
  readonly calendars: readonly StoredCalendar[]
  /** Opaque; undefined on the last page. */
  readonly cursor?: string
}

export interface CalendarStore {
  /** undefined also for one that cannot be read. */
  get(key: CalendarKey): Promise<StoredCalendar | undefined>
  /** True when the one that is stored has the generation `expected`; undefined: when there is none, or none that can be read. */
  replace(calendar: StoredCalendar, expected: number | undefined): Promise<boolean>
  remove(key: CalendarKey, generation?: number): Promise<'removed' | 'missing' | 'conflict'>
  /** By id, without those that cannot be read. */
  list(tenant: string, page: PageOptions): Promise<CalendarPage>
  /** Every calendar of every tenant; those that cannot be read are named beside. */
  all(onUnreadable?: (key: CalendarKey) => void): AsyncGenerator<StoredCalendar>
  /** Another number after every change: one cheap read. */
  revision(): Promise<number>
  newSerial(): Promise<number>
  /** How many a tenant has, also of those that cannot be read. */
  count(tenant: string): Promise<number>
}

const calendarsPerRead = 500
/** Ticks are listed for eight days at most. */
const keepNamesMs = 9 * 86_400_000

const touchLua = `
local function touch(key)
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local last = tonumber(redis.call('GET', key) or '0')
  redis.call('SET', key, string.format('%.0f', math.max(now, last + 1)))
end
`

/** KEYS: calendar, ids, tenants, revision, name. ARGV: generation it must have ('' for none), id, tenant, generation, JSON, serial. */
const replaceScript = luaScript(`${touchLua}
if (redis.call('HGET', KEYS[1], 'generation') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'generation', ARGV[4], 'calendar', ARGV[5], 'serial', ARGV[6])
redis.call('ZADD', KEYS[2], 0, ARGV[2])
redis.call('SADD', KEYS[3], ARGV[3])
redis.call('SET', KEYS[5], ARGV[2])
touch(KEYS[4])
return 1`)

/** KEYS: calendar, ids, tenants, revision. ARGV: generation or '', id, tenant, prefix of names. */
const removeScript = luaScript(`${touchLua}
local is = redis.call('HMGET', KEYS[1], 'generation', 'serial')
if not is[1] then return 0 end
if ARGV[1] ~= '' and is[1] ~= ARGV[1] then return -1 end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[2])
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('SREM', KEYS[3], ARGV[3]) end
if is[2] then redis.call('PEXPIRE', ARGV[4] .. is[2], ${keepNamesMs}) end
touch(KEYS[4])
return 1`)

export function createCalendarStore(redis: RedisClient, onUnreadable: OnUnreadable = ignoreUnreadable): CalendarStore {
  async function get(key: CalendarKey): Promise<StoredCalendar | undefined> {
    const json = await redisCall(`read calendar ${key.id}`, redis.hget(keys.calendar(key), 'calendar'))
    if (!json) return undefined
    const { document, reason } = decodeCalendar(json)
    if (reason !== undefined) onUnreadable({ kind: 'calendar', key: `${key.tenant}/${key.id}`, reason })
    return document
  }

  async function readPage(tenant: string, { limit, cursor }: PageOptions) {
    const after = cursor === undefined ? '-' : `(${decodeCursor(cursor, idPlace)[0]}`
    const ids = await redisCall(
      'list calendars',
      redis.zrange(keys.ids(tenant), after, '+', 'BYLEX', 'LIMIT', 0, limit + 1),
    )
    const named = ids.slice(0, limit).map((id) => ({ tenant, id }))
    const read = await Promise.all(named.map(async (key) => ({ key, calendar: await get(key) })))
    const last = ids.length > limit ? named.at(-1) : undefined
    return { read, ...(last && { cursor: encodeCursor(last.id) }) }
  }

  return {
    get,

    async replace(calendar, expected) {
      const { tenant, id, generation, serial } = calendar
      const touched = [keys.calendar(calendar), keys.ids(tenant), keys.tenants, keys.revision, keys.name(serial)]
      const args = [expected ?? '', id, tenant, generation, encodeCalendar(calendar), serial]
      return (await redisCall(`store calendar ${id}`, runLua(redis, replaceScript, touched, args))) === 1
    },

    async remove(key, generation) {
      const touched = [keys.calendar(key), keys.ids(key.tenant), keys.tenants, keys.revision]
      const args = [generation ?? '', key.id, key.tenant, keys.name('')]
      const answer = await redisCall(`remove calendar ${key.id}`, runLua(redis, removeScript, touched, args))
      if (answer === -1) return 'conflict'
      return answer === 1 ? 'removed' : 'missing'
    },

    async list(tenant, page) {
      const { read, cursor } = await readPage(tenant, page)
      return { calendars: read.flatMap(({ calendar }) => calendar ?? []), ...(cursor !== undefined && { cursor }) }
    },

    async *all(onUnread = () => undefined) {
      const tenants = await redisCall('list tenants', redis.smembers(keys.tenants))
      for (const tenant of tenants.sort()) {
        for await (const { read } of everyPage((asked) => readPage(tenant, asked), calendarsPerRead))
          for (const { key, calendar } of read) {
            if (calendar) yield calendar
            else onUnread(key)
          }
      }
    },

    revision: async () => Number((await redisCall('read the revision', redis.get(keys.revision))) ?? 0),

    newSerial: () => redisCall('number a calendar', redis.incr(keys.serial)),

    count: (tenant) => redisCall('count calendars', redis.zcard(keys.ids(tenant))),
  }
}
