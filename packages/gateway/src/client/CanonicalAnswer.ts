/**
 * Reads the reply to an exchange of the canonical dialect: a refusal as a failure, a body as a whole answer, a stream as events.
 * A stream has begun with its first event that commits to an answer; an error before that is one of the setup, whatever the head
 * said, which may have gone out before any provider had answered.
 */
import * as CanonicalDialect from "@sluice/protocol/CanonicalDialect"
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalResponse } from "@sluice/protocol/CanonicalResponse"
import { joined } from "@sluice/protocol/Chunks"
import * as Collect from "@sluice/protocol/Collect"
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Json from "@sluice/protocol/Json"
import * as Sse from "@sluice/protocol/Sse"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { Exchanged } from "./InProcess.ts"

const { errors, events, response } = CanonicalDialect.dialect

const decoder = new TextDecoder()

const textOf = ({ body }: Exchanged): Effect.Effect<string, GatewayError> => Effect.map(Queue.collect(body), (chunks) => decoder.decode(joined(chunks)))

const refused = (exchanged: Exchanged): Effect.Effect<never, GatewayError> =>
  Effect.flatMap(textOf(exchanged), (body) => fail(errors.decode({ status: exchanged.status, headers: {}, body })))

/** The whole answer. */
export const whole = (exchanged: Exchanged): Effect.Effect<CanonicalResponse, GatewayError> =>
  exchanged.status >= 400 ? refused(exchanged) : Effect.flatMap(textOf(exchanged), (text) => {
    const body = Json.parse(text)
    // A part of the gateway may have answered in words of its own
    if (Result.isFailure(body)) return fail({ class: "protocol-violation", message: "The exchange was ended with a reply that is no canonical answer." })
    const answer = Collect.collectFrames([response.decode(body.success)])
    return answer.failure === undefined ? Effect.succeed(answer) : fail(answer.failure)
  })

/** Bytes of one event; the gateway has bounded what makes it. */
const maxEventBytes = 256 * 1024 * 1024

const commits: ReadonlySet<CanonicalEvent["type"]> = new Set(["block-start", "finish", "error", "end"])

type Events = ReadonlyArray<CanonicalEvent>

/** The events of a stream, as many as have arrived. */
const pulling = ({ body }: Exchanged): Effect.Effect<Events, GatewayError | Cause.Done> => {
  const splitter = Sse.splitter({ maxEventBytes })
  const reader = events.decoder.start()
  let isOver = false
  const decoded = (chunk: Uint8Array): Events => splitter.push(chunk).events.flatMap((event) => reader.step(event)).flatMap((frame) => frame.events)
  const last: Effect.Effect<Events, Cause.Done> = Effect.suspend(() => {
    if (isOver) return Cause.done()
    isOver = true
    return Effect.succeed(reader.end("eof").flatMap((frame) => frame.events))
  })
  return Effect.catch(
    Effect.map(Queue.take(body), decoded),
    (error): Effect.Effect<Events, GatewayError | Cause.Done> => Cause.isDone(error) ? last : Effect.fail(error)
  )
}

/** What to emit, and the failure behind it. */
const parted = (found: Events): readonly [Events, GatewayError | undefined] => {
  const at = found.findIndex(({ type }) => type === "error")
  const error = found[at]
  return error?.type === "error" ? [found.slice(0, at), fail(error.failure)] : [found, undefined]
}

/** The answer once it has begun. */
export const begun = Effect.fnUntraced(function*(exchanged: Exchanged): Effect.fn.Return<Stream.Stream<CanonicalEvent, GatewayError>, GatewayError> {
  if (exchanged.status >= 400) return yield* refused(exchanged)
  const pull = pulling(exchanged)
  let waiting: Events = []
  while (!waiting.some(({ type }) => commits.has(type))) {
    waiting = [
      ...waiting,
      ...yield* Effect.catch(pull, (error) => Cause.isDone(error) ? fail({ class: "empty", message: "The answer ended before it began." }) : error)
    ]
  }
  const first = waiting.find(({ type }) => commits.has(type))
  if (first?.type === "error") return yield* fail(first.failure)
  let failed: GatewayError | undefined
  const next: Effect.Effect<readonly [CanonicalEvent, ...Array<CanonicalEvent>], GatewayError | Cause.Done> = Effect.suspend(() => {
    if (failed !== undefined) return Effect.fail(failed)
    if (waiting.length === 0) {
      return Effect.flatMap(pull, (more) => {
        waiting = more
        return next
      })
    }
    const [events, error] = parted(waiting)
    waiting = []
    failed = error
    const [head, ...rest] = events
    return head === undefined ? next : Effect.succeed([head, ...rest] as const)
  })
  return Stream.fromPull(Effect.succeed(next))
})
