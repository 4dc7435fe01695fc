/**
 * The counts of one store as a machine without clock and effects: every function is told the time. Rate windows are rings of slots, so
 * that what is counted slides out in small steps; held windows know each hold by its reservation. The script of the Redis store is
 * the same machine in Lua, and one set of tests holds both.
 */
import { type Answer, type Correction, type HeldWindow, type Level, type RateWindow, type Renew, type Reserve, type Settle, slotMs } from "../LimitStore.ts"

interface Rate {
  readonly windowMs: number
  /** Slot number to what was counted in it, oldest first. */
  readonly slots: Map<number, number>
  used: number
}

interface Hold {
  readonly amount: number
  expiresAt: number
}

interface Held {
  charged: number
  held: number
  readonly holds: Map<string, Hold>
  /** No hold expires before this time. */
  earliest: number
  keepUntil: number
}

/** Everything that is counted. Windows that say nothing any more are taken out by {@link sweep}. */
export interface State {
  readonly rates: Map<string, Rate>
  readonly helds: Map<string, Held>
}

/** Nothing counted. */
export const empty = (): State => ({ rates: new Map(), helds: new Map() })

/** How many windows there are. */
export const size = ({ helds, rates }: State): number => rates.size + helds.size

const nameOf = (group: string, key: string): string => `${group}\n${key}`

/** Takes out the slots that have left the window. */
const slide = (rate: Rate, now: number): void => {
  const width = slotMs(rate.windowMs)
  for (const [slot, amount] of rate.slots) {
    if ((slot + 1) * width + rate.windowMs > now) return
    rate.slots.delete(slot)
    rate.used -= amount
  }
}

/** Milliseconds until `excess` of what is counted has left. */
const waitFor = (rate: Rate, excess: number, now: number): number => {
  const width = slotMs(rate.windowMs)
  let freed = 0
  let until = 0
  for (const [slot, amount] of rate.slots) {
    if (freed >= excess) break
    freed += amount
    until = (slot + 1) * width + rate.windowMs - now
  }
  return until
}

/** Adds to a slot; slots are kept in their order. */
const count = (rate: Rate, slot: number, amount: number): void => {
  if (amount === 0) return
  rate.slots.set(slot, (rate.slots.get(slot) ?? 0) + amount)
  rate.used += amount
}

/** Takes out the holds that nobody renewed. */
const expire = (held: Held, now: number): void => {
  if (now < held.earliest) return
  held.earliest = Number.POSITIVE_INFINITY
  for (const [id, hold] of held.holds) {
    if (hold.expiresAt > now) {
      held.earliest = Math.min(held.earliest, hold.expiresAt)
    } else {
      held.holds.delete(id)
      held.held -= hold.amount
    }
  }
}

const rateLevel = (rate: Rate | undefined, { amount, limit }: RateWindow, now: number): Level => {
  if (rate === undefined) return { used: 0, charged: 0, fits: amount <= limit, waitMs: 0, resetMs: 0 }
  slide(rate, now)
  const fits = rate.used + amount <= limit
  return {
    used: rate.used,
    charged: rate.used,
    fits,
    waitMs: fits ? 0 : waitFor(rate, rate.used + amount - limit, now),
    resetMs: waitFor(rate, rate.used, now)
  }
}

const heldLevel = (held: Held | undefined, { amount, limit, opening }: HeldWindow, now: number): Level => {
  if (held !== undefined) expire(held, now)
  const charged = held?.charged ?? opening ?? 0
  const used = charged + (held?.held ?? 0)
  return { used, charged, fits: used + amount <= limit, waitMs: 0, resetMs: 0 }
}

