import { luaScript } from '../store/lua.ts'

/** Deletes a forecast and all that lies beside it; scripts reach keys of the same hash tag. */
const forget = `
local function forget(index, prefix, id)
  redis.call('DEL', prefix .. 'rec:' .. id, prefix .. 'in:' .. id, prefix .. 'out:' .. id)
  redis.call('ZREM', index, id)
end`

/**
 * KEYS: index. ARGV: prefix, id, created, most pending, pending since, most kept, kept since, keepMs, inputMs, input,
 * fields of the record. Answers 0 where too many wait.
 */
export const createScript = luaScript(`${forget}
local index, prefix, id = KEYS[1], ARGV[1], ARGV[2]
local pending = 0
for _, other in ipairs(redis.call('ZRANGEBYSCORE', index, ARGV[5], '+inf')) do
  local status = redis.call('HGET', prefix .. 'rec:' .. other, 'status')
  if status == 'queued' or status == 'running' then pending = pending + 1 end
end
if pending >= tonumber(ARGV[4]) then return 0 end
redis.call('ZADD', index, ARGV[3], id)
redis.call('PEXPIRE', index, ARGV[8])
redis.call('HSET', prefix .. 'rec:' .. id, unpack(ARGV, 11))
redis.call('PEXPIRE', prefix .. 'rec:' .. id, ARGV[8])
redis.call('SET', prefix .. 'in:' .. id, ARGV[10], 'PX', ARGV[9])
for _, old in ipairs(redis.call('ZRANGEBYSCORE', index, '-inf', '(' .. ARGV[7])) do forget(index, prefix, old) end
for _, old in ipairs(redis.call('ZRANGE', index, 0, -1 - tonumber(ARGV[6]))) do forget(index, prefix, old) end
return 1`)

/** KEYS: index. ARGV: prefix, id, fields. Changes a forecast that is not over; answers 0 where it is. */
export const noteScript = luaScript(`
local record = ARGV[1] .. 'rec:' .. ARGV[2]
local status = redis.call('HGET', record, 'status')
if status ~= 'queued' and status ~= 'running' then return 0 end
redis.call('HSET', record, unpack(ARGV, 3))
return 1`)

/**
 * KEYS: index. ARGV: prefix, id, most bytes of all results, keepMs, result ('' where there is none), fields. The first
 * end counts, later ones answer 0. Results go, oldest first, until the rest fits.
 */
export const endScript = luaScript(`${forget}
local index, prefix, id = KEYS[1], ARGV[1], ARGV[2]
local record = prefix .. 'rec:' .. id
local status = redis.call('HGET', record, 'status')
if status ~= 'queued' and status ~= 'running' then return 0 end
redis.call('HSET', record, 'bytes', #ARGV[5], unpack(ARGV, 6))
redis.call('DEL', prefix .. 'in:' .. id)
if #ARGV[5] > 0 then redis.call('SET', prefix .. 'out:' .. id, ARGV[5], 'PX', ARGV[4]) end
local sum = #ARGV[5]
for _, other in ipairs(redis.call('ZREVRANGE', index, 0, -1)) do
  if other ~= id then
    local bytes = tonumber(redis.call('HGET', prefix .. 'rec:' .. other, 'bytes') or 0)
    sum = sum + bytes
    if bytes > 0 and sum > tonumber(ARGV[3]) then forget(index, prefix, other) end
  end
end
return 1`)
