/**
 * Lines that wait to be written: taken from any number of fibers at once without waiting, written together by one, dropped and counted
 * where they are too many. That a line could not be written is said once; the next ones are tried all the same.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import * as Signal from "../internal/Signal.ts"

/** The queue. */
export interface TraceQueue {
  /** Takes a line without its line break, or drops it. */
  readonly offer: (line: string) => void
}

const dropped = Metric.counter("sluice_trace_lines_dropped_total", {
  description: "Lines of the tracer that were not written, because too many waited or the file could not be written",
  incremental: true
})

/** Characters that are written at a time. */
const batch = 1024 * 1024

/** How long what waits at the end may take to be written, in milliseconds. */
const lastMs = 2_000

/** Writes until the scope closes, and then what waits. */
export const make = Effect.fnUntraced(function*(options: {
  readonly write: (text: string) => Effect.Effect<void, { readonly message: string }>
  readonly capacity: number
}): Effect.fn.Return<TraceQueue, never, Scope.Scope> {
  const signal = Signal.make()
  let waiting: Array<string> = []
  let lost = 0
  let hasWarned = false
  let isClosing = false

  const take = (): ReadonlyArray<string> => {
    let size = 0
    let count = 0
    for (const line of waiting) {
      if (count > 0 && size + line.length > batch) break
      size += line.length
      count += 1
    }
    const lines = waiting.slice(0, count)
    waiting = waiting.slice(count)
    return lines
  }

  const warnOnce = (message: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (hasWarned) return Effect.void
      hasWarned = true
      return Effect.logWarning(`The tracer cannot write and drops its lines: ${message}`)
    })

  const counted = Effect.suspend(() => {
    const count = lost
    lost = 0
    return count === 0 ? Effect.void : Metric.update(dropped, count)
  })

  const flush: Effect.Effect<void> = Effect.suspend(() => {
    const lines = take()
    if (lines.length === 0) return counted
    const written = Effect.catchCause(options.write(`${lines.join("\n")}\n`), (cause) => {
      lost += lines.length
      const [reason] = cause.reasons
      return warnOnce(reason?._tag === "Fail" ? reason.error.message : String(reason?._tag ?? "interrupted"))
    })
    return Effect.andThen(written, flush)
  })

  const writing: Effect.Effect<void> = Effect.andThen(
    flush,
    Effect.suspend(() => isClosing ? Effect.void : Effect.andThen(signal.await, writing))
  )
  // Of nobody's scope, so that what is being written when the gateway ends is written to its end
  const fiber = yield* Effect.forkDetach(writing)
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => {
      isClosing = true
      signal.wake()
      const ended = Effect.timeoutOption(Effect.interruptible(Fiber.await(fiber)), lastMs)
      return Effect.map(ended, () => fiber.interruptUnsafe())
    })
  )
  return {
    offer: (line) => {
      if (waiting.length >= options.capacity) lost += 1
      else waiting.push(line)
      signal.wake()
    }
  }
})
