/**
 * Bytes that arrive from somewhere, taken synchronously as they come: the seam between sockets and the pure codecs. A taker
 * takes everything that has arrived in one go and waits, at most once per batch, with `await`; what is not taken holds the
 * sender back. `make` is the core behind a socket, `fromStream` serves executors that are not HTTP, `fromChunks` serves tests.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

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

/** The sender's side of a source. */
export interface Sender {
  readonly source: ByteSource
  /** Adds bytes; `false` asks the sender to pause until `onLow`. Empty chunks, and bytes behind the end, are ignored. */
  readonly push: (chunk: Uint8Array) => boolean
  /** Ends the source; the first end counts. */
  readonly finish: (end: SourceEnd) => void
}

/** What a sender promises to hold. */
export interface SenderOptions {
  /** Bytes waiting to be taken from which on `push` answers `false`. Default 256 KiB. */
  readonly highWaterBytes?: number
  /** Called by the `take` that empties a source whose sender was asked to pause; it may push. */
  readonly onLow?: () => void
}

/** The end of a source whose sender said that all was sent. */
export const eof: SourceEnd = { _tag: "Eof" }

/** The end of a source that broke off. */
export const reset = (message: string): SourceEnd => ({ _tag: "Reset", message })

/** A source and the means to fill it. The sender is expected to pause when `push` says so; nothing is ever dropped. */
export const make = (options?: SenderOptions): Sender => {
  const highWater = options?.highWaterBytes ?? 262_144
  const onLow = options?.onLow
  let chunks: Array<Uint8Array> = []
  let bytes = 0
  let paused = false
  let end: SourceEnd | undefined
  let woken = false
  let scheduled = false
  let waiter: ((effect: Effect.Effect<void>) => void) | undefined

  const resumeWaiter = () => {
    scheduled = false
    const resume = waiter
    if (resume === undefined) return
    waiter = undefined
    woken = false
    resume(Effect.void)
  }

  // A waiter is resumed in a microtask: a network read that holds many chunks wakes it once, and its fiber never runs
  // inside the sender's parser, where reading another socket is forbidden.
  const notify = () => {
    if (scheduled || waiter === undefined) return
    scheduled = true
    queueMicrotask(resumeWaiter)
  }

  const forget = Effect.sync(() => {
    waiter = undefined
  })

  const source: ByteSource = {
    take: () => {
      if (chunks.length === 0) return nothing
      const taken = chunks
      chunks = []
      bytes = 0
      if (paused) {
        paused = false
        onLow?.()
      }
      return taken
    },
    ended: () => chunks.length === 0 ? end : undefined,
    await: Effect.callback((resume) => {
      if (chunks.length > 0 || end !== undefined || woken) {
        woken = false
        resume(Effect.void)
        return
      }
      // A second waiter is a mistake of the taker; the first one is let go rather than left hanging
      waiter?.(Effect.void)
      waiter = resume
      return forget
    }),
    wake: () => {
      // Kept for a taker that is just about to wait, so that no wake is lost
      woken = true
      notify()
    }
  }

  return {
    source,
    push: (chunk) => {
      if (end !== undefined || chunk.length === 0) return !paused
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= highWater) paused = true
      notify()
      return !paused
    },
    finish: (how) => {
      if (end !== undefined) return
      end = how
      notify()
    }
  }
}

/** A source in which everything has arrived already. */
export const fromChunks = (chunks: Iterable<Uint8Array>, end: SourceEnd = eof): ByteSource => {
  const { finish, push, source } = make()
  for (const chunk of chunks) push(chunk)
  finish(end)
  return source
}

/**
 * A source fed by a stream, which is run in the scope and held back when the taker is slow. A failure, a defect and the
 * closing of the scope end it as a reset; `describe` words the failure, by default its message.
 */
export const fromStream = <E, R>(
  stream: Stream.Stream<Uint8Array, E, R>,
  options?: { readonly highWaterBytes?: number; readonly describe?: (error: unknown) => string }
): Effect.Effect<ByteSource, never, R | Scope.Scope> =>
  Effect.suspend(() => {
    const describe = options?.describe ?? messageOf
    let low = true
    let resumeSender: ((effect: Effect.Effect<void>) => void) | undefined
    const { finish, push, source } = make({
      ...(options?.highWaterBytes === undefined ? {} : { highWaterBytes: options.highWaterBytes }),
      onLow: () => {
        low = true
        const resume = resumeSender
        resumeSender = undefined
        resume?.(Effect.void)
      }
    })
    const untilLow = Effect.callback<void>((resume) => {
      if (low) resume(Effect.void)
      else resumeSender = resume
    })
    const send = (batch: ReadonlyArray<Uint8Array>) => {
      for (const chunk of batch) low = push(chunk)
      return low ? Effect.void : untilLow
    }
    return stream.pipe(
      Stream.runForEachArray(send),
      Effect.onExit((exit) => Effect.sync(() => finish(Exit.isSuccess(exit) ? eof : reset(wordsOf(exit.cause, describe))))),
      Effect.exit,
      Effect.forkScoped,
      Effect.as(source)
    )
  })

// internal

const wordsOf = (cause: Cause.Cause<unknown>, describe: (error: unknown) => string): string =>
  Cause.hasInterruptsOnly(cause) ? "stopped" : describe(Cause.squash(cause))

const nothing: ReadonlyArray<Uint8Array> = []

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)
