/**
 * One exchange, in order, on one page: authenticate, enter, read, decode, admit, resolve, intercept, plan, reserve, open the ledger,
 * try the targets, answer, settle. Each step that may refuse is named, so that a refusal says who refused.
 */
import type { Dialect, Endpoint } from "@sluice/protocol/Dialect"
import { fail, type Failure, type GatewayError } from "@sluice/protocol/GatewayError"
import type { Asked } from "@sluice/protocol/Question"
import * as Thinking from "@sluice/protocol/Thinking"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as AnswerBody from "./AnswerBody.ts"
import * as Attempts from "./Attempts.ts"
import type { Presented } from "./Authenticator.ts"
import * as Bodies from "./Bodies.ts"
import * as Costs from "./Costs.ts"
import { begin, contextOf, endOnce, type Exchange, opening } from "./Exchange.ts"
import { generate } from "./ExchangeId.ts"
import type { Extension } from "./Extension.ts"
import type { Gateway } from "./Gateway.ts"
import * as Inbound from "./Inbound.ts"
import * as Intercept from "./Intercept.ts"
import * as LedgerFailure from "./LedgerFailure.ts"
import * as Metrics from "./Metrics.ts"
import * as ModelAccess from "./ModelAccess.ts"
import * as ModelRegistry from "./ModelRegistry.ts"
import * as Overload from "./Overload.ts"
import * as Planner from "./Planner.ts"
import type { Principal } from "./Principal.ts"
import * as Questions from "./Questions.ts"
import * as Replaying from "./Replaying.ts"
import * as Reply from "./Reply.ts"
import * as Reserve from "./Reserve.ts"
import * as Settle from "./Settle.ts"
import * as ShortCircuit from "./ShortCircuit.ts"
import { estimateTokens } from "./Verdict.ts"
import { generating, type Work } from "./Work.ts"

/** One call as the HTTP front hands it over. */
export interface Call extends Presented {
  readonly dialect: Dialect
  readonly endpoint: Endpoint
  readonly told: { readonly model?: string; readonly stream?: boolean }
  /** The body's text, read at most once, after admission; room is asked for what the head did not state. */
  readonly text: (askRoom: (bytes: number) => GatewayError | undefined) => Effect.Effect<string, GatewayError>
  /** Who asks, where the program itself says so; absent = the authenticator finds out. Never set for what came over a socket. */
  readonly principal?: Principal
}

/** Handles one call to the end of its answer's head; the body and the settling follow by scope. */
export const handle = Effect.fnUntraced(function*(gateway: Gateway, call: Call): Effect.fn.Return<HttpServerResponse.HttpServerResponse, never, Scope.Scope> {
  const begunAt = gateway.now()
  const startedAt = gateway.clock.currentTimeMillisUnsafe()
  const id = generate(startedAt, gateway.random)
  const principal = call.principal === undefined ? yield* Effect.exit(gateway.authenticator.authenticate(call)) : Exit.succeed(call.principal)
  if (Exit.isFailure(principal)) {
    yield* Metrics.unauthenticated
    const error = Option.getOrElse(Cause.findErrorOption(principal.cause), () => fail({ class: "defect", message: "The authenticator failed." }))
    return Reply.error(call.dialect, id, error.failure)
  }
  const exchange = begin({
    id,
    startedAt,
    begunAt,
    principal: principal.value,
    inbound: call.dialect,
    operation: call.endpoint.operation,
    framing: call.endpoint.framing ?? "sse"
  })
  exchange.headers = call.headers
  const entered: Array<Extension> = []
  // Registered before anything is opened, so that every way out settles, exactly once
  const scope = yield* Scope.fork(gateway.scope)
  yield* settling(gateway, scope, Settle.settle(gateway, exchange, entered))
  yield* Effect.addFinalizer((exit) => exchange.outlivesRequest ? Effect.void : Scope.close(scope, exit))
  return yield* respond(gateway, exchange, call, entered, scope).pipe(
    Effect.catch((error) =>
      Effect.sync(() => {
        const by = error.failure.class === "unsupported-crossing" ? "fidelity" : exchange.step
        endOnce(exchange, by === undefined ? { _tag: "Failed", failure: error.failure } : { _tag: "Refused", by, failure: error.failure })
        return told(exchange, error.failure)
      })
    ),
    Effect.onExit((exit) => Effect.sync(() => noteExit(exchange, exit))),
    Effect.catchCause((cause) => {
      if (!Cause.hasDies(cause)) return Effect.failCause(cause)
      return Effect.logError("An exchange ended in a defect", cause).pipe(Effect.as(told(exchange, defect(cause))))
    })
  )
})

