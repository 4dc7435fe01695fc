/** The store of cached answers in this process: forgets everything with it. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Ask, Bounds, Told } from "./CacheStore.ts"
import { CacheStore, defaultBounds } from "./CacheStore.ts"
import * as SteadyTime from "./SteadyTime.ts"

interface Entry {
  readonly owner: string
  readonly sealed: string
  readonly expiresAt: number
}

interface Lead {
  readonly claim: string
  readonly expiresAt: number
}

/** Leads that are looked at for having run out, for each one that is given. */
const swept = 4

/** A store as a function. `now` gives milliseconds. */
export const make = (bounds: Bounds, now: () => number): (message: Ask) => Told => {
  // In the order of use: what was asked for last stands last
  const entries = new Map<string, Entry>()
  const leads = new Map<string, Lead>()
  let bytes = 0

  const forget = (key: string, entry: Entry): void => {
    entries.delete(key)
    bytes -= entry.sealed.length
  }

  const release = (key: string, claim: string): void => {
    if (leads.get(key)?.claim === claim) leads.delete(key)
  }

  const sweep = (at: number): void => {
    let looked = 0
    for (const [key, { expiresAt }] of leads) {
      if (looked++ === swept) return
      if (expiresAt <= at) leads.delete(key)
    }
  }

  const find = ({ claim, key, leaseMs }: Ask & { readonly _tag: "Find" }, at: number): Told => {
    const entry = entries.get(key)
    if (entry !== undefined && entry.expiresAt > at) {
      entries.delete(key)
      entries.set(key, entry)
      return { _tag: "Found", sealed: entry.sealed }
    }
    if (entry !== undefined) forget(key, entry)
    const lead = leads.get(key)
    if (lead !== undefined && lead.expiresAt > at && lead.claim !== claim) return { _tag: "Awaited" }
    sweep(at)
    leads.delete(key)
    leads.set(key, { claim, expiresAt: at + leaseMs })
    return { _tag: "Lead" }
  }

  const keep = ({ claim, key, owner, sealed, ttlMs }: Ask & { readonly _tag: "Keep" }, at: number): void => {
    release(key, claim)
    const before = entries.get(key)
    if (before !== undefined) forget(key, before)
    if (sealed.length > bounds.bytes || bounds.entries < 1) return
    entries.set(key, { owner, sealed, expiresAt: at + ttlMs })
    bytes += sealed.length
    for (const [oldest, entry] of entries) {
      if (entries.size <= bounds.entries && bytes <= bounds.bytes) return
      forget(oldest, entry)
    }
  }

  const purge = (owner: string | undefined): number => {
    const before = entries.size
    for (const [key, entry] of entries) if (owner === undefined || entry.owner === owner) forget(key, entry)
    return before - entries.size
  }

  return (message) => {
    const at = now()
    switch (message._tag) {
      case "Find":
        return find(message, at)
      case "Purge":
        return { _tag: "Purged", entries: purge(message.owner) }
      case "Keep":
        keep(message, at)
        break
      case "Release":
        release(message.key, message.claim)
        break
      case "Count":
        break
    }
    return { _tag: "Done", entries: entries.size, bytes }
  }
}

/** A store in this process, with Effect's clock. */
export const layer = (bounds: Partial<Bounds> = {}): Layer.Layer<CacheStore> =>
  Layer.effect(
    CacheStore,
    Effect.map(Clock.Clock, (clock) => {
      const store = make({ ...defaultBounds, ...bounds }, () => SteadyTime.now(clock))
      return CacheStore.of({
        ask: (message) => Effect.sync(() => store(message)),
        status: () => {
          const told = store({ _tag: "Count" })
          return { kind: "memory", entries: 0, bytes: 0, ...(told._tag === "Done" ? { entries: told.entries, bytes: told.bytes } : {}) }
        }
      })
    })
  )
