/**
 * Where the pipeline meets idempotency keys: who may execute, who gets an answer again, what is kept when an exchange has ended,
 * and how an execution goes on whose client left but said that it will ask again.
 */
import type { Endpoint } from "@sluice/protocol/Dialect"
import * as Framing from "@sluice/protocol/Framing"
import { fail, type Failure, type GatewayError, statusOf } from "@sluice/protocol/GatewayError"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Answer } from "./Answer.ts"
import type { Started } from "./Attempts.ts"
import * as Capture from "./Capture.ts"
import * as Drain from "./Drain.ts"
import { endOnce, type Exchange, settlement } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import type { Settlement } from "./Ledger.ts"
import * as LedgerFailure from "./LedgerFailure.ts"
import type { OnClientGone } from "./ModelEntry.ts"
import * as Overload from "./Overload.ts"
import type { Replays } from "./Replays.ts"
import * as Fate from "./replays/Fate.ts"
import type { Held } from "./replays/Held.ts"
import * as PacedBody from "./replays/PacedBody.ts"
import type { Recorded } from "./replays/Recorded.ts"
import * as Reply from "./Reply.ts"
import * as ResponseStage from "./ResponseStage.ts"
import * as ShortCircuit from "./ShortCircuit.ts"
import type { Stop } from "./ShortCircuit.ts"
import * as StreamHead from "./StreamHead.ts"

/** The header that names a request. */
const header = "idempotency-key"

/** Longer keys are refused. */
const longestKey = 255

/** How libraries begin the keys they make up by themselves, one for each call. */
const generated = "stainless-"

/** What is looked at of a call. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly headers: { readonly [name: string]: string | undefined }
  readonly endpoint: Endpoint
}

/** The key a call has; absent = it is an ordinary call. */
export const keyOf = ({ options }: Replays["Service"], { headers }: Pick<Call, "headers">): string | undefined => {
  const key = headers[header]?.trim()
  return key === undefined || key === "" || (!options.generatedKeys && key.startsWith(generated)) ? undefined : key
}

/** Claims the key of a call: the answer to give again, or nothing where the exchange is to go on. */
export const claim = (
  gateway: Gateway,
  replays: Replays["Service"],
  exchange: Exchange,
  call: Call,
  key: string,
  text: string
): Effect.Effect<Recorded | undefined, GatewayError> => {
  if (key.length > longestKey) return fail({ class: "bad-request", message: `The Idempotency-Key is longer than ${longestKey} characters.`, param: header })
  const { principal } = exchange
  const named = {
    exchange: exchange.id,
    tenant: principal.tenant,
    principal: principal.id,
    route: `${call.method} ${call.endpoint.path}`,
    key,
    path: call.path,
    text
  }
  return Effect.map(replays.claim(named, (ticket) => hold(gateway, exchange, ticket)), (claim) => claim._tag === "Replay" ? claim.answer : undefined)
}

/**
 * The answer that was paid for before, where a budget refuses to pay for another one; fails as the budget did where there is none. The
 * claim this takes for a moment is given back with the exchange.
 */
export const paid = (
  gateway: Gateway,
  replays: Replays["Service"],
  exchange: Exchange,
  call: Call,
  key: string,
  text: string,
  refusal: GatewayError
): Effect.Effect<Recorded, GatewayError> =>
  refusal.failure.class !== "quota-exhausted"
    ? refusal
    : Effect.matchEffect(claim(gateway, replays, exchange, call, key, text), {
      onFailure: () => refusal,
      onSuccess: (answer) => answer === undefined ? refusal : Effect.succeed(answer)
    })

