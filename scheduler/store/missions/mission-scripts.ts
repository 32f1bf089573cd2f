import { luaScript } from '../lua.ts'

/** Marks outlive their mission by this: whoever takes its id must not draw over its steps, up to two days ahead. */
const keepMarksMs = 4 * 86_400_000

/**
 * KEYS: mission, ids, tenants, revision, marks, claims, claim ages. ARGV: generation it must have ('' for none), id,
 * tenant, generation, JSON, bandKey, instant that `scored` may not lie before ('' for none).
 * Another bandKey draws only where the ones before it have not: what they drew is somebody else's from here on.
 */
export const replaceScript = luaScript(`
if (redis.call('HGET', KEYS[1], 'generation') or '') ~= ARGV[1] then return 0 end
local bandKey = redis.call('HGET', KEYS[1], 'bandKey')
redis.call('HSET', KEYS[1], 'generation', ARGV[4], 'mission', ARGV[5], 'bandKey', ARGV[6])
redis.call('ZADD', KEYS[2], 0, ARGV[2])
redis.call('SADD', KEYS[3], ARGV[3])
redis.call('INCR', KEYS[4])
if redis.call('HEXISTS', KEYS[5], 'known') == 0 then return 1 end
for i = 5, 7 do redis.call('PERSIST', KEYS[i]) end
local function mark(name) return tonumber(redis.call('HGET', KEYS[5], name) or nil) end
if bandKey ~= ARGV[6] and mark('until') then
  redis.call('HSET', KEYS[5], 'floor', mark('until'), 'ceiling', mark('from'))
end
if ARGV[7] ~= '' and (mark('scored') or 0) < tonumber(ARGV[7]) then redis.call('HSET', KEYS[5], 'scored', ARGV[7]) end
return 1`)

/** KEYS: mission, ids, tenants, revision, health, marks, claims, claim ages. ARGV: generation or '', id, tenant. */
export const removeScript = luaScript(`
local generation = redis.call('HGET', KEYS[1], 'generation')
if not generation then return 0 end
if ARGV[1] ~= '' and generation ~= ARGV[1] then return -1 end
redis.call('DEL', KEYS[1], KEYS[5])
redis.call('ZREM', KEYS[2], ARGV[2])
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('SREM', KEYS[3], ARGV[3]) end
redis.call('INCR', KEYS[4])
for i = 6, 8 do redis.call('PEXPIRE', KEYS[i], ${keepMarksMs}) end
return 1`)
