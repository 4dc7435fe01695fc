/**
 * Reading an upstream on after the client has what it wanted, or has left: a moment for the connection to end by itself and be
 * used again, or, where the model's entry says so, the rest of the answer for its usage, within bounds.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { AnswerStream } from "./AnswerStream.ts"
import type { Gateway } from "./Gateway.ts"
import type { OnClientGone } from "./ModelEntry.ts"

/** Milliseconds a finished answer's connection may take to end. */
const lingerMs = 250

const untilEnded = (answer: AnswerStream): Effect.Effect<void> =>
  Effect.suspend(() => {
    answer.source.take()
    return answer.source.ended() === undefined ? Effect.flatMap(answer.source.await, () => untilEnded(answer)) : Effect.void
  })

/** Waits for the end of a connection whose answer is over. The wheel ends the waiting: nearly every stream lingers, and a timer each is dear. */
export const linger = (gateway: Gateway, answer: AnswerStream): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const until = gateway.wheel.now() + lingerMs
    const unregister = gateway.wheel.register({ tick: (now) => now >= until ? fiber.interruptUnsafe() : undefined })
    return Effect.ensuring(untilEnded(answer), Effect.sync(unregister))
  })

/** Reads on after the client left, as the entry wants it; `undefined` = the upstream is to be closed at once. */
export const afterClient = (gateway: Gateway, answer: AnswerStream, policy: OnClientGone): Effect.Effect<void> | undefined => {
  if (policy === "cancel") return undefined
  const bytes = policy === "drain" ? Number.POSITIVE_INFINITY : policy.drain.bytes
  let read = 0
  const more: Effect.Effect<void> = Effect.suspend(() => {
    answer.pump(gateway.clock.currentTimeMillisUnsafe())
    read += answer.take()?.length ?? 0
    return answer.isOver() || read >= bytes ? Effect.void : Effect.flatMap(answer.source.await, () => more)
  })
  return policy === "drain" ? more : more.pipe(Effect.timeoutOption(Duration.max(policy.drain.time, Duration.zero)), Effect.asVoid)
}
