import { createHash } from 'node:crypto'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import { redisCall } from './redis-call.ts'

export interface LuaScript {
  readonly source: string
  readonly sha: string
}

export type LuaArgument = string | number | Buffer

export function luaScript(source: string): LuaScript {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

/**
 * A script of many calls that know nothing of each other. `body` sees KEYS and ARGV of one, `keyCount` keys and as many
 * arguments as it likes, and returns its answer; `shared` is what all of them use.
 */
export function luaBatchScript(keyCount: number, shared: string, body: string): LuaScript {
  return luaScript(`${shared}
local function call(KEYS, ARGV)
${body}
end
local answers, arg = {}, 1
for first = 1, #KEYS, ${keyCount} do
  local keys, args = {}, {}
  for i = 1, ${keyCount} do keys[i] = KEYS[first + i - 1] end
  local count = tonumber(ARGV[arg])
  for i = 1, count do args[i] = ARGV[arg + i] end
  local isAnswered, answer = pcall(call, keys, args)
  if not isAnswered then answer = { err = type(answer) == 'table' and answer.err or tostring(answer) } end
  answers[#answers + 1] = answer
  arg = arg + count + 1
end
return answers`)
}

/** Both bound how long one script keeps Redis from everybody else. */
const callsPerScript = 100
const argumentsPerScript = 10_000

interface LuaCall {
  readonly keys: readonly string[]
  readonly args: readonly LuaArgument[]
  resolve(answer: unknown): void
  reject(error: unknown): void
}

/**
 * Calls of one turn of the event loop leave as one command: for a tick as cheap as ours the way to Redis and back costs
 * more than what is done there. A call that fails fails alone; when the command fails, each of them does.
 */
export function batchLua(redis: Pick<RedisClient, 'evalsha' | 'eval'>, script: LuaScript) {
  let pending: LuaCall[] = []

  const send = async (calls: readonly LuaCall[]) => {
    const args = calls.flatMap((call) => [call.args.length, ...call.args])
    try {
      const keys = calls.flatMap((call) => call.keys)
      const answers = (await runLua(redis, script, keys, args)) as unknown[]
      for (const [i, { resolve }] of calls.entries()) resolve(redisCall('run a script', answered(answers[i])))
    } catch (error) {
      for (const { reject } of calls) reject(error)
    }
  }

  const flush = () => {
    const calls = pending
    pending = []
    for (const portion of portions(calls)) void send(portion)
  }

  return (keys: readonly string[], args: readonly LuaArgument[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      // once all promises have had their turn
      if (pending.length === 0) process.nextTick(flush)
      pending.push({ keys, args, resolve, reject })
    })
}

/** As many as one script takes, in order; one that has too many arguments goes alone. */
function portions(calls: readonly LuaCall[]): LuaCall[][] {
  const found: LuaCall[][] = []
  let argCount = Number.POSITIVE_INFINITY
  for (const call of calls) {
    argCount += call.args.length
    if (argCount > argumentsPerScript || found.at(-1)!.length === callsPerScript) {
      found.push([])
      argCount = call.args.length
    }
    found.at(-1)!.push(call)
  }
  return found
}

/** What a call failed with stands in place of its answer. */
async function answered(answer: unknown): Promise<unknown> {
  if (answer instanceof Error) throw answer
  return answer
}

/**
 * Sends the hash only; a Redis that was restarted or flushed gets the source once more.
 * @throws REDIS_UNAVAILABLE
 */
export function runLua(
  redis: Pick<RedisClient, 'evalsha' | 'eval'>,
  { source, sha }: LuaScript,
  keys: readonly string[],
  args: readonly LuaArgument[],
): Promise<unknown> {
  // one array: as many arguments of a function would not fit on its stack
  const given = [...keys, ...args.map((arg) => (typeof arg === 'number' ? `${arg}` : arg))]
  const byHash = redis.evalsha(sha, keys.length, given).catch((error: Error) => {
    if (!error.message.startsWith('NOSCRIPT')) throw error
    return redis.eval(source, keys.length, given)
  })
  return redisCall('reach Redis', byHash)
}