/** Makes room in every window, or says which have none and changes nothing. */
export const reserve = (state: State, now: number, message: Reserve): Answer => {
  const { group, id, leaseMs, windows } = message
  const unopened = windows.filter((window) => window._tag === "Held" && window.opening === undefined && !state.helds.has(nameOf(group, window.key)))
  if (unopened.length > 0) return { _tag: "Unopened", keys: unopened.map(({ key }) => key) }
  const levels = windows.map((window) => {
    const name = nameOf(group, window.key)
    return window._tag === "Rate" ? rateLevel(state.rates.get(name), window, now) : heldLevel(state.helds.get(name), window, now)
  })
  // What was told of the past is kept even where there is no room
  for (const window of windows) if (window._tag === "Held") open(state, now, group, window)
  if (levels.some(({ fits }) => !fits)) return { _tag: "Refused", levels }
  return {
    _tag: "Reserved",
    at: now,
    levels: windows.map((window, index): Level => {
      const used = (levels[index]?.used ?? 0) + window.amount
      if (window._tag === "Held") {
        hold(state, now, nameOf(group, window.key), id, window.amount, leaseMs)
        return { used, charged: levels[index]?.charged ?? 0, fits: true, waitMs: 0, resetMs: 0 }
      }
      const rate = rateOf(state, nameOf(group, window.key), window.windowMs)
      count(rate, Math.floor(now / slotMs(window.windowMs)), window.amount)
      return { used, charged: used, fits: true, waitMs: 0, resetMs: waitFor(rate, rate.used, now) }
    })
  }
}

const rateOf = (state: State, name: string, windowMs: number): Rate => {
  const known = state.rates.get(name)
  if (known !== undefined) return known
  const made: Rate = { windowMs, slots: new Map(), used: 0 }
  state.rates.set(name, made)
  return made
}

const open = (state: State, now: number, group: string, { key, keepMs, opening }: HeldWindow): void => {
  const name = nameOf(group, key)
  const known = state.helds.get(name)
  if (known === undefined) {
    state.helds.set(name, { charged: opening ?? 0, held: 0, holds: new Map(), earliest: Number.POSITIVE_INFINITY, keepUntil: now + keepMs })
  } else known.keepUntil = now + keepMs
}

const hold = (state: State, now: number, name: string, id: string, amount: number, leaseMs: number): void => {
  const held = state.helds.get(name)
  if (held === undefined) return
  held.held += amount - (held.holds.get(id)?.amount ?? 0)
  held.holds.set(id, { amount, expiresAt: now + leaseMs })
  held.earliest = Math.min(held.earliest, now + leaseMs)
}

/** Puts the truth in the place of what was reserved. */
export const settle = (state: State, now: number, { corrections, group, id }: Settle): void => {
  for (const correction of corrections) {
    const name = nameOf(group, correction.key)
    if (correction._tag === "Rate") correct(state, now, name, correction)
    else charge(state, now, name, id, correction)
  }
}

const correct = (state: State, now: number, name: string, { actual, at, reserved, windowMs }: Correction & { readonly _tag: "Rate" }): void => {
  const width = slotMs(windowMs)
  const delta = actual - reserved
  const rate = delta > 0 ? rateOf(state, name, windowMs) : state.rates.get(name)
  if (rate === undefined) return
  slide(rate, now)
  if (delta > 0) return count(rate, Math.floor(now / width), delta)
  const slot = Math.floor(at / width)
  const counted = rate.slots.get(slot)
  if (counted !== undefined) count(rate, slot, Math.max(delta, -counted))
}

const charge = (state: State, now: number, name: string, id: string, { charge, keepMs }: Correction & { readonly _tag: "Held" }): void => {
  const held = state.helds.get(name)
  // A window that was forgotten is opened anew from what was recorded, and this is among it
  if (held === undefined) return
  held.held -= held.holds.get(id)?.amount ?? 0
  held.holds.delete(id)
  held.charged += charge
  held.keepUntil = now + keepMs
}

/** Keeps holds for another lease. */
export const renew = (state: State, now: number, { group, holds, leaseMs }: Renew): void => {
  for (const { id, key } of holds) {
    const known = state.helds.get(nameOf(group, key))?.holds.get(id)
    if (known !== undefined && known.expiresAt > now) known.expiresAt = now + leaseMs
  }
}

/** Takes out windows that say nothing any more. */
export const sweep = ({ helds, rates }: State, now: number): void => {
  for (const [name, rate] of rates) {
    slide(rate, now)
    if (rate.slots.size === 0) rates.delete(name)
  }
  for (const [name, held] of helds) {
    expire(held, now)
    if (held.holds.size === 0 && held.keepUntil <= now) helds.delete(name)
  }
}
