/**
 * The simulator without a socket: performs an exchange as an Effect that gives status and headers and leaves the
 * body as a stream. Waits are those of Effect's Clock, so a test clock drives them; faults of the connection are
 * typed failures.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Action, Head } from "./Actions.ts"
import type { Engine } from "./Engine.ts"
import type { Incoming } from "./Provider.ts"
import { endEntry, type Ending, type LogEntry } from "./RequestLog.ts"

/** The connection broke: reset by the server or closed inside the body, before the head or after it. */
export class SimulatedReset extends Schema.TaggedError<SimulatedReset>()("SimulatedReset", {
  kind: Schema.Literals(["reset", "cut"]),
  phase: Schema.Literals(["head", "body"])
}) {}

/** What came back: the head, and the body still to be pulled. */
export interface SimulatedResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Stream.Stream<Uint8Array, SimulatedReset>
}

const encoder = new TextEncoder()

const monotonic = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos) / 1e6)

const end = (entry: LogEntry, ending: Ending) => Effect.map(monotonic, (now) => endEntry(entry, ending, now))

const headOf = (entry: LogEntry, actions: Iterator<Action>): Effect.Effect<Head, SimulatedReset> =>
  Effect.suspend(() => {
    const next = actions.next()
    if (next.done === true) return Effect.never
    const action = next.value
    switch (action.type) {
      case "head":
        entry.status = action.status
        return Effect.map(monotonic, (now) => {
          entry.headAt = now
          return action
        })
      case "wait":
        return Effect.andThen(Effect.sleep(action.millis), headOf(entry, actions))
      case "informational":
      case "linger":
        return headOf(entry, actions)
      case "reset":
      case "cut":
        return Effect.andThen(end(entry, action.type), Effect.fail(new SimulatedReset({ kind: action.type, phase: "head" })))
      default:
        return Effect.never
    }
  })

const pullFrom = (entry: LogEntry, actions: Iterator<Action>): Pull.Pull<readonly [Uint8Array], SimulatedReset> =>
  Effect.suspend(() => {
    const next = actions.next()
    if (next.done === true) return Effect.andThen(end(entry, "completed"), Cause.done())
    const action = next.value
    switch (action.type) {
      case "write": {
        const bytes = typeof action.data === "string" ? encoder.encode(action.data) : action.data
        entry.eventsSent += action.events
        entry.bytesSent += bytes.length
        return Effect.succeed([bytes] as const)
      }
      // A wait of 0 lets bytes leave a socket; here every write is a pull of its own anyway
      case "wait":
        return Effect.andThen(action.millis > 0 ? Effect.sleep(action.millis) : Effect.void, pullFrom(entry, actions))
      case "linger":
        return pullFrom(entry, actions)
      case "reset":
      case "cut":
        return Effect.andThen(end(entry, action.type), Effect.fail(new SimulatedReset({ kind: action.type, phase: "body" })))
      case "truncate":
        return Effect.andThen(end(entry, "truncated"), Cause.done())
      default:
        return Effect.never
    }
  })

/** Performs one exchange. Interrupting it, or leaving the body early, is logged as the client's leaving. */
export const respond = Effect.fnUntraced(function*(engine: Engine, incoming: Incoming): Effect.fn.Return<SimulatedResponse, SimulatedReset> {
  const { entry, actions } = engine.receive(incoming, yield* monotonic)
  const iterator = actions[Symbol.iterator]()
  const head = yield* Effect.onInterrupt(headOf(entry, iterator), () => end(entry, "client-closed"))
  // A reader that takes only some of the body ends the stream with success: only the last pull knows that all was taken
  const body = Stream.ensuring(Stream.fromPull(Effect.succeed(pullFrom(entry, iterator))), end(entry, "client-closed"))
  return { status: head.status, headers: head.headers, body }
})
