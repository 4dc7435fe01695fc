/**
 * The store of replays in this process: for one server, and behind the process that holds it for several workers. Forgets
 * everything with the process: a key that was used before a restart is a new one after it.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Ask, Bounds, Told, Why } from "./ReplayStore.ts"
import { defaultBounds, ReplayStore } from "./ReplayStore.ts"
import * as SteadyTime from "./SteadyTime.ts"

interface Entry {
  readonly scope: string
  readonly tenant: string
  readonly claim: string
  readonly owner: string
  readonly print: string
  readonly expiresAt: number
  state: { readonly _tag: "Running" } | { readonly _tag: "Kept"; readonly sealed: string } | { readonly _tag: "Lost"; readonly why: Why }
}

interface Share {
  entries: number
  bytes: number
  /** Entries with answers, oldest first. */
  readonly kept: Set<Entry>
}

const running: Entry["state"] = { _tag: "Running" }

/** A store as a function. `now` gives milliseconds. */
export const make = (bounds: Bounds, now: () => number): (message: Ask) => Told => {
  // Insertion order is the order of claims, and so of expiry while all live equally long
  const entries = new Map<string, Entry>()
  const kept = new Set<Entry>()
  const shares = new Map<string, Share>()
  const owners = new Map<string, number>()
  let bytes = 0

  const shareOf = (tenant: string): Share => {
    const known = shares.get(tenant)
    if (known !== undefined) return known
    const made: Share = { entries: 0, bytes: 0, kept: new Set() }
    shares.set(tenant, made)
    return made
  }

  /** Takes an answer out and leaves its key. */
  const empty = (entry: Entry, state: Entry["state"]): void => {
    if (entry.state._tag === "Kept") {
      const size = entry.state.sealed.length
      const share = shareOf(entry.tenant)
      bytes -= size
      share.bytes -= size
      share.kept.delete(entry)
      kept.delete(entry)
    }
    entry.state = state
  }

  const forget = (entry: Entry): void => {
    empty(entry, running)
    entries.delete(entry.scope)
    const share = shareOf(entry.tenant)
    share.entries -= 1
    if (share.entries === 0) shares.delete(entry.tenant)
  }

  const expire = (at: number): void => {
    for (const entry of entries.values()) {
      if (entry.expiresAt > at) break
      forget(entry)
    }
    for (const [owner, until] of owners) if (until <= at) owners.delete(owner)
  }

  const makeRoom = (from: Set<Entry>, isTooMuch: () => boolean): void => {
    for (const oldest of from) {
      if (!isTooMuch()) return
      empty(oldest, { _tag: "Lost", why: "evicted" })
    }
  }

  const keep = (entry: Entry, sealed: string): void => {
    const size = sealed.length
    const ofTenant = bounds.bytes * bounds.tenantShare
    if (size > ofTenant) return empty(entry, { _tag: "Lost", why: "too-large" })
    const share = shareOf(entry.tenant)
    makeRoom(share.kept, () => share.bytes + size > ofTenant)
    makeRoom(kept, () => bytes + size > bounds.bytes)
    entry.state = { _tag: "Kept", sealed }
    bytes += size
    share.bytes += size
    share.kept.add(entry)
    kept.add(entry)
  }

  const claim = (message: Ask & { readonly _tag: "Claim" }, at: number): Told => {
    const { claim, owner, print, scope, tenant, ttlMs } = message
    const known = entries.get(scope)
    if (known !== undefined && known.expiresAt > at) {
      if (known.claim === claim && known.state._tag === "Running") return { _tag: "Claimed" }
      if (known.state._tag === "Kept") return { _tag: "Kept", print: known.print, sealed: known.state.sealed }
      if (known.state._tag === "Lost") return { _tag: "Lost", print: known.print, why: known.state.why }
      return owners.has(known.owner) ? { _tag: "Running", print: known.print, owner: known.owner } : { _tag: "Lost", print: known.print, why: "gone" }
    }
    if (known !== undefined) forget(known)
    if (entries.size >= bounds.entries) return { _tag: "Full", of: "store" }
    if ((shares.get(tenant)?.entries ?? 0) >= bounds.entries * bounds.tenantShare) return { _tag: "Full", of: "tenant" }
    entries.set(scope, { scope, tenant, claim, owner, print, expiresAt: at + ttlMs, state: running })
    shareOf(tenant).entries += 1
    return { _tag: "Claimed" }
  }

  /** Only who holds a claim may conclude it, and the first conclusion stands. */
  const conclude = (scope: string, claim: string, how: (entry: Entry) => void): void => {
    const entry = entries.get(scope)
    if (entry?.claim === claim && entry.state._tag === "Running") how(entry)
  }

  return (message) => {
    const at = now()
    expire(at)
    switch (message._tag) {
      case "Claim":
        owners.set(message.owner, at + message.aliveMs)
        return claim(message, at)
      case "Alive":
        owners.set(message.owner, at + message.aliveMs)
        break
      case "Keep":
        conclude(message.scope, message.claim, (entry) => keep(entry, message.sealed))
        break
      case "Lose":
        conclude(message.scope, message.claim, (entry) => empty(entry, { _tag: "Lost", why: message.why }))
        break
      case "Release":
        conclude(message.scope, message.claim, forget)
        break
    }
    return { _tag: "Done", entries: entries.size, bytes }
  }
}

/** A store in this process, with Effect's clock. */
export const layer = (bounds: Partial<Bounds> = {}): Layer.Layer<ReplayStore> =>
  Layer.effect(
    ReplayStore,
    Effect.map(Clock.Clock, (clock) => {
      const store = make({ ...defaultBounds, ...bounds }, () => SteadyTime.now(clock))
      return ReplayStore.of({ ask: (message) => Effect.sync(() => store(message)) })
    })
  )
