/**
 * Bytes that arrive from somewhere, taken synchronously as they come: the seam between sockets and the pure codecs. A taker
 * takes everything that has arrived in one go and waits, at most once per batch, with `await`; what is not taken holds the
 * sender back.
 */
import type * as Effect from "effect/Effect"

/** How a source ended. */
export type SourceEnd = { readonly _tag: "Eof" } | { readonly _tag: "Reset"; readonly message: string }

/** A running byte source with one taker. */
export interface ByteSource {
  /** Everything that has arrived since the last take; empty when nothing has. Lets the sender go on. */
  readonly take: () => ReadonlyArray<Uint8Array>
  /** How it ended, once everything was taken; `undefined` before. */
  readonly ended: () => SourceEnd | undefined
  /** Completes as soon as there is something to take, or the end. One waiter at a time. */
  readonly await: Effect.Effect<void>
  /** Wakes the waiter although nothing arrived: how the wheel and the drain reach a taker that waits. */
  readonly wake: () => void
}
