import type { ChainableCommander } from 'ioredis'
import type { RedisClient } from '../../../tasks/cache/redis.ts'
import { type FlowName, flowNames, isOver, type RunRecord } from '../../queue/runs.ts'
import { addRunEvent } from '../events-store.ts'
import { runLua } from '../lua.ts'
import { cursorAfter, newestFirst, readNewestFirst } from '../newest-first.ts'
import { redisCall } from '../redis-call.ts'
import { ignoreUnreadable, type OnUnreadable } from '../stored-document.ts'
import { decodeRun, encodeRun } from './run-record-codec.ts'
import { activeSinceMs, keepMs, runArguments, runKeys, swapRunScript } from './run-scripts.ts'
import { keys } from './schedule-keys.ts'
import { dayMs } from './tick-codec.ts'

export interface RunQuery {
  readonly tenant: string
  readonly mission?: string
  /** One that no mission has; those of missions are found by mission and flow. */
  readonly scheduleId?: string
  readonly flow?: FlowName
  readonly limit: number
  /** Of the page before. */
  readonly cursor?: string
}

export interface RunPage {
  readonly runs: readonly RunRecord[]
  /** undefined on the last page. */
  readonly cursor?: string
}

/** A record, and the bytes that it was read from. */
export interface StoredRun {
  readonly record: RunRecord
  /** Empty: as the releases before wrote it. */
  readonly packed: Buffer
}

export interface RunStore {
  /** Replaces what was there, and tells who listens; it stays a day when it succeeded, else a week, its log as well. */
  put(record: RunRecord): Promise<void>
  get(runId: string): Promise<RunRecord | undefined>
  read(runId: string): Promise<StoredRun | undefined>
  /** Ends a run; false, and nothing is written, when its record is not any more what was read. */
  end(read: StoredRun, record: RunRecord): Promise<boolean>
  /** Another attempt of one that has ended; false as `end`. `read` is undefined where there was no record. */
  startAgain(read: StoredRun | undefined, record: RunRecord): Promise<boolean>
  /** Tells who listens of a record that another store has written. */
  announce(record: RunRecord): Promise<void>
  /** Newest start first. */
  list(query: RunQuery): Promise<RunPage>
  /** Runs that said last that they are at work or will try again, and that before the given instant. */
  unfinished(startedBeforeMs: number): Promise<RunRecord[]>
}

const perTenant = 10_000
const perOwner = 50

/**
 * KEYS: index. ARGV: most entries, prefix of records. For the pool whose runs leave records when they fail: in an outage all
 * of them do, every minute, and a week of that would fill Redis.
 */
const trimLua = `
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -ARGV[1] - 1)) do
  redis.call('DEL', ARGV[2] .. id, ARGV[2] .. id .. ':log')
end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -ARGV[1] - 1)`

export function createRunStore(redis: RedisClient, onUnreadable: OnUnreadable = ignoreUnreadable): RunStore {
  async function read(runId: string): Promise<StoredRun | undefined> {
    const fields = await redisCall('read a run', redis.hgetallBuffer(keys.run(runId)))
    if (Object.keys(fields).length === 0) return undefined
    const { document, reason } = decodeRun(fields)
    if (reason !== undefined) onUnreadable({ kind: 'run', key: runId, reason })
    return document && { record: document, packed: fields.packed ?? Buffer.alloc(0) }
  }

  const get = async (runId: string): Promise<RunRecord | undefined> => (await read(runId))?.record

  /** Records age out before their entries do: what is not there any more is left out. */
  const existing = async (ids: readonly string[]): Promise<RunRecord[]> =>
    (await Promise.all(ids.map(get))).filter((record) => record !== undefined)

  async function announce(record: RunRecord): Promise<void> {
    const change = redis.multi()
    tell(change, record)
    await redisCall('write a run', change.exec())
  }

  async function swap(read: StoredRun | undefined, record: RunRecord): Promise<boolean> {
    const args = [read?.packed ?? '', ...runArguments(record)]
    if ((await runLua(redis, swapRunScript, runKeys(record.runId), args)) !== 1) return false
    await announce(record)
    return true
  }

  return {
    get,
    read,

    async put(record) {
      const key = keys.run(record.runId)
      const change = redis.multi().del(key).hset(key, encodeRun(record))
      for (const kept of [key, keys.runLog(record.runId)]) change.pexpire(kept, keepMs(record.state))
      if (isOver(record.state)) change.zrem(keys.activeRuns, record.runId)
      else change.zadd(keys.activeRuns, activeSinceMs(record), record.runId)
      tell(change, record)
      await redisCall('write a run', change.exec())
    },

    end: swap,
    startAgain: swap,
    announce,

    async list(query) {
      const { tenant, mission = '', scheduleId, flow: only, limit } = query
      const isOwned = mission !== '' || scheduleId !== undefined
      const indexOf = (flow: FlowName) =>
        isOwned ? ownerIndex({ ...query, mission, flow }) : tenantIndex({ tenant, flow })
      const asked = only ? [only] : flowNames
      const found = (await Promise.all(asked.map((flow) => readNewestFirst(redis, indexOf(flow), query)))).flat()
      const page = found.sort(newestFirst).slice(0, limit)
      const last = page.at(-1)
      const runs = await existing(page.map(({ id }) => id))
      return { runs, ...(last && page.length === limit && { cursor: cursorAfter(last) }) }
    },

    async unfinished(startedBeforeMs) {
      const ids = await redisCall('list runs', redis.zrangebyscore(keys.activeRuns, '-inf', `(${startedBeforeMs}`))
      const records = await existing(ids)
      const gone = ids.filter((id) => !records.some(({ runId }) => runId === id))
      if (gone.length > 0) await redisCall('forget runs', redis.zrem(keys.activeRuns, ...gone))
      return records
    },
  }
}

/** Who lists runs and hears of them finds a shard with the run that it is a part of. */
function tell(change: ChainableCommander, record: RunRecord): void {
  if (record.kind === 'shard') return
  addRunEvent(change, record)
  if (record.flow === 'detect') change.eval(trimLua, 1, tenantIndex(record), perTenant - 1, keys.run(''))
  for (const [index, most] of [[tenantIndex(record), perTenant] as const, [ownerIndex(record), perOwner] as const])
    change
      .zadd(index, record.startedMs, record.runId)
      .zremrangebyrank(index, 0, -most - 1)
      .pexpire(index, 8 * dayMs)
}

const tenantIndex = ({ tenant, flow }: { tenant: string; flow: FlowName }) => keys.runsOf(tenant, flow)

/** Missions have no '@' in their names. */
const ownerIndex = ({
  tenant,
  mission,
  scheduleId,
  flow,
}: Pick<RunRecord, 'tenant' | 'mission' | 'scheduleId' | 'flow'>) =>
  keys.runsOf(tenant, `${flow}:${mission === '' ? `@${scheduleId}` : mission}`)
