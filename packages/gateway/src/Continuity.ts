/**
 * Keeps, from one exchange to the next, what only the provider can read of its answers (signatures of thinking, encrypted thinking,
 * signatures of calls) for clients whose protocol has no place for it. Learnt from answers that cross, given back to requests that
 * cross to the same provider; a client that speaks the provider's protocol carries these things itself. What is found where is
 * decided by pure functions (`internal/sealedCollector.ts`, `internal/sealedRestore.ts`); here is only the memory.
 */
import type { ReasoningPart, Sealed } from "@sluice/protocol/CanonicalPart"
import type { ItemFacts } from "@sluice/protocol/CanonicalRequest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { CredentialId } from "./Credential.ts"
import * as SteadyTime from "./SteadyTime.ts"

/** What was sealed of a part that the client has. */
export interface Seals {
  readonly signature?: Sealed
  readonly encrypted?: Sealed
}

/** A thought, and where it stood among the texts and calls of its answer: `texts` and `calls` count those before it. */
export interface SealedThought {
  readonly part: ReasoningPart
  readonly item?: ItemFacts
  readonly texts: number
  readonly calls: number
  readonly next: "text" | "call" | "nothing"
}

/** What was sealed of one answer. Texts and calls are counted from 0 in their order. */
export interface SealedAnswer {
  readonly thoughts: ReadonlyArray<SealedThought>
  readonly onTexts: ReadonlyArray<Seals & { readonly text: number }>
  readonly onCalls: ReadonlyArray<Seals & { readonly call: number }>
  /** The ids of all calls. */
  readonly callIds: ReadonlyArray<string>
  /** The credential it was made with; absent where the provider takes none. Another one may not be able to read it. */
  readonly credential?: CredentialId
}

/** How long and how much is kept. */
export interface Bounds {
  /** Answers kept at most. */
  readonly entries: number
  /** Bytes kept at most, over all answers; a single answer may have a sixteenth of it. */
  readonly bytes: number
  /** An answer that was not asked for this long is forgotten, in milliseconds. */
  readonly ttlMs: number
}

/** 10,000 answers, 64 MiB, one hour. */
export const defaultBounds: Bounds = { entries: 10_000, bytes: 64 * 1024 * 1024, ttlMs: 60 * 60 * 1000 }

/**
 * The memory of sealed parts. A scope says whose they are (principal, dialect, provider): nothing is ever given to another.
 * Both ways are synchronous, because they stand between decoding and encoding: a store that is far away needs a near copy.
 */
export class Continuity extends Context.Service<Continuity, {
  /** Keeps an answer under several keys; a key that is known already leads to the newer answer from now on. */
  readonly remember: (scope: string, keys: ReadonlyArray<string>, answer: SealedAnswer) => void
  /** The answer under the first of the keys that is known. */
  readonly recall: (scope: string, key: string) => SealedAnswer | undefined
  /** Whether anything is kept in a scope: where not, nobody needs to look. */
  readonly has: (scope: string) => boolean
}>()("@sluice/gateway/Continuity") {}

interface Entry {
  readonly scope: string
  readonly keys: ReadonlyArray<string>
  readonly answer: SealedAnswer
  readonly bytes: number
  expiresAt: number
}

// A letter takes at most two bytes in memory
const bytesOf = (value: unknown): number => 2 * JSON.stringify(value).length

/** A memory in this process. `now` gives milliseconds. What was not asked for the longest goes first. */
export const memory = (bounds: Bounds, now: () => number): Continuity["Service"] => {
  const index = new Map<string, Entry>()
  // Insertion order is the order of last use, and so of expiry
  const entries = new Set<Entry>()
  const scopes = new Map<string, number>()
  let bytes = 0

  const indexed = (scope: string, key: string): string => `${scope}\n${key}`
  const count = (scope: string, by: number): void => {
    const left = (scopes.get(scope) ?? 0) + by
    if (left > 0) scopes.set(scope, left)
    else scopes.delete(scope)
  }
  const forget = (entry: Entry): void => {
    if (!entries.delete(entry)) return
    bytes -= entry.bytes
    count(entry.scope, -1)
    for (const key of entry.keys) {
      const at = indexed(entry.scope, key)
      if (index.get(at) === entry) index.delete(at)
    }
  }
  const expire = (at: number): void => {
    for (const entry of entries) {
      if (entry.expiresAt > at) return
      forget(entry)
    }
  }
  const isTooMuch = (): boolean => entries.size > bounds.entries || bytes > bounds.bytes

  return {
    remember: (scope, keys, answer) => {
      const at = now()
      expire(at)
      const entry: Entry = { scope, keys, answer, bytes: bytesOf([scope, keys, answer]), expiresAt: at + bounds.ttlMs }
      if (keys.length === 0 || entry.bytes > bounds.bytes / 16) return
      for (const key of keys) {
        const before = index.get(indexed(scope, key))
        // An answer that no key leads to any more is not kept
        if (before !== undefined && before.keys.every((known) => known === key || index.get(indexed(scope, known)) !== before)) forget(before)
        index.set(indexed(scope, key), entry)
      }
      entries.add(entry)
      bytes += entry.bytes
      count(scope, 1)
      for (const oldest of entries) {
        if (!isTooMuch()) break
        forget(oldest)
      }
    },
    recall: (scope, key) => {
      const at = now()
      expire(at)
      const entry = index.get(indexed(scope, key))
      if (entry === undefined) return undefined
      entries.delete(entry)
      entries.add(entry)
      entry.expiresAt = at + bounds.ttlMs
      return entry.answer
    },
    has: (scope) => scopes.has(scope)
  }
}

/** A memory in this process, with Effect's clock. */
export const layer = (bounds: Partial<Bounds> = {}): Layer.Layer<Continuity> =>
  Layer.effect(
    Continuity,
    Effect.map(Clock.Clock, (clock) => Continuity.of(memory({ ...defaultBounds, ...bounds }, () => SteadyTime.now(clock))))
  )

/** Keeps nothing: what a client cannot carry is lost with the exchange, and reported. */
export const none: Continuity["Service"] = { remember: () => {}, recall: () => undefined, has: () => false }
