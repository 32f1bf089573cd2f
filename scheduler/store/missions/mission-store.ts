import { AppError } from '../../../models/errors.ts'
import type { MissionName } from '../../../models/series.ts'
import type { RedisClient } from '../../../tasks/cache/redis.ts'
import { runLua } from '../lua.ts'
import { decodeCursor, encodeCursor, everyPage, idPlace, type PageOptions } from '../pages.ts'
import { redisCall } from '../redis-call.ts'
import { type Decoded, ignoreUnreadable, type OnUnreadable } from '../stored-document.ts'
import { decodeMission, encodeMission } from './mission-document.ts'
import { missionKeys as keys } from './mission-keys.ts'
import { removeScript, replaceScript } from './mission-scripts.ts'
import type { StoredMission } from './stored-mission.ts'

export interface MissionPage {
  readonly missions: readonly StoredMission[]
  /** Opaque; undefined on the last page. */
  readonly cursor?: string
}

export interface MissionChange {
  /** Its generation follows `expected`. */
  readonly mission: StoredMission
  /** Generation that the stored mission must have; undefined: there must be none. */
  readonly expected: number | undefined
  /** Steps up to here are not to be scored any more: what a re-created mission finds, or a pause left out. */
  readonly scoredFloorMs?: number
}

export interface MissionStore {
  /** @throws CACHE_INVALID for one that cannot be read: it is its author's, so it stays until it is deleted. */
  get(name: MissionName): Promise<StoredMission | undefined>
  /** One step with the marks: another bandKey draws only above what was drawn. False when `expected` is not so. */
  replace(change: MissionChange): Promise<boolean>
  /** Marks stay for four days, for a mission that comes back under the same id. */
  remove(name: MissionName, expected?: number): Promise<'removed' | 'missing' | 'conflict'>
  /** Without those that cannot be read. */
  list(tenant: string, options: { readonly limit: number; readonly cursor?: string }): Promise<MissionPage>
  /** Every mission of every tenant, by tenant and id; those that cannot be read are named beside. */
  all(onUnreadable?: (name: MissionName) => void): AsyncGenerator<StoredMission>
  /** Another number after every change of any mission: cheap to poll. */
  revision(): Promise<number>
}

export function createMissionStore(redis: RedisClient, onUnreadable: OnUnreadable = ignoreUnreadable): MissionStore {
  function decoded(name: MissionName, json: string): Decoded<StoredMission> {
    const { document, reason } = decodeMission(json)
    if (document) return { document }
    onUnreadable({ kind: 'mission', key: `${name.tenant}/${name.mission}`, reason })
    return { reason }
  }

  async function readPage(tenant: string, options: PageOptions): Promise<ReadPage> {
    const { documents, ...page } = await redisCall('list missions', readDocuments(redis, tenant, options))
    const read = documents.map(({ name, json }) => ({ name, mission: decoded(name, json).document }))
    return { ...page, read }
  }

  async function* readTenant(tenant: string) {
    for await (const page of everyPage((asked) => readPage(tenant, asked), missionsPerRead)) yield* page.read
  }

  return {
    async get(name) {
      const json = await redisCall(`read mission ${name.mission}`, redis.hget(keys.mission(name), 'mission'))
      if (!json) return undefined
      const { document, reason } = decoded(name, json)
      if (document) return document
      const hint = 'delete and apply it again, or go back to the release that wrote it'
      throw new AppError('CACHE_INVALID', `mission ${name.mission} as stored cannot be read (${reason}): ${hint}`)
    },

    async replace({ mission, expected, scoredFloorMs }) {
      const { tenant, id, generation, bandKey } = mission
      const name = { tenant, mission: id }
      const touched = [keys.mission(name), keys.ids(tenant), keys.tenants, keys.revision, ...markKeys(name)]
      const args = [expected ?? '', id, tenant, generation, encodeMission(mission), bandKey, scoredFloorMs ?? '']
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

    async list(tenant, options) {
      const { read, cursor } = await readPage(tenant, options)
      return { missions: read.flatMap(({ mission }) => mission ?? []), ...(cursor !== undefined && { cursor }) }
    },

    async *all(onUnread = () => undefined) {
      const tenants = await redisCall('list tenants', redis.smembers(keys.tenants))
      for (const tenant of tenants.sort()) {
        for await (const { name, mission } of readTenant(tenant)) {
          if (mission) yield mission
          else onUnread(name)
        }
      }
    },

    revision: async () => Number(await redisCall('read the revision', redis.get(keys.revision))),
  }
}

const missionsPerRead = 500

const markKeys = (name: MissionName): string[] => [keys.marks(name), keys.claims(name), keys.claimAges(name)]

interface ReadPage {
  /** `mission` is undefined for one that cannot be read. */
  readonly read: readonly { readonly name: MissionName; readonly mission: StoredMission | undefined }[]
  readonly cursor?: string
}

async function readDocuments(redis: RedisClient, tenant: string, { limit, cursor }: PageOptions) {
  const after = cursor === undefined ? '-' : `(${decodeCursor(cursor, idPlace)[0]}`
  const ids = await redis.zrange(keys.ids(tenant), after, '+', 'BYLEX', 'LIMIT', 0, limit + 1)
  const names = ids.slice(0, limit).map((mission): MissionName => ({ tenant, mission }))
  const jsons = await Promise.all(names.map((name) => redis.hget(keys.mission(name), 'mission')))
  // one that was removed meanwhile has no JSON
  const documents = names.flatMap((name, i) => (jsons[i] ? [{ name, json: jsons[i] }] : []))
  const last = names.at(-1)
  if (ids.length <= limit || !last) return { documents }
  return { documents, cursor: encodeCursor(last.mission) }
}
