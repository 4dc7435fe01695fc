/**
 * Where the counts behind limits are kept: one question that answers for several windows at once, all of them or none, and a second
 * one that corrects what was counted when the truth is known. Messages are plain data, so that memory, Redis and another process
 * are implementations of the same small interface. It knows no keys, tenants or models: those are the names of windows.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** At most `limit` in any `windowMs` milliseconds. What was counted leaves by itself as time goes on. */
export interface RateWindow {
  readonly _tag: "Rate"
  readonly key: string
  readonly limit: number
  readonly windowMs: number
  readonly amount: number
}

/**
 * At most `limit`, of what was charged for good and what is held at the moment, together. With nothing ever charged it counts what runs
 * at the same time; with charges it is a budget. A hold that is not renewed for `leaseMs` leaves by itself.
 */
export interface HeldWindow {
  readonly _tag: "Held"
  readonly key: string
  readonly limit: number
  readonly amount: number
  /** What was charged before the store knew the window; absent = unknown, and the store says so where it needs it. */
  readonly opening?: number
  /** Milliseconds a window is kept after it was last touched. */
  readonly keepMs: number
}

/** One thing that is counted. Amounts are whole numbers below 2⁵³. */
export type Window = RateWindow | HeldWindow

/** Asks for room in all windows of a group. Windows of different groups never meet in one question. */
export interface Reserve {
  readonly group: string
  /** Names the reservation; unique. */
  readonly id: string
  readonly leaseMs: number
  readonly windows: ReadonlyArray<Window>
}

/** How full a window is; with the reservation where it was made, without where it was refused. */
export interface Level {
  /** Counted in it, charged and held together. */
  readonly used: number
  /** Of that, what was charged for good. */
  readonly charged: number
  /** Whether there is room for the amount. */
  readonly fits: boolean
  /** Milliseconds until there will be room, as far as time alone makes it; 0 where only others can. */
  readonly waitMs: number
  /** Milliseconds until a rate window is empty if nothing is added. */
  readonly resetMs: number
}

/** The answer, with the levels in the order of the windows. `Unopened`: nothing was counted, because the store has to be told what was charged before. */
export type Answer =
  | { readonly _tag: "Reserved"; readonly at: number; readonly levels: ReadonlyArray<Level> }
  | { readonly _tag: "Refused"; readonly levels: ReadonlyArray<Level> }
  | { readonly _tag: "Unopened"; readonly keys: ReadonlyArray<string> }

/** What became of a reservation in one window. `at` is what the store said when it reserved. */
export type Correction =
  | { readonly _tag: "Rate"; readonly key: string; readonly windowMs: number; readonly at: number; readonly reserved: number; readonly actual: number }
  | { readonly _tag: "Held"; readonly key: string; readonly charge: number; readonly keepMs: number }

/** Ends a reservation. What was too much goes back to where it was counted; what was too little counts from now. */
export interface Settle {
  readonly group: string
  readonly id: string
  readonly corrections: ReadonlyArray<Correction>
}

/** Keeps holds for another lease. A hold that has already left stays away. */
export interface Renew {
  readonly group: string
  readonly leaseMs: number
  readonly holds: ReadonlyArray<{ readonly id: string; readonly key: string }>
}

/** The store did not answer. What was asked may still have happened. */
export class LimitStoreFailed extends Schema.TaggedError<LimitStoreFailed>()("LimitStoreFailed", { reason: Schema.String }) {
  override get message(): string {
    return `the store of limits does not answer: ${this.reason}`
  }
}

/** Keeps counts. */
export class LimitStore extends Context.Service<LimitStore, {
  readonly reserve: (message: Reserve) => Effect.Effect<Answer, LimitStoreFailed>
  readonly settle: (message: Settle) => Effect.Effect<void, LimitStoreFailed>
  readonly renew: (message: Renew) => Effect.Effect<void, LimitStoreFailed>
}>()("@sluice/gateway/LimitStore") {}

/** Slots a rate window is made of: what is counted in one leaves at once. */
export const slotsPerWindow = 60

/** Milliseconds of one slot. The window is longer by one slot than asked for, so that it never lets more through. */
export const slotMs = (windowMs: number): number => Math.max(1, Math.floor(windowMs / slotsPerWindow))