/** The exchange is one of its generation's until it is settled, whatever becomes of the request. */
const settling = ({ generation }: Gateway, scope: Scope.Scope, settle: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.uninterruptible(Effect.suspend(() => {
    generation.enter("exchanges")
    return Scope.addFinalizer(scope, Effect.ensuring(settle, Effect.sync(() => generation.leave("exchanges"))))
  }))

/** What the client gets instead of an answer. */
const told = (exchange: Exchange, failure: Failure): HttpServerResponse.HttpServerResponse => {
  Replaying.noteFailure(exchange, failure)
  exchange.bodies?.response.push(Reply.errorBytes(exchange.inbound, exchange.id, failure))
  return Reply.error(exchange.inbound, exchange.id, failure, exchange)
}

const defect = (cause: Cause.Cause<unknown>): Failure => ({ class: "defect", message: Cause.pretty(cause) })

/** Fills the cell from the way a handler or a body ended: who interrupted, or what died. */
const noteExit = (exchange: Exchange, exit: Exit.Exit<unknown, unknown>): void => {
  if (Exit.isSuccess(exit)) return
  const { cause } = exit
  if (Cause.hasDies(cause) && !Cause.hasInterrupts(cause)) return endOnce(exchange, { _tag: "Defect", message: Cause.pretty(cause) })
  endOnce(exchange, isByClient(cause) ? { _tag: "ClientGone" } : { _tag: "ServerStop", why: "shutdown" })
}

/** Whether it was the client who left. */
const isByClient = (cause: Cause.Cause<unknown>): boolean => cause.reasons.some((reason) => Option.isSome(contextOption(reason)))

const contextOption = (reason: Cause.Reason<unknown>) => Context.getOption(Cause.reasonAnnotations(reason), HttpServerError.ClientAbort)

/** Every call is answered in the same way; what is done with it is its operation's. */
const respond = (gateway: Gateway, exchange: Exchange, call: Call, entered: Array<Extension>, scope: Scope.Closeable) => {
  switch (exchange.operation) {
    case "count":
      return answer(Questions.counting, gateway, exchange, call, entered, scope)
    case "embed":
      return answer(Questions.embedding, gateway, exchange, call, entered, scope)
    default:
      return answer(generating, gateway, exchange, call, entered, scope)
  }
}

const answer = Effect.fnUntraced(function*<Q extends Asked>(
  work: Work<Q>,
  gateway: Gateway,
  exchange: Exchange,
  call: Call,
  entered: Array<Extension>,
  scope: Scope.Closeable
): Effect.fn.Return<HttpServerResponse.HttpServerResponse, GatewayError, Scope.Scope> {
  const stage = gateway.lifecycle.stage()
  exchange.step = "drain"
  if (stage._tag === "Draining" && exchange.begunAt >= stage.refusesAt) {
    return yield* fail({ class: "unavailable", message: "The gateway is shutting down.", retryAfterMs: 1000 })
  }
  if (gateway.admission !== undefined) yield* Overload.enter(gateway, exchange, call.headers["content-length"])
  exchange.step = "body"
  const text = yield* call.text((bytes) => Overload.hold(gateway, exchange, bytes))
  if (gateway.settings.bodies !== "none") Bodies.begin(exchange, gateway.settings.bodies, text)
  const inbound = yield* Effect.fromResult(understand(work, gateway, exchange, call, text))
  exchange.step = "admit"
  if (gateway.extensions.length > 0) yield* admit(gateway, exchange, entered)
  exchange.step = "model"
  const snapshot = gateway.registry.current()
  const route = yield* resolve(snapshot, exchange, inbound.model)
  if (route.entry.forced === true) exchange.shownModel = route.model
  const effort = route.effort ?? (exchange.operation === "generate" ? call.dialect.thinking?.effort?.(inbound.body) : undefined)
  if (effort !== undefined) exchange.effort = Thinking.toText(effort)
  const asked = yield* Effect.fromResult(work.bySuffix(inbound, route.effort))
  exchange.step = "interceptor"
  const { request } = work.hooks(gateway)
  const changed = request.length === 0 ? asked : yield* Intercept.run(inbound, asked, request, contextOf(exchange))
  const candidates = Planner.plan(snapshot, route, gateway.random, gateway.registry.turn)
  exchange.targets = candidates
  exchange.step = "limits"
  const { limits, replays } = gateway
  const key = replays === undefined ? undefined : Replaying.keyOf(replays, call)
  if (limits !== undefined) {
    const room = Reserve.reserve(gateway, limits, exchange, route.model, candidates)
    const paid = replays === undefined || key === undefined
      ? yield* room
      : yield* Effect.catch(room, (refusal) => Replaying.paid(gateway, replays, exchange, call, key, text, refusal))
    if (paid !== undefined) {
      yield* Reserve.reserve(gateway, limits, exchange, route.model, candidates, true)
      return yield* Replaying.respond(gateway, exchange, paid)
    }
  }
  if (replays !== undefined && key !== undefined) {
    exchange.step = "idempotency"
    const answered = yield* Replaying.claim(gateway, replays, exchange, call, key, text)
    if (answered !== undefined) return yield* Replaying.respond(gateway, exchange, answered)
  }
  exchange.step = "ledger"
  if (candidates[0] !== undefined) exchange.estimatedUsd = Costs.ofPrompt(gateway, exchange, candidates[0])
  yield* open(gateway, exchange)
  exchange.step = undefined
  const attempts = Attempts.walk({ work, gateway, exchange, inbound, changed, isSuffixed: asked !== undefined, scope }, candidates)
  return inbound.stream ? yield* stream(gateway, exchange, route, attempts, scope) : yield* buffer(gateway, exchange, route, attempts, scope)
})

const understand = <Q extends Asked>(
  work: Work<Q>,
  gateway: Gateway,
  exchange: Exchange,
  call: Call,
  text: string
): Result.Result<Inbound.Inbound<Q>, GatewayError> => {
  exchange.bodyCharacters = text.length
  exchange.estimatedInput = estimateTokens(text.length)
  const reader = work.reader(call.dialect)
  if (reader === undefined) return Result.fail(fail({ class: "not-found", message: `${call.dialect.id} cannot ask for this.` }))
  const read = Inbound.readAs(reader, {
    dialect: call.dialect,
    endpoint: call.endpoint,
    text,
    headers: call.headers,
    path: call.told,
    maxDepth: gateway.settings.maxDepth,
    onModel: (model) => {
      exchange.model = model
    }
  })
  if (Result.isFailure(read)) return read
  const inbound = read.success
  exchange.stream = inbound.stream
  exchange.request = () => work.request(inbound)
  return read
}

/** Extensions are entered one by one; those entered are finished, whatever comes. */
const admit = Effect.fnUntraced(function*(gateway: Gateway, exchange: Exchange, entered: Array<Extension>) {
  const context = contextOf(exchange)
  for (const extension of gateway.extensions) {
    entered.push(extension)
    if (extension.admit !== undefined) yield* Effect.mapError(extension.admit(context), ShortCircuit.toError)
  }
})

const resolve = (snapshot: ModelRegistry.Snapshot, exchange: Exchange, model: string): Effect.Effect<ModelRegistry.Route, GatewayError> => {
  const route = ModelRegistry.resolve(snapshot, model)
  // Who may use a model may use it with any suffix
  const names = Option.isSome(route) ? [route.value.model, model] : [model]
  if (!names.some((name) => ModelAccess.isAllowed(exchange.principal, name))) {
    return fail({ class: "forbidden", message: `The key "${exchange.principal.id}" may not use the model "${model}".`, code: "model_not_allowed" })
  }
  if (Option.isNone(route)) {
    return fail({
      class: "model-not-found",
      message: `The model "${model}" does not exist here. GET /v1/models lists those that do.`,
      code: "model_not_found",
      param: "model"
    })
  }
  const { operations } = route.value.entry
  return operations === undefined || operations.some((each) => each === exchange.operation)
    ? Effect.succeed(route.value)
    : fail({ class: "unsupported", message: `The model "${model}" is here to ${operations.join(" and to ")}, not to ${exchange.operation}.`, param: "model" })
}

/** Nothing goes upstream before the ledger has the exchange, unless the settings serve without a record: then its settlement may still make one. */
const open = (gateway: Gateway, exchange: Exchange): Effect.Effect<void, GatewayError> =>
  gateway.ledger.open(opening(exchange)).pipe(
    Effect.catch((error) => LedgerFailure.become(gateway, exchange, `The request was not sent because ${error.message}.`))
  )

/** Time the exchange spent in the gateway itself: what is left after its attempts. */
const overheadMs = (gateway: Gateway, exchange: Exchange): number =>
  gateway.now() - exchange.begunAt - exchange.attempts.reduce((sum, attempt) => sum + attempt.endedAt - attempt.startedAt, 0)

const headOf = (gateway: Gateway, exchange: Exchange, { answer, executor }: Attempts.Started) =>
  Reply.head(exchange, { dialect: executor.dialect, reply: answer.reply, overheadMs: overheadMs(gateway, exchange) })

/** An execution that others wait for, or will ask for again, runs in a fiber of its own, so that it can go on when its client leaves. */
const attempted = (
  gateway: Gateway,
  exchange: Exchange,
  route: ModelRegistry.Route,
  attempts: Effect.Effect<Attempts.Started, GatewayError>,
  scope: Scope.Closeable
): Effect.Effect<Attempts.Started, GatewayError> =>
  exchange.replay === undefined ? attempts : Effect.flatMap(Effect.forkIn(attempts, scope, { startImmediately: true }), (fiber) => {
    const waiting = Effect.asVoid(Fiber.await(fiber))
    return Effect.andThen(Replaying.outliving(gateway, exchange, route.entry.onClientGone, scope, fiber, waiting, isByClient), Fiber.join(fiber))
  })

const buffer = Effect.fnUntraced(function*(
  gateway: Gateway,
  exchange: Exchange,
  route: ModelRegistry.Route,
  attempts: Effect.Effect<Attempts.Started, GatewayError>,
  scope: Scope.Closeable
) {
  const started = yield* attempted(gateway, exchange, route, attempts, scope)
  const { answer } = started
  if (answer._tag === "Streamed") return yield* fail({ class: "protocol-violation", message: "The provider streamed an answer that was to be whole." })
  exchange.committed = true
  exchange.bytesOut = answer.body.length
  exchange.onBytes?.(answer.body)
  Replaying.noteBody(exchange, answer.marks)
  endOnce(exchange, { _tag: "Delivered" })
  const head = headOf(gateway, exchange, started)
  return HttpServerResponse.uint8Array(answer.body, {
    contentType: "application/json",
    headers: answer.marks === undefined ? head : { ...head, ...answer.marks }
  })
})

/** The head waits for the first committing event, a failure, or the pre-commit window, whichever comes first. */
const stream = Effect.fnUntraced(function*(
  gateway: Gateway,
  exchange: Exchange,
  route: ModelRegistry.Route,
  attempts: Effect.Effect<Attempts.Started, GatewayError>,
  scope: Scope.Closeable
): Effect.fn.Return<HttpServerResponse.HttpServerResponse, GatewayError, Scope.Scope> {
  Replaying.noteStream(exchange)
  const driven = AnswerBody.undriven()
  const driver = yield* Effect.forkIn(
    Effect.onExit(attempts, (exit) =>
      Effect.sync(() => {
        if (Exit.isSuccess(exit)) driven.started = exit.value
        else driven.failed = Option.getOrElse(Cause.findErrorOption(exit.cause), () => fail(defect(exit.cause)))
        driven.signal.wake()
      })),
    scope,
    { startImmediately: true }
  )
  const windowMs = preCommitMs(gateway, route)
  const unregister = gateway.wheel.register({ tick: (now) => now - exchange.begunAt >= windowMs ? driven.signal.wake() : undefined })
  const head = driven.signal.await.pipe(Effect.ensuring(Effect.sync(unregister)))
  yield* Replaying.outliving(gateway, exchange, route.entry.onClientGone, scope, driver, head, isByClient)
  if (driven.failed !== undefined) return yield* (yield* Fiber.await(driver)).pipe(Effect.andThen(fail(driven.failed.failure)))
  exchange.committed = true
  const headers = driven.started === undefined ? Reply.head(exchange, undefined) : headOf(gateway, exchange, driven.started)
  const body = yield* Effect.withFiber((fiber) => Effect.succeed(AnswerBody.make(gateway, exchange, driven, fiber)))
  return HttpServerResponse.stream(
    Stream.onExit(body.stream, (exit) => Settle.bodyEnded(gateway, exchange, route.entry, body, exit, scope, () => noteExit(exchange, exit))),
    {
      contentType: body.contentType,
      headers: { ...headers, ...Reply.unbuffered }
    }
  )
})

const preCommitMs = (gateway: Gateway, route: ModelRegistry.Route): number =>
  route.entry.preCommit === undefined ? gateway.settings.preCommitMs : Duration.toMillis(route.entry.preCommit)
