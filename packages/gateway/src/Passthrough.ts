/**
 * What no dialect has words for, handed on to a provider as it is: files, batches, pictures. There is no way around anything in it: whoever
 * asks is authenticated, admitted and limited, and every such exchange is one row of the record, with the tokens of texts estimated. Asked
 * once: nobody knows what a second time would do.
 */
import { fail, type Failure, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Loss from "@sluice/protocol/Loss"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as AttemptReport from "./AttemptReport.ts"
import * as Attempts from "./Attempts.ts"
import * as Bodies from "./Bodies.ts"
import type { ByteSource } from "./ByteSource.ts"
import * as Departure from "./Departure.ts"
import { endOnce, type Exchange } from "./Exchange.ts"
import type { Executor, RawMethod, RawRequest } from "./Executor.ts"
import type { Extension } from "./Extension.ts"
import type { Gateway } from "./Gateway.ts"
import type { Installed } from "./Hooks.ts"
import * as WholeBody from "./internal/wholeBody.ts"
import * as Overload from "./Overload.ts"
import { ProviderId } from "./ProviderId.ts"
import * as Reply from "./Reply.ts"
import * as Reserve from "./Reserve.ts"
import * as Selection from "./Selection.ts"
import type { Stop } from "./ShortCircuit.ts"
import * as Steps from "./Steps.ts"
import * as StreamTap from "./StreamTap.ts"
import { due, timedOut } from "./Timeouts.ts"
import type { UpstreamReply } from "./UpstreamClient.ts"
import { estimateTokens } from "./Verdict.ts"

/** What is handed on. */
export interface Raw {
  readonly provider: string
  readonly method: RawMethod
  /** Behind the provider's base URL, with its query. */
  readonly path: string
  /** The body as it was sent, read at most once, after admission. */
  readonly bytes: (askRoom: (bytes: number) => GatewayError | undefined) => Effect.Effect<Uint8Array, GatewayError>
}

/** What is looked at of a call. */
export interface Call {
  readonly headers: { readonly [name: string]: string | undefined }
  readonly raw?: Raw
}

/** What the record calls the model of what has none. */
const unnamed = "passthrough"

const nowhere = (provider: string): GatewayError =>
  fail({
    class: "not-found",
    message: `Nothing is handed on to a provider "${provider}" here; \`passthrough: true\` of a provider allows it.`
  })

const isProviderId = Schema.is(ProviderId)

type Handing = Executor & { readonly raw: NonNullable<Executor["raw"]> }

const executorOf = (gateway: Gateway, exchange: Exchange, { provider }: Raw): Effect.Effect<Handing, GatewayError> => {
  const executor = isProviderId(provider) ? gateway.executors.get(provider) : undefined
  const raw = executor?.raw
  if (executor === undefined || raw === undefined) return nowhere(provider)
  // A path may name any model, in words nobody here reads
  return exchange.principal.models === undefined
    ? Effect.succeed({ ...executor, raw })
    : fail({
      class: "forbidden",
      message: `The key "${exchange.principal.id}" is for certain models, so nothing is handed on for it as it is.`,
      code: "model_not_allowed"
    })
}

const isText = (contentType: string | undefined): boolean => contentType !== undefined && /json|^text\//i.test(contentType)

const decoder = new TextDecoder()

/** Most of an error's body that is held to be handed on. */
const maxErrorBytes = 1024 * 1024

/** The credential to ask with; one that serves certain models only is not for this. */
const selected = (gateway: Gateway, exchange: Exchange, executor: Executor) => {
  const found = Selection.select({
    gateway,
    exchange,
    executor,
    model: unnamed,
    only: undefined,
    session: () => undefined,
    tried: undefined,
    mayRepeat: false,
    preferred: undefined,
    isLastResort: true
  })
  return found._tag === "Chosen"
    ? Effect.succeed(found)
    : fail(
      found._tag === "Resting"
        ? {
          class: "rate-limited",
          message: `All credentials of the provider "${executor.id}" rest.`,
          code: "model_cooldown",
          retryAfterMs: Math.max(0, found.until - gateway.now())
        }
        : { class: "unavailable", message: `The provider "${executor.id}" has no credential that can be used for this.` }
    )
}

/** The head, within its time. */
const head = (executor: Handing, request: RawRequest): Effect.Effect<UpstreamReply, GatewayError, Scope.Scope> =>
  Effect.timeoutOrElse(executor.raw(request), {
    duration: executor.limits.firstEventMs,
    orElse: () => fail(timedOut("timeout-first-event", executor.limits))
  })

/** The body, as it comes; `onBytes` sees it. A provider that falls silent is left. */
const body = (gateway: Gateway, exchange: Exchange, { limits }: Executor, source: ByteSource, onBytes: (chunk: Uint8Array) => void) =>
  Stream.unwrap(Effect.gen(function*() {
    let lastByteAt = gateway.wheel.now()
    const begun = { exchangeStartedAt: exchange.begunAt, attemptStartedAt: lastByteAt, committed: true }
    let late: ReturnType<typeof due>
    const unregister = gateway.wheel.register({
      tick: (now) => {
        late ??= due({ ...begun, lastByteAt }, limits, now)
        if (late !== undefined) source.wake()
      }
    })
    yield* Effect.addFinalizer(() => Effect.sync(unregister))
    const next: Effect.Effect<readonly [ReadonlyArray<Uint8Array>, Option.Option<void>], GatewayError> = Effect.suspend(() => {
      if (late !== undefined) return fail(timedOut(late, limits))
      const chunks = source.take()
      if (chunks.length > 0) {
        lastByteAt = gateway.wheel.now()
        for (const chunk of chunks) onBytes(chunk)
        return Effect.succeed([chunks, Option.some(undefined)] as const)
      }
      const ended = source.ended()
      if (ended === undefined) {
        // Time in which the client takes nothing is not the provider's
        lastByteAt = gateway.wheel.now()
        return Effect.andThen(source.await, next)
      }
      return ended._tag === "Eof"
        ? Effect.succeed([[], Option.none()] as const)
        : fail({ class: "cut", message: `The provider closed the connection in the middle of its answer: ${ended.message}` })
    })
    return Stream.paginate(undefined, () => next)
  }))

/** Hands the request on, and the answer back. */
export const answer = Effect.fnUntraced(function*(
  gateway: Gateway,
  exchange: Exchange,
  call: Call,
  entered: Array<Installed<Extension>>
): Effect.fn.Return<HttpServerResponse.HttpServerResponse, Stop, Scope.Scope> {
  const { raw } = call
  if (raw === undefined) return yield* fail({ class: "defect", message: "Nothing says what is to be handed on." })
  yield* Steps.arrive(gateway, exchange, call.headers["content-length"])
  exchange.step = "body"
  const bytes = yield* raw.bytes((more) => Overload.hold(gateway, exchange, more))
  const isTextual = isText(call.headers["content-type"])
  exchange.bodyCharacters = bytes.length
  if (isTextual) exchange.estimatedInput = estimateTokens(bytes.length)
  if (gateway.settings.bodies !== "none") Bodies.begin(exchange, isTextual ? gateway.settings.bodies : "digest", bytes)
  exchange.step = "admit"
  if (gateway.extensions.length > 0) yield* Steps.admit(gateway, exchange, entered)
  exchange.step = "model"
  const executor = yield* executorOf(gateway, exchange, raw)
  exchange.step = "limits"
  if (gateway.limits !== undefined) yield* Reserve.reserve(gateway, gateway.limits, exchange, `${unnamed}/${executor.id}`, [])
  exchange.step = "ledger"
  yield* Steps.open(gateway, exchange)
  exchange.step = undefined

  const { credential, isOneOfSeveral, probes } = yield* selected(gateway, exchange, executor)
  const tap = StreamTap.make()
  exchange.current = {
    provider: executor.id,
    upstreamModel: unnamed,
    upstream: executor.dialect.id,
    lane: "bytes",
    losses: [],
    tap,
    responseLosses: Loss.sink()
  }
  const attempt = { gateway, exchange, executor, model: unnamed, credential, isOneOfSeveral, probes, begunAt: gateway.now() }
  AttemptReport.began(attempt)
  exchange.sentUpstream = true
  const record = (failure: Failure | undefined): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (failure === undefined) AttemptReport.committed(attempt, () => undefined)
      else AttemptReport.failed(attempt, failure)
      return Attempts.record(attempt, { provider: executor.id, model: unnamed }, credential, attempt.begunAt, failure)
    })
  const { method, path } = raw
  const request: RawRequest = {
    method,
    path,
    headers: call.headers,
    ...(bytes.length === 0 && method !== "POST" ? {} : { body: bytes }),
    ...(credential === undefined ? {} : { credential })
  }
  const reply = yield* Effect.tapError(head(executor, request), ({ failure }) => record(failure))
  const { dialect } = executor
  const headers = Reply.head(exchange, {
    dialect,
    reply,
    overheadMs: Math.max(0, attempt.begunAt - exchange.begunAt)
  })
  const contentType = reply.headers["content-type"] ?? "application/octet-stream"
  if (reply.status >= 400) {
    const whole = yield* Effect.tapError(WholeBody.readAll(reply.body, maxErrorBytes, () => undefined), ({ failure }) => record(failure))
    const failure = dialect.errors.decode({ status: reply.status, headers: reply.headers, body: decoder.decode(whole) })
    yield* record(failure)
    exchange.committed = true
    exchange.bytesOut = whole.length
    exchange.onBytes?.(whole)
    endOnce(exchange, { _tag: "Failed", failure })
    return HttpServerResponse.uint8Array(whole, { status: reply.status, contentType, headers })
  }
  yield* record(undefined)
  exchange.committed = true
  const isTextBack = isText(contentType)
  const streamed = body(gateway, exchange, executor, reply.body, (chunk) => {
    exchange.bytesOut += chunk.length
    exchange.onBytes?.(chunk)
    if (isTextBack) tap.observeDelta(chunk.length, gateway.now())
  })
  return HttpServerResponse.stream(
    Stream.onExit(streamed, (exit) =>
      Effect.sync(() => {
        if (Exit.isSuccess(exit)) return endOnce(exchange, { _tag: "Delivered" })
        const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
        if (error === undefined) Departure.note(exchange, exit)
        else endOnce(exchange, { _tag: "Failed", failure: error.failure })
      })),
    { status: reply.status, contentType, headers }
  )
})
