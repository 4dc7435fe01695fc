/**
 * Where claims to idempotency keys and the sealed answers to them are kept: one small interface whose messages are plain data that
 * JSON can carry, so that a map in this process, another process, a database and Redis are the same to those who ask. A store never
 * sees a key, a prompt or an answer: names and fingerprints are keyed hashes, answers are encrypted.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** What a store can be told. Every message may be sent again where nobody knows whether it arrived. */
export type Ask =
  | {
    /** Asks for the right to execute. A claim that is repeated under the same `claim` is granted again. */
    readonly _tag: "Claim"
    /** Whose key on which route, as a keyed hash. */
    readonly scope: string
    /** The id of the exchange that asks. */
    readonly claim: string
    /** The process that asks. */
    readonly owner: string
    /** Whose share of the store it counts against. */
    readonly tenant: string
    /** What is asked for, as a keyed hash. */
    readonly print: string
    /** How long the key is remembered, in milliseconds. */
    readonly ttlMs: number
    /** How long the process counts as alive from now on, in milliseconds. */
    readonly aliveMs: number
  }
  /** Keeps the answer of a claim. */
  | { readonly _tag: "Keep"; readonly scope: string; readonly claim: string; readonly sealed: string }
  /** The claim was executed, as far as anybody knows, and its answer cannot be given again. */
  | { readonly _tag: "Lose"; readonly scope: string; readonly claim: string; readonly why: Why }
  /** Nothing was executed: the key is free again. */
  | { readonly _tag: "Release"; readonly scope: string; readonly claim: string }
  /** The process lives. */
  | { readonly _tag: "Alive"; readonly owner: string; readonly aliveMs: number }

/** Why an answer cannot be given again: it broke off, its process ended, it was larger than the store takes, or it made room for others. */
export type Why = "cut" | "gone" | "too-large" | "evicted"

/** What a store answers. */
export type Told =
  /** To a claim: execute. */
  | { readonly _tag: "Claimed" }
  /** To a claim: another one is being executed. */
  | { readonly _tag: "Running"; readonly print: string; readonly owner: string }
  /** To a claim: this is the answer. */
  | { readonly _tag: "Kept"; readonly print: string; readonly sealed: string }
  /** To a claim: it was executed, and there is no answer. */
  | { readonly _tag: "Lost"; readonly print: string; readonly why: Why }
  /** To a claim: there is no room for another key, of this tenant or at all. */
  | { readonly _tag: "Full"; readonly of: "tenant" | "store" }
  /** To everything else, with what the store holds. */
  | { readonly _tag: "Done"; readonly entries: number; readonly bytes: number }

/** How much a store keeps. */
export interface Bounds {
  /** Keys remembered at most. */
  readonly entries: number
  /** Bytes of sealed answers at most; the oldest make room, and their keys stay remembered. */
  readonly bytes: number
  /** The part of both that one tenant may have, above 0 to 1. */
  readonly tenantShare: number
}

/** 100,000 keys, 256 MiB, half of it for one tenant. */
export const defaultBounds: Bounds = { entries: 100_000, bytes: 256 * 1024 * 1024, tenantShare: 0.5 }

/** A store did not answer. Whether it acted is unknown; every message may be sent again. */
export class ReplayStoreUnavailable extends Schema.TaggedError<ReplayStoreUnavailable>()("ReplayStoreUnavailable", { reason: Schema.String }) {
  override get message(): string {
    return `the store of replays is unavailable: ${this.reason}`
  }
}

/** A store of claims and sealed answers. */
export class ReplayStore extends Context.Service<ReplayStore, {
  readonly ask: (message: Ask) => Effect.Effect<Told, ReplayStoreUnavailable>
}>()("@sluice/gateway/ReplayStore") {}
