/**
 * One exchange without a socket: the pipeline runs in a fiber of the gateway, as it does for a request over HTTP, and its reply
 * is read from a queue of one. Closing the caller's scope is what a lost connection is: the client has gone.
 */
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import type * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpServerError from "effect/http/HttpServerError"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Around } from "../CompletionClient.ts"
import * as Pipeline from "../Pipeline.ts"

/** The reply to a call: its head, and its body as it comes. */
export interface Exchanged {
  readonly status: number
  readonly body: Queue.Dequeue<Uint8Array, GatewayError | Cause.Done>
}

const ended: GatewayError = fail({ class: "cancelled", message: "The gateway ended the exchange: it is closing, or the answer was not read for too long." })

const write = ({ body }: HttpServerResponse.HttpServerResponse, queue: Queue.Queue<Uint8Array, GatewayError | Cause.Done>): Effect.Effect<unknown, unknown> => {
  switch (body._tag) {
    case "Stream":
      return Stream.runForEachArray(body.stream, (chunks) => Queue.offerAll(queue, chunks))
    case "Uint8Array":
      return Queue.offer(queue, body.body)
    default:
      return Effect.void
  }
}

/** Runs a call through the pipeline, to the end of its head; the body follows while the scope is open. */
export const run = Effect.fnUntraced(function*({ enter, scope }: Around, call: Pipeline.Call): Effect.fn.Return<Exchanged, GatewayError, Scope.Scope> {
  const head = yield* Deferred.make<number, GatewayError>()
  const body = yield* Queue.bounded<Uint8Array, GatewayError | Cause.Done>(1)
  const serve = Effect.gen(function*() {
    const response = yield* Pipeline.handle(yield* enter, call)
    yield* Deferred.succeed(head, response.status)
    yield* write(response, body)
    yield* Queue.end(body)
  }).pipe(
    Effect.scoped,
    Effect.onExit(() => Effect.andThen(Deferred.fail(head, ended), Queue.fail(body, ended)))
  )
  // A caller that leaves does not wait for the settling, no more than one at the other end of a socket does
  yield* Effect.acquireRelease(
    Effect.forkIn(serve, scope),
    (fiber) => Effect.sync(() => fiber.interruptUnsafe(undefined, HttpServerError.ClientAbort.annotation))
  )
  return { status: yield* Deferred.await(head), body }
})
