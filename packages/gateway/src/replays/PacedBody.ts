/** The body of a stream that is given again: piece by piece as the client takes them, and cut off where it takes nothing for too long. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import type { Exchange } from "../Exchange.ts"
import type { Gateway } from "../Gateway.ts"

/** Makes the body. `fiber` is the request's, which a stalled reader keeps waiting. */
export const make = (
  { settings, wheel }: Gateway,
  exchange: Exchange,
  pieces: Iterable<Uint8Array>,
  fiber: Fiber.Fiber<unknown, unknown>
): Stream.Stream<Uint8Array> => {
  const left = pieces[Symbol.iterator]()
  let lastPullAt = wheel.now()

  const pull: Effect.Effect<readonly [Uint8Array], Cause.Done> = Effect.suspend(() => {
    lastPullAt = wheel.now()
    const { done, value: piece } = left.next()
    if (done === true) return Cause.done()
    exchange.bytesOut += piece.length
    exchange.onBytes?.(piece)
    return Effect.succeed([piece] as const)
  })

  const tick = (now: number): void => {
    if (now - lastPullAt >= settings.writeStallMs) fiber.interruptUnsafe()
  }

  return Stream.fromPull(Effect.gen(function*() {
    yield* Effect.acquireRelease(Effect.sync(() => wheel.register({ tick })), (unregister) => Effect.sync(unregister))
    return pull
  })).pipe(Stream.scoped)
}
