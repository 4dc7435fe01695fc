/**
 * Keeps the pools current: takes over what is loaded, logged in, refreshed or stored by others, and has one fiber for each credential
 * that must be looked after. All fibers end with the scope, but for a refresh that runs, which is waited for.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { ConfiguredCredential } from "../credentials/CredentialProvider.ts"
import type { CredentialStore, StoredCredential } from "../credentials/CredentialStore.ts"
import type { Material } from "../credentials/Material.ts"
import type * as Due from "./Due.ts"
import { dueAt, type Kept, kindOf, nameOf } from "./Kept.ts"
import type { Pools } from "./Pools.ts"
import type { Records } from "./Records.ts"
import * as Refreshing from "./Refreshing.ts"

/** What upkeep is given. */
export interface Options {
  readonly pools: Pools
  readonly records: Records
  readonly store: CredentialStore["Service"]
  readonly timing: Due.Timing
  /** Names this process to the store. */
  readonly owner: string
  /** Whether anything happens by itself. */
  readonly isKeptUp: boolean
}

/** The hands that change a pool. */
export interface Upkeep {
  readonly context: Refreshing.Context
  readonly configure: (credentials: ReadonlyArray<ConfiguredCredential>) => Effect.Effect<void>
  readonly rescan: Effect.Effect<void>
  readonly adoptRecord: (record: StoredCredential) => Effect.Effect<void>
  readonly forget: (kept: Kept) => Effect.Effect<void>
}

/** How long the end of a gateway waits for refreshes that run. */
const patience = "5 seconds"

/** Clocks are set, and machines sleep: what is due is looked at anew after this. */
const longestSleepMs = 60_000

const told = ({ place: { id, provider } }: Kept): string => `the credential "${id}" of the provider "${provider}"`

