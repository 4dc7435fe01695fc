/**
 * The storage of extensions in the memory of this process: bounded, forgotten with it, for one process and for tests. Where it is full,
 * what was written longest ago makes room.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ExtensionStorage from "./ExtensionStorage.ts"
import { ExtensionStore, type Prefixed } from "./ExtensionStore.ts"
import * as SteadyTime from "./SteadyTime.ts"

/** How much is kept. */
export interface Bounds {
  /** Values, and counters, at most; of all namespaces together. */
  readonly entries: number
  /** Characters of all values at most. */
  readonly characters: number
}

/** 100,000 values and as many counters, 64 Mi characters. */
export const defaultBounds: Bounds = { entries: 100_000, characters: 64 * 1024 * 1024 }

interface Kept<A> {
  readonly value: A
  readonly expiresAt: number
  readonly size: number
}

/** Entries of one kind, oldest write first. */
const shelf = <A>({ characters, entries }: Bounds, now: () => number) => {
  const kept = new Map<string, Kept<A>>()
  let size = 0

  const remove = (name: string): void => {
    size -= kept.get(name)?.size ?? 0
    kept.delete(name)
  }

  const find = (name: string): Kept<A> | undefined => {
    const found = kept.get(name)
    if (found === undefined || found.expiresAt > now()) return found
    remove(name)
    return undefined
  }

  const makeRoom = (): void => {
    for (const name of kept.keys()) {
      if (kept.size <= entries && size <= characters) return
      remove(name)
    }
  }

  return {
    find,
    remove,
    put: (name: string, entry: Kept<A>): void => {
      remove(name)
      kept.set(name, entry)
      size += entry.size
      makeRoom()
    },
    list: ({ limit, namespace, prefix }: Prefixed): ReadonlyArray<readonly [string, A]> => {
      const start = addressed({ namespace, key: prefix })
      const from = addressed({ namespace, key: "" }).length
      const names = [...kept.keys()].filter((name) => name.startsWith(start) && find(name) !== undefined)
      return names.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right))).slice(0, limit).flatMap((name) => {
        const found = kept.get(name)
        return found === undefined ? [] : [[name.slice(from), found.value] as const]
      })
    }
  }
}

/** One name for namespace and key, which no two addresses share. */
const addressed = ({ key, namespace }: { readonly namespace: string; readonly key: string }): string => `${JSON.stringify(namespace)}${key}`

/** A store of its own. `now` gives milliseconds of a clock that is never set back. */
export const make = (bounds: Bounds, now: () => number): ExtensionStore["Service"] => {
  const texts = shelf<string>(bounds, now)
  const counts = shelf<number>(bounds, now)
  const expiry = (ttlMs: number | undefined): number => ttlMs === undefined ? Number.POSITIVE_INFINITY : now() + ttlMs
  return {
    get: (address) => Effect.sync(() => texts.find(addressed(address))?.value),
    set: (address, text, ttlMs) => Effect.sync(() => texts.put(addressed(address), { value: text, expiresAt: expiry(ttlMs), size: text.length })),
    remove: (address) => Effect.sync(() => texts.remove(addressed(address))),
    list: (prefixed) => Effect.sync(() => texts.list(prefixed)),
    count: (address) => Effect.sync(() => counts.find(addressed(address))?.value ?? 0),
    increment: (address, by, ttlMs) =>
      Effect.sync(() => {
        const name = addressed(address)
        const before = counts.find(name)
        const value = (before?.value ?? 0) + by
        counts.put(name, { value, expiresAt: before?.expiresAt ?? expiry(ttlMs), size: 0 })
        return value
      }),
    removeCount: (address) => Effect.sync(() => counts.remove(addressed(address))),
    listCounts: (prefixed) => Effect.sync(() => counts.list(prefixed))
  }
}

/** The store of this process, on the steady clock. */
export const layerStore = (bounds: Partial<Bounds> = {}): Layer.Layer<ExtensionStore> =>
  Layer.effect(
    ExtensionStore,
    Effect.map(Clock.Clock, (clock) => ExtensionStore.of(make({ ...defaultBounds, ...bounds }, () => SteadyTime.now(clock))))
  )

/** The storage of extensions over the store of this process. */
export const layer = (bounds: Partial<Bounds> = {}): Layer.Layer<ExtensionStorage.ExtensionStorage> =>
  ExtensionStorage.layer.pipe(Layer.provide(layerStore(bounds)))