const hold = (gateway: Gateway, exchange: Exchange, ticket: Held["ticket"]): void => {
  const capture = Capture.make(gateway.replays?.options.maxAnswerBytes ?? 0)
  exchange.replay = { ticket, capture, contentType: "application/json", isStream: false, marks: undefined, isWhole: false, failure: undefined }
  const { onBytes } = exchange
  // Copies for another time take room only where there is some
  const keep = (bytes: Uint8Array): void => Overload.mayHold(gateway, exchange, bytes.length) ? capture.push(bytes) : capture.giveUp()
  exchange.onBytes = onBytes === undefined ? keep : (bytes) => {
    onBytes(bytes)
    keep(bytes)
  }
}

/** Gives a kept answer again: first status, first body, a stream as a stream. The row is there before the answer is, as it is for an execution. */
export const respond = (gateway: Gateway, exchange: Exchange, answer: Recorded): Effect.Effect<HttpServerResponse.HttpServerResponse, GatewayError> =>
  Effect.andThen(record(gateway, exchange, answer), replayed(gateway, exchange, answer))

/** What is settled here stays: the settling at the end of the exchange adds only what was kept of the bodies. */
const record = (gateway: Gateway, exchange: Exchange, { costUsd, pieces }: Recorded): Effect.Effect<void, GatewayError> => {
  const bytesOut = pieces.reduce((sum, { length }) => sum + length, 0)
  const ended: Exchange = { ...exchange, ending: { _tag: "Replayed" }, committed: true, savedUsd: costUsd, bytesOut, bodies: undefined }
  return gateway.ledger.settle(settlement(ended, gateway.now())).pipe(
    Effect.catch((error) => LedgerFailure.become(gateway, exchange, `The answer was not given again because ${error.message}.`))
  )
}

const replayed = (gateway: Gateway, exchange: Exchange, answer: Recorded): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.withFiber((fiber) => {
    endOnce(exchange, { _tag: "Replayed" })
    exchange.committed = true
    exchange.savedUsd = answer.costUsd
    const { contentType, isStream, pieces, status } = answer
    const headers = {
      ...answer.headers,
      ...exchange.limitHeaders,
      ...Reply.identity(exchange.inbound, exchange.id),
      "idempotent-replayed": "true",
      "x-sluice-replay-of": answer.exchange
    }
    if (!isStream) {
      const body = Buffer.concat(pieces)
      exchange.bytesOut = body.length
      exchange.onBytes?.(body)
      return Effect.succeed(HttpServerResponse.uint8Array(body, { status, contentType, headers }))
    }
    const body = PacedBody.make(gateway, exchange, pieces, fiber)
    return Effect.succeed(HttpServerResponse.stream(body, { status, contentType, headers: { ...headers, ...Reply.unbuffered } }))
  })

/** Concludes the claim of an exchange that has ended, where it holds one. */
export const conclude = (exchange: Exchange, held: Held, settled: Settlement): Effect.Effect<void> => {
  const { ticket } = held
  const fate = Fate.of(exchange, held, settled.outcome)
  if (fate === "release") return ticket.release
  if (fate === "cut") return ticket.lose("cut")
  const answer = recorded(exchange, held, settled.costUsd)
  return answer === undefined ? ticket.lose("too-large") : ticket.keep(answer)
}

const recorded = (exchange: Exchange, held: Held, costUsd: string | undefined): Recorded | undefined => {
  const { capture, contentType, failure, isStream, marks } = held
  const headers = { ...Reply.facts(exchange, undefined), ...marks }
  const facts = { exchange: exchange.id, headers, ...(costUsd === undefined ? {} : { costUsd }) }
  if (failure !== undefined && !exchange.committed) {
    return {
      ...facts,
      status: statusOf(failure),
      contentType: "application/json",
      headers: { ...headers, "x-should-retry": "false" },
      isStream: false,
      pieces: [Reply.errorBytes(exchange.inbound, exchange.id, failure)]
    }
  }
  const pieces = capture.pieces()
  return pieces === undefined ? undefined : { ...facts, status: 200, contentType, isStream, pieces }
}

