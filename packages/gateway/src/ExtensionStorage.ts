/**
 * Where extensions keep what outlives an exchange: values by key and counters, both with a time to live, in namespaces that do not
 * see each other. Values are typed by a schema; what is stored and no longer fits it counts as absent. Where it is kept is the
 * `ExtensionStore`'s business: this process, SQL, Redis.
 *
 * @example
 * const notes = (yield* ExtensionStorage).namespace("notes").values(Schema.Struct({ text: Schema.String }))
 * yield* notes.set("today", { text: "hello" }, "1 day")
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ExtensionStore, type ExtensionStoreUnavailable } from "./ExtensionStore.ts"

type Outcome<A> = Effect.Effect<A, ExtensionStoreUnavailable>

/** Values of one type by key. */
export interface Values<A> {
  readonly get: (key: string) => Outcome<Option.Option<A>>
  /** Replaces the value and its time to live; without one it stays until it is removed. */
  readonly set: (key: string, value: A, ttl?: Duration.Input) => Outcome<void>
  readonly remove: (key: string) => Outcome<void>
  /** Those whose key begins with a prefix, by key; at most `limit`, 1000 when absent. */
  readonly list: (prefix?: string, limit?: number) => Outcome<ReadonlyArray<readonly [key: string, value: A]>>
}

/** Whole numbers that are counted up and down atomically, also by several processes. A counter that is not there counts as 0. */
export interface Counters {
  readonly get: (key: string) => Outcome<number>
  /** The number after adding `by` (absent = 1). The time to live counts from the increment that made the counter, not from later ones. */
  readonly increment: (key: string, by?: number, ttl?: Duration.Input) => Outcome<number>
  readonly remove: (key: string) => Outcome<void>
  /** Those whose key begins with a prefix, by key; at most `limit`, 1000 when absent. */
  readonly list: (prefix?: string, limit?: number) => Outcome<ReadonlyArray<readonly [key: string, count: number]>>
}

/** What belongs to one extension. */
export interface Namespace {
  readonly values: <A, I>(schema: Schema.Codec<A, I>) => Values<A>
  readonly counters: Counters
}

/** The storage of extensions. */
export class ExtensionStorage extends Context.Service<ExtensionStorage, {
  /** The namespace of a name, usually the extension's id. */
  readonly namespace: (name: string) => Namespace
}>()("@sluice/gateway/ExtensionStorage") {}

/** Entries a list has at most, where nobody says how many. */
const defaultLimit = 1000

const millis = (ttl: Duration.Input | undefined): number | undefined => ttl === undefined ? undefined : Duration.toMillis(ttl)

const valuesOf = <A, I>(store: ExtensionStore["Service"], namespace: string, schema: Schema.Codec<A, I>): Values<A> => {
  const json = Schema.fromJsonString(schema)
  const decode = Schema.decodeUnknownOption(json)
  const encode = Schema.encodeEffect(json)
  return {
    get: (key) => Effect.map(store.get({ namespace, key }), (text) => text === undefined ? Option.none() : decode(text)),
    // A value its own schema cannot write is the extension's fault, and no store's
    set: (key, value, ttl) => Effect.flatMap(Effect.orDie(encode(value)), (text) => store.set({ namespace, key }, text, millis(ttl))),
    remove: (key) => store.remove({ namespace, key }),
    list: (prefix = "", limit = defaultLimit) =>
      Effect.map(store.list({ namespace, prefix, limit }), (found) =>
        found.flatMap(([key, text]) => {
          const value = decode(text)
          return Option.isNone(value) ? [] : [[key, value.value] as const]
        }))
  }
}

const countersOf = (store: ExtensionStore["Service"], namespace: string): Counters => ({
  get: (key) => store.count({ namespace, key }),
  increment: (key, by = 1, ttl) => store.increment({ namespace, key }, by, millis(ttl)),
  remove: (key) => store.removeCount({ namespace, key }),
  list: (prefix = "", limit = defaultLimit) => store.listCounts({ namespace, prefix, limit })
})

/** A storage over a store. */
export const over = (store: ExtensionStore["Service"]): ExtensionStorage["Service"] => ({
  namespace: (name) => ({ values: (schema) => valuesOf(store, name, schema), counters: countersOf(store, name) })
})

/** The storage over the store that is provided. */
export const layer: Layer.Layer<ExtensionStorage, never, ExtensionStore> = Layer.effect(ExtensionStorage, Effect.map(ExtensionStore, over))