/** Upkeep that lives as long as its scope. */
export const make = Effect.fnUntraced(function*({ isKeptUp, owner, pools, records, store, timing }: Options): Effect.fn.Return<Upkeep, never, Scope.Scope> {
  // Interrupted before the finalizer below waits, so that nothing new begins meanwhile
  yield* Effect.addFinalizer(() =>
    Effect.forEach(pools.all(), ({ flight }) => flight === undefined ? Effect.void : Deferred.await(flight), { concurrency: "unbounded", discard: true }).pipe(
      Effect.timeoutOption(patience)
    )
  )
  const watches = yield* FiberMap.make<string>()
  let isStoreSilent = false

  const look = (kept: Kept): Effect.Effect<void> =>
    Effect.gen(function*() {
      for (;;) {
        const due = dueAt(kept, timing)
        kept.nextRefresh = due
        if (due === undefined) return
        const wait = due - (yield* Clock.currentTimeMillis)
        if (wait > 0) yield* Effect.sleep(Math.min(wait, longestSleepMs))
        // A refused attempt may have asked meanwhile, and failed
        const isStillDue = (dueAt(kept, timing) ?? Number.POSITIVE_INFINITY) <= (yield* Clock.currentTimeMillis)
        if (!isStillDue) continue
        yield* Refreshing.join(context, kept)
      }
    })

  const reread = (kept: Kept, everyMs: number): Effect.Effect<void> =>
    Effect.gen(function*() {
      for (;;) {
        yield* Effect.sleep(everyMs)
        yield* Refreshing.join(context, kept)
      }
    })

  const watch = (kept: Kept): Effect.Effect<void> => {
    if (!isKeptUp) return Effect.void
    const { load, reloadEveryMs } = kept.from
    if (load !== undefined) {
      return reloadEveryMs === undefined
        ? Effect.void
        : Effect.asVoid(FiberMap.run(watches, nameOf(kept.place), reread(kept, reloadEveryMs), { onlyIfMissing: true }))
    }
    return Effect.asVoid(FiberMap.run(watches, nameOf(kept.place), look(kept)))
  }

  const changed = (kept: Kept, before: string): void => {
    kept.changes += 1
    if (kindOf(kept) !== before) pools.refreshLists()
  }

  const adopt = Effect.fnUntraced(function*(kept: Kept, material: Material, version: number | undefined) {
    const before = kindOf(kept)
    const hadBefore = kept.material !== undefined
    kept.material = material
    kept.version = version
    kept.trouble = undefined
    kept.failures = 0
    kept.retryAt = undefined
    kept.jitter = yield* Random.next
    if (hadBefore) kept.lastRefresh = yield* Clock.currentTimeMillis
    changed(kept, before)
    yield* watch(kept)
  })

  const forget = (kept: Kept): Effect.Effect<void> =>
    Effect.gen(function*() {
      const before = kindOf(kept)
      kept.material = undefined
      kept.version = undefined
      kept.trouble = undefined
      kept.retryAt = undefined
      kept.nextRefresh = undefined
      kept.unsaved = undefined
      if (kept.configured === undefined) {
        pools.drop(kept.place)
        pools.refreshLists()
      }
      changed(kept, before)
      yield* FiberMap.remove(watches, nameOf(kept.place))
    })

  const context: Refreshing.Context = {
    store,
    records,
    timing,
    owner,
    adopt,
    forget,
    onTrouble: (kept) => {
      const { failures, from, trouble } = kept
      const note = failures > 1 || trouble === undefined
        ? Effect.void
        : Effect.logWarning(`${from.load === undefined ? "Refreshing" : "Reading"} ${told(kept)} failed`, trouble.reason)
      return Effect.andThen(note, watch(kept))
    }
  }

  /** What cannot be opened stays visible, with the reason, and is not tried again until it changes. */
  const adoptRecord = (record: StoredCredential): Effect.Effect<void> =>
    Effect.matchEffect(records.open(record), {
      onSuccess: ({ like, material }) => {
        const isNew = pools.get(record) === undefined
        const kept = pools.ensure(record, like)
        if (isNew) pools.refreshLists()
        return adopt(kept, material, record.version)
      },
      onFailure: ({ message }) =>
        Effect.suspend(() => {
          const isNew = pools.get(record) === undefined
          const kept = pools.ensure(record)
          kept.material = undefined
          kept.version = record.version
          kept.trouble = { reason: message, isForGood: true }
          kept.changes += 1
          if (isNew) pools.refreshLists()
          return Effect.andThen(FiberMap.remove(watches, nameOf(kept.place)), Effect.logError(message))
        })
    })

  const saveLate = (kept: Kept): Effect.Effect<void> => {
    const { unsaved } = kept
    if (unsaved === undefined) return Effect.void
    return Effect.matchEffect(records.write(unsaved.record, unsaved.after), {
      onSuccess: (isWritten) =>
        Effect.sync(() => {
          kept.unsaved = undefined
          if (isWritten) kept.version = unsaved.record.version
        }),
      onFailure: () => Effect.void
    })
  }

  const compare = Effect.fnUntraced(function*(found: ReadonlyArray<StoredCredential>, seen: ReadonlyMap<string, number>) {
    // What changed since the store was asked is newer than its answer
    const isUntouched = (kept: Kept) => kept.flight === undefined && kept.unsaved === undefined && (seen.get(nameOf(kept.place)) ?? 0) === kept.changes
    for (const record of found) {
      const kept = pools.get(record)
      if (kept === undefined || (kept.from.load === undefined && kept.version !== record.version && isUntouched(kept))) yield* adoptRecord(record)
    }
    const names = new Set(found.map(nameOf))
    for (const kept of pools.all()) {
      if (kept.version !== undefined && !names.has(nameOf(kept.place)) && isUntouched(kept)) yield* forget(kept)
    }
  })

  const rescanOnce = Effect.gen(function*() {
    for (const kept of pools.all()) yield* saveLate(kept)
    const seen = new Map(pools.all().map((kept) => [nameOf(kept.place), kept.changes]))
    yield* Effect.matchEffect(store.list, {
      onSuccess: (found) => {
        isStoreSilent = false
        return compare(found, seen)
      },
      onFailure: ({ message }) =>
        Effect.suspend(() => {
          if (isStoreSilent) return Effect.void
          isStoreSilent = true
          return Effect.logWarning("Stored credentials cannot be looked at; what is known is used", message)
        })
    })
  })

  const rescan = Effect.catchCause(
    rescanOnce,
    (cause) => Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause) : Effect.logError("Looking at stored credentials failed by a fault", cause)
  )

  const configure = Effect.fnUntraced(function*(credentials: ReadonlyArray<ConfiguredCredential>) {
    for (const kept of pools.configure(credentials)) yield* FiberMap.remove(watches, nameOf(kept.place))
    for (const kept of pools.all()) {
      if (kept.from.load !== undefined) yield* Refreshing.join(context, kept)
      yield* watch(kept)
    }
    yield* rescan
  })

  if (isKeptUp) yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(timing.rescanMs), rescan)))
  return { context, configure, rescan, adoptRecord, forget }
})
