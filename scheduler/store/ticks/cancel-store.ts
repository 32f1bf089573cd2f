import { z } from 'zod'
import type { RedisClient } from '../../../tasks/cache/redis.ts'
import type { CancelRequest, RunJob, RunRecord } from '../../queue/runs.ts'
import { luaScript, runLua } from '../lua.ts'
import { redisCall } from '../redis-call.ts'
import { decodeDocument } from '../stored-document.ts'
import { putRunLua, runArguments, runKeys } from './run-scripts.ts'
import { keys, queuePrefix } from './schedule-keys.ts'
import { dayMs, tickArguments } from './tick-codec.ts'
import { tickLua } from './tick-scripts.ts'
import { openMember } from './tick-store.ts'

/**
 * That a run is to end. The wish is kept, so that it reaches a worker whenever it looks: nothing is lost while a run
 * passes from the queue to a worker, or while a connection is down.
 */
export interface CancelStore {
  /** Kept for a day; the first one stays. */
  request(runId: string, request: CancelRequest): Promise<void>
  /** Of some runs, in their order. */
  requested(runIds: readonly string[]): Promise<(CancelRequest | undefined)[]>
  forget(runId: string): Promise<void>
  /** Takes a run that waits out of its queue, writes how it ended and ends its tick, in one step; undefined when it does not wait. */
  takeWaiting(job: RunJob, ended: RunRecord): Promise<{ readonly isTickNew: boolean } | undefined>
}

/**
 * KEYS: job, its queue's prioritized, delayed and wait, as runKeys, ticks, schedule, open. ARGV: as runArguments, 1 for a
 * tick, then as recordTickScript. A priority of 0 waits in a list, any other in a sorted set. Answers 0 unless it waited, else 1, or 2
 * where its tick ended by this.
 */
const takeScript = luaScript(`${tickLua}${putRunLua}
local taken = redis.call('ZREM', KEYS[2], ARGV[1]) + redis.call('ZREM', KEYS[3], ARGV[1])
if taken == 0 then taken = redis.call('LREM', KEYS[4], 0, ARGV[1]) end
if taken == 0 then return 0 end
redis.call('DEL', KEYS[1], KEYS[1] .. ':logs')
putRun(KEYS[5], KEYS[6], KEYS[7], ARGV[1], ARGV[2], ARGV[3], ARGV[4])
if ARGV[5] == '0' then return 1 end
local there = endTick(KEYS[8], KEYS[9], KEYS[10], ARGV[6],
  tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]))
return there == -1 and 2 or 1`)

const requestFields = z.object({ actor: z.string(), reason: z.string(), atMs: z.number() })

export function createCancelStore(redis: RedisClient): CancelStore {
  return {
    async request(runId, request) {
      const document = JSON.stringify(request)
      await redisCall('ask for the end of a run', redis.set(keys.cancel(runId), document, 'PX', dayMs, 'NX'))
    },

    async requested(runIds) {
      if (runIds.length === 0) return []
      const found = await redisCall('look for cancelled runs', redis.mget(runIds.map(keys.cancel)))
      return found.map((json) => (json === null ? undefined : decodeDocument(json, requestFields).document))
    },

    async forget(runId) {
      await redisCall('forget that a run was cancelled', redis.del(keys.cancel(runId)))
    },

    async takeWaiting(job, ended) {
      const { runId, flow, tenant, scheduleId: id = '', kind, nominalMs, retriedAfter } = job
      const schedule = { tenant, id, flow }
      const queue = `${queuePrefix}:${flow}`
      const touched = [keys.job(flow, runId), `${queue}:prioritized`, `${queue}:delayed`, `${queue}:wait`]
      const isTick = kind === 'tick' && retriedAfter === undefined
      const mark = {
        nominalMs,
        outcome: 'missed',
        reason: 'cancelled',
        lagMs: (ended.endedMs ?? 0) - nominalMs,
      } as const
      const taken = await runLua(
        redis,
        takeScript,
        [...touched, ...runKeys(runId), keys.ticks(schedule), keys.schedule(schedule), keys.open],
        [...runArguments(ended), Number(isTick), openMember(schedule, nominalMs), ...tickArguments(mark)],
      )
      return taken === 0 ? undefined : { isTickNew: taken === 2 }
    },
  }
}
