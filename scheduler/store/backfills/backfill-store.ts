import type { RedisClient } from '../../../tasks/cache/redis.ts'
import { type Backfill, type BackfillKey, isOver } from '../../backfills/types.ts'
import { luaScript, runLua } from '../lua.ts'
import { cursorAfter, readNewestFirst } from '../newest-first.ts'
import { redisCall } from '../redis-call.ts'
import { ignoreUnreadable, type OnUnreadable } from '../stored-document.ts'
import { decodeBackfill, encodeBackfill } from './backfill-document.ts'

/** Tenants and ids hold no ':' and no '/', so no two backfills share a key. */
const keys = {
  backfill: ({ tenant, id }: BackfillKey) => `{at}:bf:${tenant}:${id}`,
  /** Ids of a tenant by the instant of their creation. */
  ids: (tenant: string) => `{at}:bfs:${tenant}`,
  /** `tenant/id` of those that are not over: what the driver looks after. */
  open: '{at}:bfs',
  /** Which backfill has a mission to itself. */
  holder: (tenant: string, mission: string) => `{at}:bfhold:${tenant}:${mission}`,
} as const

export interface BackfillPage {
  readonly backfills: readonly Backfill[]
  /** undefined on the last page. */
  readonly cursor?: string
}

export interface BackfillStore {
  /** undefined also for one that cannot be read. */
  get(key: BackfillKey): Promise<Backfill | undefined>
  /** True when the one that is stored has the revision before; 1: when there is none. */
  replace(backfill: Backfill): Promise<boolean>
  /** False when it is missing. */
  remove(key: BackfillKey): Promise<boolean>
  /** Newest first. */
  list(tenant: string, options: { readonly limit: number; readonly cursor?: string }): Promise<BackfillPage>
  /** Those of the missions that the backfill now has to itself, for a while that each call renews. */
  hold(key: BackfillKey, missions: readonly string[]): Promise<ReadonlySet<string>>
  /** Those that are not over, of every tenant. */
  open(): Promise<Backfill[]>
}

/** KEYS: backfill, ids, open. ARGV: revision it must have ('' for none), JSON, revision, id, created, member, 1 when over. */
const replaceScript = luaScript(`
if (redis.call('HGET', KEYS[1], 'revision') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'document', ARGV[2], 'revision', ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[4])
if ARGV[7] == '1' then redis.call('SREM', KEYS[3], ARGV[6]) else redis.call('SADD', KEYS[3], ARGV[6]) end
return 1`)

/** KEYS: holders. ARGV: member, ms. Answers 1 for each that is held by it now. */
const holdScript = luaScript(`
local answer = {}
for i, key in ipairs(KEYS) do
  local holder = redis.call('GET', key)
  answer[i] = (not holder or holder == ARGV[1]) and 1 or 0
  if answer[i] == 1 then redis.call('SET', key, ARGV[1], 'PX', ARGV[2]) end
end
return answer`)

/**
 * A store may not show for ten seconds what the last run of a backfill wrote (VictoriaMetrics remembers that a range was
 * empty): the next one of its missions would take it for a gap.
 */
const holdMs = 15_000

export function createBackfillStore(redis: RedisClient, onUnreadable: OnUnreadable = ignoreUnreadable): BackfillStore {
  async function get(key: BackfillKey): Promise<Backfill | undefined> {
    const json = await redisCall('read a backfill', redis.hget(keys.backfill(key), 'document'))
    if (!json) return undefined
    const { document, reason } = decodeBackfill(json)
    if (reason !== undefined) onUnreadable({ kind: 'backfill', key: memberOf(key), reason })
    return document
  }

  const existing = async (found: readonly BackfillKey[]): Promise<Backfill[]> =>
    (await Promise.all(found.map(get))).filter((backfill) => backfill !== undefined)

  return {
    get,

    async replace(backfill) {
      const { tenant, id, revision, createdMs } = backfill
      const before = revision === 1 ? '' : revision - 1
      const args = [before, encodeBackfill(backfill), revision, id, createdMs, memberOf(backfill)]
      const touched = [keys.backfill(backfill), keys.ids(tenant), keys.open]
      return (await runLua(redis, replaceScript, touched, [...args, isOver(backfill) ? 1 : 0])) === 1
    },

    async remove(key) {
      const change = redis.multi().del(keys.backfill(key)).zrem(keys.ids(key.tenant), key.id)
      const answers = await redisCall('remove a backfill', change.srem(keys.open, memberOf(key)).exec())
      return answers?.[0]?.[1] === 1
    },

    async list(tenant, { limit, cursor }) {
      const asked = { limit: limit + 1, ...(cursor !== undefined && { cursor }) }
      const found = await readNewestFirst(redis, keys.ids(tenant), asked)
      const backfills = await existing(found.slice(0, limit).map(({ id }) => ({ tenant, id })))
      const last = found.length > limit ? found[limit - 1] : undefined
      return { backfills, ...(last && { cursor: cursorAfter(last) }) }
    },

    async hold({ tenant, id }, missions) {
      if (missions.length === 0) return new Set()
      const holders = missions.map((mission) => keys.holder(tenant, mission))
      const answers = (await runLua(redis, holdScript, holders, [memberOf({ tenant, id }), holdMs])) as number[]
      return new Set(missions.filter((_, i) => answers[i] === 1))
    },

    async open() {
      const members = await redisCall('list open backfills', redis.smembers(keys.open))
      return existing(members.sort().map(parseMember))
    },
  }
}

const memberOf = ({ tenant, id }: BackfillKey): string => `${tenant}/${id}`

function parseMember(member: string): BackfillKey {
  const [tenant = '', id = ''] = member.split('/')
  return { tenant, id }
}
