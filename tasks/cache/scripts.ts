// An entry begins with the nonce of its payload and a line feed, whatever version wrote it.

/**
 * Makes a complete temporary payload the one of its bandKey, T and kind. Returns 0 when it is not complete.
 * KEYS temporary, payload, list; ARGV field, entry, ttl, fields, prefix of payloads, ttl of a replaced payload.
 */
export const commitScript = `
if redis.call('HLEN', KEYS[1]) ~= tonumber(ARGV[4]) then return 0 end
local old = redis.call('HGET', KEYS[3], ARGV[1])
local oldKey = old and (ARGV[5] .. string.match(old, '^[^\\n]*'))
if oldKey and oldKey ~= KEYS[2] then redis.call('PEXPIRE', oldKey, ARGV[6]) end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
if redis.call('PTTL', KEYS[3]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[3], ARGV[3]) end
return 1`

/** Entries whose payload is alive; the others are removed. KEYS list; ARGV prefix of payloads. */
export const listScript = `
local live = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if redis.call('EXISTS', ARGV[1] .. string.match(all[i + 1], '^[^\\n]*')) == 1 then
    live[#live + 1] = all[i + 1]
  else
    redis.call('HDEL', KEYS[1], all[i])
  end
end
return live`

/** Removes the list and its payloads. KEYS list; ARGV prefix of payloads. */
export const dropScript = `
for _, entry in ipairs(redis.call('HVALS', KEYS[1])) do
  redis.call('UNLINK', ARGV[1] .. string.match(entry, '^[^\\n]*'))
end
return redis.call('UNLINK', KEYS[1])`

/** Replaces an entry that is still as it was read. KEYS list; ARGV field, entry as read, new entry. */
export const swapScript = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`
