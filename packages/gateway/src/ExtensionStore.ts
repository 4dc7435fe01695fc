/**
 * The port behind `ExtensionStorage`: texts and whole numbers by namespace and key, with a time to live. Small, so that a map in
 * this process, a database and Redis are the same to those who ask. Extensions do not use it themselves.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** The store did not answer. Whether it acted is unknown. */
export class ExtensionStoreUnavailable extends Schema.TaggedError<ExtensionStoreUnavailable>()("ExtensionStoreUnavailable", { reason: Schema.String }) {
  override get message(): string {
    return `the storage of extensions is unavailable: ${this.reason}`
  }
}

/** Where something is kept. Texts and numbers of the same name are different things. */
export interface Address {
  readonly namespace: string
  readonly key: string
}

/** Which keys a list is of. */
export interface Prefixed {
  readonly namespace: string
  /** Compared as text; nothing in it is a pattern. */
  readonly prefix: string
  readonly limit: number
}

type Outcome<A> = Effect.Effect<A, ExtensionStoreUnavailable>

/** The store. Times to live are milliseconds; absent = for ever. What has expired is not there. Lists are sorted by key, by code point. */
export class ExtensionStore extends Context.Service<ExtensionStore, {
  readonly get: (address: Address) => Outcome<string | undefined>
  readonly set: (address: Address, text: string, ttlMs?: number) => Outcome<void>
  readonly remove: (address: Address) => Outcome<void>
  readonly list: (prefixed: Prefixed) => Outcome<ReadonlyArray<readonly [key: string, text: string]>>
  readonly count: (address: Address) => Outcome<number>
  /** Atomic. The time to live is taken when the counter is made. */
  readonly increment: (address: Address, by: number, ttlMs?: number) => Outcome<number>
  readonly removeCount: (address: Address) => Outcome<void>
  readonly listCounts: (prefixed: Prefixed) => Outcome<ReadonlyArray<readonly [key: string, count: number]>>
}>()("@sluice/gateway/ExtensionStore") {}
