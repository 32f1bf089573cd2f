import type { Redis } from 'ioredis'
import { AppError } from '../../../models/errors.ts'
import type { MissionName } from '../../../models/series.ts'
import type { MissionPage } from '../../missions/types.ts'
import { runLua } from '../lua.ts'
import { redisCall } from '../redis-call.ts'
import type { StoredMission } from '../types.ts'
import { missionKeys as keys } from './mission-keys.ts'
import { removeScript, replaceScript } from './mission-scripts.ts'

export interface MissionChange {
  /** Its generation follows `expected`. */
  readonly mission: StoredMission
  /** Generation that the stored mission must have; undefined: there must be none. */
  readonly expected: number | undefined
  /** Steps up to here are not to be scored any more: what a re-created mission finds, or a pause left out. */
  readonly scoredFloorMs?: number
}

export interface MissionStore {
  get(name: MissionName): Promise<StoredMission | undefined>
  /** One step with the marks: another bandKey draws only above what was drawn. False when `expected` is not so. */
  replace(change: MissionChange): Promise<boolean>
  /** Marks stay for four days, for a mission that comes back under the same id. */
  remove(name: MissionName, expected?: number): Promise<'removed' | 'missing' | 'conflict'>
  list(tenant: string, options: { readonly limit: number; readonly cursor?: string }): Promise<MissionPage>
  /** Every mission of every tenant, by tenant and id. */
  all(): AsyncGenerator<StoredMission>
  /** Another number after every change of any mission: cheap to poll. */
  revision(): Promise<number>
}

/** Version of the JSON; a release reads the one before as well. */
const version = 1

export function createMissionStore(redis: Redis): MissionStore {
  const list: MissionStore['list'] = (tenant, options) => redisCall('list missions', listPage(redis, tenant, options))
  return {
    async get(name) {
      const json = await redisCall(`read mission ${name.mission}`, redis.hget(keys.mission(name), 'mission'))
      return json ? parseMission(json, name.mission) : undefined
    },

    async replace({ mission, expected, scoredFloorMs }) {
      const { tenant, id, generation, bandKey } = mission
      const name = { tenant, mission: id }
      const json = JSON.stringify({ version, ...mission })
      const touched = [keys.mission(name), keys.ids(tenant), keys.tenants, keys.revision, ...markKeys(name)]
      const args = [expected ?? '', id, tenant, generation, json, bandKey, scoredFloorMs ?? '']
      return (await redisCall(`store mission ${id}`, runLua(redis, replaceScript, touched, args))) === 1
    },

    async remove(name, expected) {
      const { tenant, mission: id } = name
      const touched = [keys.mission(name), keys.ids(tenant), keys.tenants, keys.revision, keys.health(name)]
      const script = runLua(redis, removeScript, [...touched, ...markKeys(name)], [expected ?? '', id, tenant])
      const answer = await redisCall(`remove mission ${id}`, script)
      if (answer === 1) {
        await redisCall(`forget what ${id} asked for`, redis.del(keys.requests(name), keys.seen(name)))
        return 'removed'
      }
      return answer === 0 ? 'missing' : 'conflict'
    },

    list,

    async *all() {
      const tenants = await redisCall('list tenants', redis.smembers(keys.tenants))
      for (const tenant of tenants.sort()) {
        let cursor: string | undefined
        do {
          const page = await list(tenant, { limit: 500, ...(cursor !== undefined && { cursor }) })
          yield* page.missions
          cursor = page.cursor
        } while (cursor !== undefined)
      }
    },

    revision: async () => Number(await redisCall('read the revision', redis.get(keys.revision))),
  }
}

const markKeys = (name: MissionName): string[] => [keys.marks(name), keys.claims(name), keys.claimAges(name)]

async function listPage(
  redis: Redis,
  tenant: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<MissionPage> {
  const after = cursor === undefined ? '-' : `(${Buffer.from(cursor, 'base64url').toString('latin1')}`
  const ids = await redis.zrange(keys.ids(tenant), after, '+', 'BYLEX', 'LIMIT', 0, limit + 1)
  const shown = ids.slice(0, limit)
  const jsons = await Promise.all(shown.map((mission) => redis.hget(keys.mission({ tenant, mission }), 'mission')))
  // one that was removed meanwhile has no JSON
  const missions = jsons.flatMap((json, i) => (json ? [parseMission(json, shown[i]!)] : []))
  const last = shown.at(-1)
  if (ids.length <= limit || last === undefined) return { missions }
  return { missions, cursor: Buffer.from(last, 'latin1').toString('base64url') }
}

/** Only this store writes the JSON, so its shape is trusted once its version is known. */
function parseMission(json: string, id: string): StoredMission {
  const { version: found, ...mission } = JSON.parse(json) as StoredMission & { readonly version: number }
  if (found === version) return mission
  throw new AppError('CACHE_INVALID', `mission ${id} was stored by another release (version ${found})`)
}
