/**
 * The machine of State.ts as scripts that Redis runs whole, in its own time: every gateway sees one clock, and no two questions of one
 * group meet in the middle. Numbers go in as JSON and come out as text, because the words in between would round them.
 */

/** What all scripts begin with. A rate window is a hash of slots; a held one a hash of sums and holds, and the times at which holds expire. */
const prelude = `
local message = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = message.now or time[1] * 1000 + math.floor(time[2] / 1000)
local function text(number) return string.format('%.0f', number) end
local function expire(sums, times)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', times, '-inf', text(now))) do
    local amount = redis.call('HGET', sums, 'hold:' .. id)
    if amount then
      redis.call('HINCRBY', sums, 'held', '-' .. amount)
      redis.call('HDEL', sums, 'hold:' .. id)
    end
    redis.call('ZREM', times, id)
  end
end
`

/** KEYS: one for each rate window, two for each held one, in the order of the windows. Answers Unopened, Refused or Reserved with its facts. */
export const reserve = `${prelude}
local at, unopened = {}, { 'Unopened' }
local key = 1
for index, window in ipairs(message.windows) do
  at[index] = key
  if window._tag == 'Held' then
    if window.opening == nil and redis.call('EXISTS', KEYS[key]) == 0 then unopened[#unopened + 1] = text(index - 1) end
    key = key + 2
  else
    key = key + 1
  end
end
if #unopened > 1 then return unopened end

local function rate(name, window)
  local width, used, reset, slots = window.slotMs, 0, 0, {}
  local stored = redis.call('HGETALL', name)
  for i = 1, #stored, 2 do
    local left = (tonumber(stored[i]) + 1) * width + window.windowMs - now
    if left <= 0 then
      redis.call('HDEL', name, stored[i])
    else
      local amount = tonumber(stored[i + 1])
      used = used + amount
      if amount > 0 and left > reset then reset = left end
      slots[#slots + 1] = { left, amount }
    end
  end
  local wait, excess = 0, used + window.amount - window.limit
  if excess > 0 then
    table.sort(slots, function(a, b) return a[1] < b[1] end)
    for _, slot in ipairs(slots) do
      if excess <= 0 then break end
      excess = excess - slot[2]
      wait = slot[1]
    end
  end
  return { used = used, charged = used, fits = used + window.amount <= window.limit, wait = wait, reset = reset }
end

local function held(sums, times, window)
  expire(sums, times)
  if redis.call('EXISTS', sums) == 0 then redis.call('HSET', sums, 'charged', text(window.opening), 'held', '0') end
  redis.call('PEXPIRE', sums, text(window.keepMs))
  redis.call('PEXPIRE', times, text(window.keepMs))
  local charged = tonumber(redis.call('HGET', sums, 'charged'))
  local used = charged + tonumber(redis.call('HGET', sums, 'held'))
  return { used = used, charged = charged, fits = used + window.amount <= window.limit, wait = 0, reset = 0 }
end

local levels, fits = {}, true
for index, window in ipairs(message.windows) do
  local level
  if window._tag == 'Held' then level = held(KEYS[at[index]], KEYS[at[index] + 1], window) else level = rate(KEYS[at[index]], window) end
  fits = fits and level.fits
  levels[index] = level
end

local answer = { fits and 'Reserved' or 'Refused', text(now) }
for index, window in ipairs(message.windows) do
  local level, name = levels[index], KEYS[at[index]]
  if fits then
    level.used = level.used + window.amount
    if window._tag == 'Held' then
      local before = redis.call('HGET', name, 'hold:' .. message.id) or '0'
      redis.call('HINCRBY', name, 'held', text(window.amount - tonumber(before)))
      redis.call('HSET', name, 'hold:' .. message.id, text(window.amount))
      redis.call('ZADD', KEYS[at[index] + 1], text(now + message.leaseMs), message.id)
      redis.call('PEXPIRE', KEYS[at[index] + 1], text(window.keepMs))
    else
      local slot = math.floor(now / window.slotMs)
      redis.call('HINCRBY', name, text(slot), text(window.amount))
      redis.call('PEXPIRE', name, text(window.windowMs + 2 * window.slotMs))
      level.charged = level.used
      level.reset = math.max(level.reset, (slot + 1) * window.slotMs + window.windowMs - now)
    end
  end
  answer[#answer + 1] = text(level.used)
  answer[#answer + 1] = text(level.charged)
  answer[#answer + 1] = level.fits and '1' or '0'
  answer[#answer + 1] = text(level.wait)
  answer[#answer + 1] = text(level.reset)
end
return answer
`

/** KEYS: as above, in the order of the corrections. */
export const settle = `${prelude}
local key = 1
for _, correction in ipairs(message.corrections) do
  local name = KEYS[key]
  if correction._tag == 'Rate' then
    key = key + 1
    local delta = correction.actual - correction.reserved
    if delta > 0 then
      redis.call('HINCRBY', name, text(math.floor(now / correction.slotMs)), text(delta))
      redis.call('PEXPIRE', name, text(correction.windowMs + 2 * correction.slotMs))
    else
      local slot = text(math.floor(correction.at / correction.slotMs))
      local counted = redis.call('HGET', name, slot)
      if counted then redis.call('HINCRBY', name, slot, text(math.max(delta, -tonumber(counted)))) end
    end
  else
    key = key + 2
    if redis.call('EXISTS', name) == 1 then
      local amount = redis.call('HGET', name, 'hold:' .. message.id)
      if amount then
        redis.call('HINCRBY', name, 'held', '-' .. amount)
        redis.call('HDEL', name, 'hold:' .. message.id)
        redis.call('ZREM', KEYS[key - 1], message.id)
      end
      redis.call('HINCRBY', name, 'charged', text(correction.charge))
      redis.call('PEXPIRE', name, text(correction.keepMs))
      redis.call('PEXPIRE', KEYS[key - 1], text(correction.keepMs))
    end
  end
end
return 'OK'
`

/** KEYS: two for each hold. A window lives as long as what is held in it. */
export const renew = `${prelude}
for index, hold in ipairs(message.holds) do
  local times = KEYS[2 * index]
  local score = redis.call('ZSCORE', times, hold.id)
  if score and tonumber(score) > now then
    redis.call('ZADD', times, text(now + message.leaseMs), hold.id)
    for _, name in ipairs({ KEYS[2 * index - 1], times }) do
      if redis.call('PTTL', name) < 2 * message.leaseMs then redis.call('PEXPIRE', name, text(2 * message.leaseMs)) end
    end
  end
end
return 'OK'
`
