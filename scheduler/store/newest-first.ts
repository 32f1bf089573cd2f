import { z } from 'zod'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import { luaScript, runLua } from './lua.ts'
import { decodeCursor, encodeCursor, type PageOptions } from './pages.ts'

/** A member of a sorted set whose scores are instants. */
export interface Dated {
  readonly id: string
  readonly ms: number
}

const place = z.tuple([z.number(), z.string()])

/** Goes on with what is older. */
export const cursorAfter = ({ ms, id }: Dated): string => encodeCursor(ms, id)

/** KEYS: index. ARGV: score and id to go on after ('' at the start), limit. Answers id, score, id, score... */
const pageScript = luaScript(`
local from = 0
if ARGV[1] ~= '' then from = redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[1], '+inf') end
local answer = {}
while #answer < 2 * tonumber(ARGV[3]) do
  local read = redis.call('ZREVRANGE', KEYS[1], from, from + 99, 'WITHSCORES')
  if #read == 0 then break end
  for i = 1, #read, 2 do
    local isBefore = ARGV[1] ~= '' and read[i + 1] == ARGV[1] and read[i] >= ARGV[2]
    if not isBefore and #answer < 2 * tonumber(ARGV[3]) then
      answer[#answer + 1] = read[i]
      answer[#answer + 1] = read[i + 1]
    end
  end
  from = from + 100
end
return answer`)

/** Ids of a sorted set, newest first, from the cursor on: what comes or goes meanwhile moves no page. */
export async function readNewestFirst(
  redis: RedisClient,
  index: string,
  { limit, cursor }: PageOptions,
): Promise<Dated[]> {
  const after = cursor === undefined ? ['', ''] : decodeCursor(cursor, place)
  const answer = (await runLua(redis, pageScript, [index], [...after, limit])) as string[]
  return answer.flatMap((cell, i) => (i % 2 === 0 ? [{ id: cell, ms: Number(answer[i + 1]) }] : []))
}

export const newestFirst = (a: Dated, b: Dated): number => b.ms - a.ms || (a.id < b.id ? 1 : -1)
