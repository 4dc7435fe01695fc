/**
 * Where the response cache keeps its answers: one small interface whose messages are plain data, so that a map in this process and Redis
 * are the same to those who ask. A store never sees a prompt or an answer: keys and owners are keyed hashes, answers are encrypted.
 * Whoever finds nothing is asked to bring the answer, one at a time for each key.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** What a store can be told. Every message may be sent again where nobody knows whether it arrived. */
export type Ask =
  /** Looks for an answer, and asks for the lead where there is none: whoever has it brings the answer. */
  | {
    readonly _tag: "Find"
    readonly key: string
    /** The exchange that asks. */
    readonly claim: string
    /** For how long nobody else is given the lead, in milliseconds. */
    readonly leaseMs: number
  }
  /** Keeps an answer, whoever brings it, and gives the lead back. */
  | {
    readonly _tag: "Keep"
    readonly key: string
    readonly claim: string
    /** Whose answers it can be purged with, as a keyed hash. */
    readonly owner: string
    readonly sealed: string
    readonly ttlMs: number
  }
  /** There will be no answer: the lead is free again. */
  | { readonly _tag: "Release"; readonly key: string; readonly claim: string }
  /** Forgets all answers of an owner, or of everybody. */
  | { readonly _tag: "Purge"; readonly owner?: string }
  /** Asks what the store holds. */
  | { readonly _tag: "Count" }

/** What a store answers. */
export type Told =
  /** To a search: here it is. */
  | { readonly _tag: "Found"; readonly sealed: string }
  /** To a search: nothing is there, bring it. */
  | { readonly _tag: "Lead" }
  /** To a search: nothing is there yet, somebody else brings it. */
  | { readonly _tag: "Awaited" }
  /** To a purge: so many answers were forgotten. */
  | { readonly _tag: "Purged"; readonly entries: number }
  /** To everything else, with what the store holds. */
  | { readonly _tag: "Done"; readonly entries: number; readonly bytes: number }

/** How much a store keeps; what was not asked for the longest makes room. */
export interface Bounds {
  /** Answers at most. */
  readonly entries: number
  /** Bytes of sealed answers at most. */
  readonly bytes: number
}

/** 10,000 answers, 256 MiB. */
export const defaultBounds: Bounds = { entries: 10_000, bytes: 256 * 1024 * 1024 }

/** A store did not answer. */
export class CacheStoreUnavailable extends Schema.TaggedError<CacheStoreUnavailable>()("CacheStoreUnavailable", { reason: Schema.String }) {
  override get message(): string {
    return `the store of cached answers is unavailable: ${this.reason}`
  }
}

/** A store as management shows it: what it held when it was last asked. */
export interface Status {
  readonly kind: "memory" | "redis" | "other"
  readonly entries: number
  readonly bytes: number
}

/** A store of answers. */
export class CacheStore extends Context.Service<CacheStore, {
  readonly ask: (message: Ask) => Effect.Effect<Told, CacheStoreUnavailable>
  readonly status: () => Status
}>()("@sluice/gateway/CacheStore") {}
