/**
 * How the answer of the attempts reaches the client: whole, or as a stream whose head waits for the first committing event, a failure or
 * the pre-commit window. Interceptors of what goes to the client are asked here.
 */
import { fail } from "@sluice/protocol/GatewayError"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as AnswerBody from "./AnswerBody.ts"
import type * as Attempts from "./Attempts.ts"
import * as Departure from "./Departure.ts"
import { endOnce, type Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import type * as ModelRegistry from "./ModelRegistry.ts"
import * as Replaying from "./Replaying.ts"
import * as Reply from "./Reply.ts"
import * as ResponseStage from "./ResponseStage.ts"
import * as Settle from "./Settle.ts"
import type { Stop } from "./ShortCircuit.ts"
import * as StreamHead from "./StreamHead.ts"

type Started = Effect.Effect<Attempts.Started, Stop>

/** Time the exchange spent in the gateway itself: what is left after its attempts. */
const overheadMs = (gateway: Gateway, exchange: Exchange): number =>
  gateway.now() - exchange.begunAt - exchange.attempts.reduce((sum, attempt) => sum + attempt.endedAt - attempt.startedAt, 0)

const headOf = (gateway: Gateway, exchange: Exchange, { answer, executor }: Attempts.Started) =>
  Reply.head(exchange, { dialect: executor.dialect, reply: answer.reply, overheadMs: overheadMs(gateway, exchange) })

/** An execution that others wait for, or will ask for again, runs in a fiber of its own, so that it can go on when its client leaves. */
const attempted = (gateway: Gateway, exchange: Exchange, route: ModelRegistry.Route, attempts: Started, scope: Scope.Closeable): Started =>
  exchange.replay === undefined ? attempts : Effect.flatMap(Effect.forkIn(attempts, scope, { startImmediately: true }), (fiber) => {
    const waiting = Effect.asVoid(Fiber.await(fiber))
    return Effect.andThen(
      Replaying.outliving(gateway, exchange, route.entry.onClientGone, scope, fiber, waiting, Departure.isByClient),
      Fiber.join(fiber)
    )
  })

/** The answer in one body. */
export const buffer = Effect.fnUntraced(function*(
  gateway: Gateway,
  exchange: Exchange,
  route: ModelRegistry.Route,
  attempts: Started,
  scope: Scope.Closeable
): Effect.fn.Return<HttpServerResponse.HttpServerResponse, Stop> {
  const started = yield* attempted(gateway, exchange, route, attempts, scope)
  const { answer } = started
  if (answer._tag === "Streamed") return yield* fail({ class: "protocol-violation", message: "The provider streamed an answer that was to be whole." })
  const headers = { "content-type": "application/json", ...headOf(gateway, exchange, started), ...answer.marks }
  const reply = yield* ResponseStage.run(gateway, exchange, { status: 200, headers, body: answer.body })
  exchange.committed = true
  exchange.bytesOut = reply.body.length
  exchange.onBytes?.(reply.body)
  Replaying.noteBody(exchange, answer.marks)
  endOnce(exchange, { _tag: "Delivered" })
  return Reply.send(reply)
})

/** The answer as a stream. */
export const stream = Effect.fnUntraced(function*(
  gateway: Gateway,
  exchange: Exchange,
  route: ModelRegistry.Route,
  attempts: Started,
  scope: Scope.Closeable
): Effect.fn.Return<HttpServerResponse.HttpServerResponse, Stop, Scope.Scope> {
  Replaying.noteStream(exchange)
  const driven = AnswerBody.undriven()
  const driver = yield* Effect.forkIn(
    Effect.onExit(attempts, (exit) =>
      Effect.sync(() => {
        if (Exit.isSuccess(exit)) driven.started = exit.value
        else driven.failed = Option.getOrElse(Cause.findErrorOption(exit.cause), () => fail(Departure.defect(exit.cause)))
        driven.signal.wake()
      })),
    scope,
    { startImmediately: true }
  )
  const windowMs = preCommitMs(gateway, route)
  const unregister = gateway.wheel.register({ tick: (now) => now - exchange.begunAt >= windowMs ? driven.signal.wake() : undefined })
  const waiting = driven.signal.await.pipe(Effect.ensuring(Effect.sync(unregister)))
  yield* Replaying.outliving(gateway, exchange, route.entry.onClientGone, scope, driver, waiting, Departure.isByClient)
  if (driven.failed !== undefined) return yield* (yield* Fiber.await(driver)).pipe(Effect.andThen(Effect.fail(driven.failed)))
  const headers = driven.started === undefined ? Reply.head(exchange, undefined) : headOf(gateway, exchange, driven.started)
  const head = yield* StreamHead.make(gateway, exchange, headers)
  exchange.committed = true
  const body = yield* Effect.withFiber((fiber) => Effect.succeed(AnswerBody.make(gateway, exchange, driven, fiber)))
  return HttpServerResponse.stream(
    Stream.onExit(
      body.stream,
      (exit) => Settle.bodyEnded(gateway, exchange, route.entry, body, exit, scope, () => Departure.note(exchange, exit))
    ),
    head
  )
})

const preCommitMs = (gateway: Gateway, route: ModelRegistry.Route): number =>
  route.entry.preCommit === undefined ? gateway.settings.preCommitMs : Duration.toMillis(route.entry.preCommit)