/** What becomes of the upstream when the client of this exchange leaves: what the model's entry says, else what the key asks for. */
export const onClientGone = (gateway: Gateway, { replay }: Exchange, entry: OnClientGone | undefined, totalMs: number): OnClientGone => {
  const options = gateway.replays?.options
  if (entry !== undefined || replay === undefined || options?.onClientGone !== "finish") return entry ?? "cancel"
  return { drain: { time: Duration.millis(totalMs), bytes: options.maxAnswerBytes } }
}

/** Runs attempts that go on without their client, where it will ask again and nothing says otherwise. */
export const outliving = (
  gateway: Gateway,
  exchange: Exchange,
  entry: OnClientGone | undefined,
  scope: Scope.Closeable,
  attempts: Fiber.Fiber<Started, Stop>,
  waiting: Effect.Effect<void>,
  isByClient: (cause: Cause.Cause<unknown>) => boolean
): Effect.Effect<void> => {
  const held = exchange.replay
  if (held === undefined || (entry ?? gateway.replays?.options.onClientGone) === "cancel") return waiting
  return Effect.onExit(waiting, (exit) => {
    if (Exit.isSuccess(exit) || !isByClient(exit.cause)) return Effect.void
    exchange.outlivesRequest = true
    return Fiber.await(attempts).pipe(
      Effect.flatMap((ended) => finish(gateway, exchange, held, entry, ended)),
      Effect.ensuring(Scope.close(scope, Exit.void)),
      Effect.forkIn(gateway.scope),
      Effect.asVoid
    )
  })
}

const finish = (
  gateway: Gateway,
  exchange: Exchange,
  held: Held,
  entry: OnClientGone | undefined,
  ended: Exit.Exit<Started, Stop>
): Effect.Effect<void> => {
  if (Exit.isFailure(ended)) {
    held.failure = Option.getOrUndefined(Option.map(Cause.findErrorOption(ended.cause), ShortCircuit.toError))?.failure
    return Effect.void
  }
  const { answer, executor } = ended.value
  return read(gateway, exchange, held, answer, onClientGone(gateway, exchange, entry, executor.limits.totalMs))
}

const read = (gateway: Gateway, exchange: Exchange, held: Held, answer: Answer, policy: OnClientGone): Effect.Effect<void> => {
  if (answer._tag === "Buffered") {
    const reply = { status: 200, headers: { "content-type": "application/json" }, body: answer.body }
    return ResponseStage.run(gateway, exchange, reply).pipe(
      Effect.map(({ body }) => {
        held.capture.push(body)
        noteBody(exchange, answer.marks)
      }),
      Effect.catch((stop) => Effect.sync(() => noteFailure(exchange, ShortCircuit.toError(stop).failure)))
    )
  }
  if (gateway.hooks.chunks.length > 0 && exchange.chunks === undefined) {
    // What is kept for another time passes the same stages, though its head never went out
    return StreamHead.make(gateway, exchange, Reply.head(exchange, undefined)).pipe(
      Effect.flatMap(() => {
        if (exchange.chunks !== undefined) answer.stream.pass(exchange.chunks, ({ by, failure }) => endOnce(exchange, { _tag: "Refused", by, failure }))
        return read(gateway, exchange, held, answer, policy)
      }),
      Effect.catch((error) => Effect.sync(() => noteFailure(exchange, error.failure)))
    )
  }
  return Drain.afterClient(gateway, exchange, answer.stream, policy) ?? Effect.sync(() => answer.stream.abandon(gateway.now()))
}

/** The answer is a stream. */
export const noteStream = ({ framing, replay }: Exchange): void => {
  if (replay === undefined) return
  replay.isStream = true
  replay.contentType = Framing.writer(framing).contentType
}

/** The whole answer is there. */
export const noteBody = ({ replay }: Exchange, marks: Held["marks"]): void => {
  if (replay === undefined) return
  replay.marks = marks
  replay.isWhole = true
}

/** The client is told this instead of an answer. */
export const noteFailure = (exchange: Exchange, failure: Failure): void => {
  if (exchange.replay !== undefined) exchange.replay.failure = failure
}
