import { isOver, type RunRecord } from '../../queue/runs.ts'
import type { LuaArgument } from '../lua.ts'
import { luaScript } from '../lua.ts'
import { encodeRun } from './run-record-codec.ts'
import { keys } from './schedule-keys.ts'
import { dayMs } from './tick-codec.ts'

export const keepMs = (state: RunRecord['state']): number => (state === 'succeeded' ? dayMs : 7 * dayMs)

/** Since when a run that has not ended is at work; one that is tried again at somebody's wish began long ago. */
export const activeSinceMs = ({ startedMs, enqueuedMs = 0 }: RunRecord): number => Math.max(startedMs, enqueuedMs)

/** Inside other scripts: writes a record in place of what was there. */
export const putRunLua = `
local function putRun(run, log, active, id, packed, keep, since)
  redis.call('DEL', run)
  redis.call('HSET', run, 'packed', packed)
  redis.call('PEXPIRE', run, keep)
  redis.call('PEXPIRE', log, keep)
  if since == '' then redis.call('ZREM', active, id) else redis.call('ZADD', active, since, id) end
end
`

/** The first three arguments of putRun. */
export const runKeys = (runId: string): string[] => [keys.run(runId), keys.runLog(runId), keys.activeRuns]

/** Those behind them. */
export const runArguments = (record: RunRecord): LuaArgument[] => [
  ...[record.runId, encodeRun(record).packed, keepMs(record.state)],
  isOver(record.state) ? '' : activeSinceMs(record),
]

/** KEYS: as runKeys. ARGV: record as it was read ('' for none), then as runArguments. */
export const swapRunScript = luaScript(`${putRunLua}
if (redis.call('HGET', KEYS[1], 'packed') or '') ~= ARGV[1] then return 0 end
putRun(KEYS[1], KEYS[2], KEYS[3], ARGV[2], ARGV[3], ARGV[4], ARGV[5])
return 1`)
