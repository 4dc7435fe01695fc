/**
 * One exchange, in order, on one page: authenticate, enter, read, decode, admit, resolve, intercept, plan, reserve, open the ledger,
 * try the targets, answer, settle. Each step that may refuse is named, so that a refusal says who refused.
 */
import type { Dialect, Endpoint } from "@sluice/protocol/Dialect"
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import type { Asked } from "@sluice/protocol/Question"
import * as Thinking from "@sluice/protocol/Thinking"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import type { Presented } from "./Authenticator.ts"
import * as Bodies from "./Bodies.ts"
import * as Conclusion from "./Conclusion.ts"
import * as Costs from "./Costs.ts"
import * as Delivery from "./Delivery.ts"
import * as Departure from "./Departure.ts"
import { begin, contextOf, type Exchange } from "./Exchange.ts"
import { generate } from "./ExchangeId.ts"
import type { Extension } from "./Extension.ts"
import type { Gateway } from "./Gateway.ts"
import * as GivenAnswer from "./GivenAnswer.ts"
import type { Installed } from "./Hooks.ts"
import * as Inbound from "./Inbound.ts"
import * as Intercept from "./Intercept.ts"
import * as Lookup from "./Lookup.ts"
import * as Metrics from "./Metrics.ts"
import * as ModelAccess from "./ModelAccess.ts"
import * as ModelRegistry from "./ModelRegistry.ts"
import * as Outbound from "./Outbound.ts"
import * as Overload from "./Overload.ts"
import * as Passthrough from "./Passthrough.ts"
import * as Planner from "./Planner.ts"
import type { Principal } from "./Principal.ts"
import * as Questions from "./Questions.ts"
import * as Replaying from "./Replaying.ts"
import * as Reply from "./Reply.ts"
import * as Reserve from "./Reserve.ts"
import * as Router from "./Router.ts"
import * as Settle from "./Settle.ts"
import type { Stop } from "./ShortCircuit.ts"
import * as Steps from "./Steps.ts"
import { estimateTokens } from "./Verdict.ts"
import * as Walk from "./Walk.ts"
import { generating, type Work } from "./Work.ts"

/** One call as the HTTP front hands it over. */
export interface Call extends Presented {
  readonly dialect: Dialect
  readonly endpoint: Endpoint
  readonly told: { readonly model?: string; readonly stream?: boolean }
  /** The body's text, read at most once, after admission; room is asked for what the head did not state. */
  readonly text: (askRoom: (bytes: number) => GatewayError | undefined) => Effect.Effect<string, GatewayError>
  /** What is handed on as it is, where that is what is asked. */
  readonly raw?: Passthrough.Raw
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
  const entered: Array<Installed<Extension>> = []
  // Registered before anything is opened, so that every way out settles, exactly once
  const scope = yield* Scope.fork(gateway.scope)
  yield* settling(gateway, scope, Settle.settle(gateway, exchange, entered))
  yield* Scope.addFinalizerExit(yield* Effect.scope, (exit) => exchange.outlivesRequest ? Effect.void : Scope.close(scope, exit))
  return yield* respond(gateway, exchange, call, entered, scope).pipe(
    Effect.catch((stop) => Conclusion.of(gateway, exchange, stop)),
    Effect.onExit((exit) => Effect.sync(() => Departure.note(exchange, exit))),
    Effect.catchCause((cause) => {
      if (!Cause.hasDies(cause)) return Effect.failCause(cause)
      return Effect.andThen(Effect.logError("An exchange ended in a defect", cause), Conclusion.failed(gateway, exchange, Departure.defect(cause)))
    })
  )
})

/** The exchange is one of its generation's until it is settled, whatever becomes of the request. */
const settling = ({ generation }: Gateway, scope: Scope.Scope, settle: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.uninterruptible(Effect.suspend(() => {
    generation.enter("exchanges")
    return Scope.addFinalizer(scope, Effect.ensuring(settle, Effect.sync(() => generation.leave("exchanges"))))
  }))

/** Every call is answered in the same way; what is done with it is its operation's. */
const respond = (gateway: Gateway, exchange: Exchange, call: Call, entered: Array<Installed<Extension>>, scope: Scope.Closeable) => {
  switch (exchange.operation) {
    case "count":
      return answer(Questions.counting, gateway, exchange, call, entered, scope)
    case "embed":
      return answer(Questions.embedding, gateway, exchange, call, entered, scope)
    case "raw":
      return Passthrough.answer(gateway, exchange, call, entered)
    default:
      return answer(generating, gateway, exchange, call, entered, scope)
  }
}

const answer = Effect.fnUntraced(function*<Q extends Asked>(
  work: Work<Q>,
  gateway: Gateway,
  exchange: Exchange,
  call: Call,
  entered: Array<Installed<Extension>>,
  scope: Scope.Closeable
): Effect.fn.Return<HttpServerResponse.HttpServerResponse, Stop, Scope.Scope> {
  yield* Steps.arrive(gateway, exchange, call.headers["content-length"])
  exchange.step = "body"
  const text = yield* call.text((bytes) => Overload.hold(gateway, exchange, bytes))
  if (gateway.settings.bodies !== "none") Bodies.begin(exchange, gateway.settings.bodies, text)
  const inbound = yield* Effect.fromResult(understand(work, gateway, exchange, call, text))
  exchange.step = "admit"
  if (gateway.extensions.length > 0) yield* Steps.admit(gateway, exchange, entered)
  exchange.step = "model"
  const snapshot = gateway.registry.current()
  const route = yield* resolve(snapshot, exchange, inbound.model)
  if (route.entry.forced === true) exchange.shownModel = route.model
  const effort = route.effort ?? (exchange.operation === "generate" ? call.dialect.thinking?.effort?.(inbound.body) : undefined)
  if (effort !== undefined) exchange.effort = Thinking.toText(effort)
  const asked = yield* Effect.fromResult(work.bySuffix(gateway, inbound, route.effort))
  exchange.step = "interceptor"
  const { request } = work.hooks(gateway)
  const place = { gateway, exchange, step: "interceptor" }
  const intercepted = request.length === 0 ? undefined : yield* Intercept.run(place, inbound, asked, request, contextOf(exchange))
  const changed = intercepted === undefined ? asked : intercepted.changed
  exchange.requestLosses = intercepted?.losses ?? []
  const taken = Router.isWanted(gateway, route) ? yield* Router.route(gateway, exchange, route) : route
  const candidates = Planner.plan(snapshot, taken, gateway.random, gateway.registry.turn, Router.conditions(exchange, taken))
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
  if (gateway.hooks.lookup.length > 0 && work.generated !== undefined) {
    exchange.step = "lookup"
    const wanted = yield* Effect.fromResult(work.generated(inbound, changed))
    const found = yield* Lookup.find(gateway, exchange, entered, wanted, Outbound.isUsageUnasked(inbound, exchange.inbound))
    if (found !== undefined) return yield* GivenAnswer.respond(gateway, exchange, found)
  }
  exchange.step = "ledger"
  if (candidates[0] !== undefined) exchange.estimatedUsd = Costs.ofPrompt(gateway, exchange, candidates[0])
  yield* Steps.open(gateway, exchange)
  exchange.step = undefined
  const attempts = Walk.walk({ work, gateway, exchange, inbound, changed, isSuffixed: asked !== undefined, scope }, candidates)
  return inbound.stream ? yield* Delivery.stream(gateway, exchange, route, attempts, scope) : yield* Delivery.buffer(gateway, exchange, route, attempts, scope)
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
