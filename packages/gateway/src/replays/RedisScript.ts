/**
 * What the store of replays does inside Redis. Under the prefix: a hash for each key (`k:`), its sealed answer (`s:`), a mark for each
 * living process (`o:`), the keys of each tenant and of all by expiry (`t:`, `a`), those with answers (`b:`, `b`), sizes (`m`), sums (`n`).
 */

/** The script. */
export const lua = `
local P = KEYS[1]
local maxEntries, maxBytes, tenantEntries, tenantBytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local op, scope, claim, owner, alive = ARGV[5], ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function bytesOf(tenant) return tonumber(redis.call('HGET', P .. 'n', tenant) or '0') end

local function addBytes(tenant, size)
  if size == 0 then return end
  redis.call('HINCRBY', P .. 'n', '', size)
  if redis.call('HINCRBY', P .. 'n', tenant, size) == 0 then redis.call('HDEL', P .. 'n', tenant) end
end

local function dropAnswer(key, tenant)
  local size = tonumber(redis.call('HGET', P .. 'm', key) or '0')
  if size == 0 then return end
  addBytes(tenant, -size)
  redis.call('HDEL', P .. 'm', key)
  redis.call('DEL', P .. 's:' .. key)
  redis.call('ZREM', P .. 'b', key)
  redis.call('ZREM', P .. 'b:' .. tenant, key)
end

local function tenantOf(key) return redis.call('HGET', P .. 'w', key) or '' end

local function forget(key)
  local tenant = tenantOf(key)
  dropAnswer(key, tenant)
  redis.call('DEL', P .. 'k:' .. key)
  redis.call('HDEL', P .. 'w', key)
  redis.call('ZREM', P .. 'a', key)
  redis.call('ZREM', P .. 't:' .. tenant, key)
end

for _, key in ipairs(redis.call('ZRANGEBYSCORE', P .. 'a', '-inf', now, 'LIMIT', 0, 100)) do forget(key) end

local function live(name, ms)
  if ms > 0 then redis.call('SET', P .. 'o:' .. name, '1', 'PX', ms) else redis.call('DEL', P .. 'o:' .. name) end
end

local function lose(key, why)
  dropAnswer(key, tenantOf(key))
  redis.call('HSET', P .. 'k:' .. key, 'state', 'Lost', 'why', why)
end

local function makeRoom(index, isTooMuch)
  while isTooMuch() do
    local oldest = redis.call('ZRANGE', index, 0, 0)[1]
    if not oldest then return end
    lose(oldest, 'evicted')
  end
end

local function done()
  return { 'Done', redis.call('ZCARD', P .. 'a'), bytesOf('') }
end

if op == 'Alive' then
  live(owner, alive)
  return done()
end

if op == 'Claim' then
  local tenant, print, ttl = ARGV[10], ARGV[11], tonumber(ARGV[12])
  live(owner, alive)
  local expires = tonumber(redis.call('ZSCORE', P .. 'a', scope) or '0')
  if expires > now then
    local known = redis.call('HMGET', P .. 'k:' .. scope, 'claim', 'owner', 'print', 'state', 'why')
    if known[4] == 'Running' then
      if known[1] == claim then return { 'Claimed' } end
      if redis.call('EXISTS', P .. 'o:' .. known[2]) == 1 then return { 'Running', known[3], known[2] } end
      return { 'Lost', known[3], 'gone' }
    end
    local sealed = known[4] == 'Kept' and redis.call('GET', P .. 's:' .. scope)
    if sealed then return { 'Kept', known[3], sealed } end
    if known[3] then return { 'Lost', known[3], known[5] or 'evicted' } end
  end
  forget(scope)
  if redis.call('ZCARD', P .. 'a') >= maxEntries then return { 'Full', 'store' } end
  if redis.call('ZCARD', P .. 't:' .. tenant) >= tenantEntries then return { 'Full', 'tenant' } end
  if ttl <= 0 then return { 'Claimed' } end
  redis.call('HSET', P .. 'k:' .. scope, 'claim', claim, 'owner', owner, 'print', print, 'state', 'Running')
  redis.call('PEXPIREAT', P .. 'k:' .. scope, now + ttl)
  redis.call('HSET', P .. 'w', scope, tenant)
  redis.call('ZADD', P .. 'a', now + ttl, scope)
  redis.call('ZADD', P .. 't:' .. tenant, now + ttl, scope)
  return { 'Claimed' }
end

local held = redis.call('HMGET', P .. 'k:' .. scope, 'claim', 'state')
if held[1] == claim and held[2] == 'Running' then
  if op == 'Release' then
    forget(scope)
  elseif op == 'Lose' then
    lose(scope, ARGV[10])
  else
    local sealed, tenant = ARGV[10], tenantOf(scope)
    local size = string.len(sealed)
    if size > tenantBytes then
      lose(scope, 'too-large')
    else
      makeRoom(P .. 'b:' .. tenant, function() return bytesOf(tenant) + size > tenantBytes end)
      makeRoom(P .. 'b', function() return bytesOf('') + size > maxBytes end)
      local expires = tonumber(redis.call('ZSCORE', P .. 'a', scope) or '0')
      redis.call('HSET', P .. 'k:' .. scope, 'state', 'Kept')
      redis.call('SET', P .. 's:' .. scope, sealed, 'PXAT', expires)
      redis.call('HSET', P .. 'm', scope, size)
      redis.call('ZADD', P .. 'b', expires, scope)
      redis.call('ZADD', P .. 'b:' .. tenant, expires, scope)
      addBytes(tenant, size)
    end
  end
end
return done()
`
