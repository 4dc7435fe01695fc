/**
 * What the store of cached answers does inside Redis. Under the prefix: each sealed answer (`s:`), the lead for each key (`l:`), the keys
 * by last use (`u`) and by expiry (`x`), their sizes (`m`) and owners (`w`), the keys of each owner (`o:`), and the sum of sizes (`n`).
 */

/** The script. */
export const lua = `
local P = KEYS[1]
local maxEntries, maxBytes = tonumber(ARGV[1]), tonumber(ARGV[2])
local op, key, claim, owner, sealed, ms = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], tonumber(ARGV[8])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function forget(key)
  redis.call('DEL', P .. 's:' .. key)
  redis.call('ZREM', P .. 'u', key)
  redis.call('ZREM', P .. 'x', key)
  redis.call('DECRBY', P .. 'n', tonumber(redis.call('HGET', P .. 'm', key) or '0'))
  redis.call('HDEL', P .. 'm', key)
  local owner = redis.call('HGET', P .. 'w', key)
  redis.call('HDEL', P .. 'w', key)
  if owner then redis.call('SREM', P .. 'o:' .. owner, key) end
end

local function bytes() return tonumber(redis.call('GET', P .. 'n') or '0') end
local function done() return { 'Done', redis.call('ZCARD', P .. 'u'), bytes() } end
local function release() if redis.call('GET', P .. 'l:' .. key) == claim then redis.call('DEL', P .. 'l:' .. key) end end

for _, old in ipairs(redis.call('ZRANGEBYSCORE', P .. 'x', '-inf', now, 'LIMIT', 0, 100)) do forget(old) end

if op == 'Find' then
  local found = redis.call('GET', P .. 's:' .. key)
  if found then
    redis.call('ZADD', P .. 'u', now, key)
    return { 'Found', found }
  end
  local lead = redis.call('GET', P .. 'l:' .. key)
  if lead and lead ~= claim then return { 'Awaited' } end
  redis.call('SET', P .. 'l:' .. key, claim, 'PX', ms)
  return { 'Lead' }
end

if op == 'Purge' then
  local keys = owner == '' and redis.call('ZRANGE', P .. 'u', 0, -1) or redis.call('SMEMBERS', P .. 'o:' .. owner)
  for _, old in ipairs(keys) do forget(old) end
  return { 'Purged', #keys }
end

if op == 'Keep' then
  release()
  forget(key)
  local size = string.len(sealed)
  if size <= maxBytes and maxEntries >= 1 and ms > 0 then
    redis.call('SET', P .. 's:' .. key, sealed, 'PX', ms)
    redis.call('ZADD', P .. 'u', now, key)
    redis.call('ZADD', P .. 'x', now + ms, key)
    redis.call('HSET', P .. 'm', key, size)
    redis.call('HSET', P .. 'w', key, owner)
    redis.call('SADD', P .. 'o:' .. owner, key)
    redis.call('INCRBY', P .. 'n', size)
    while redis.call('ZCARD', P .. 'u') > maxEntries or bytes() > maxBytes do
      forget(redis.call('ZRANGE', P .. 'u', 0, 0)[1])
    end
  end
elseif op == 'Release' then
  release()
end
return done()
`
