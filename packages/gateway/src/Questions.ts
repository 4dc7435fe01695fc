/**
 * The operations that ask a question and have one whole answer: counting tokens and embedding texts. A question is asked
 * natively where the target's protocol has an endpoint for it; a count is otherwise made by the gateway itself.
 */
import type { EmbeddingRequest, EmbeddingResponse } from "@sluice/protocol/CanonicalEmbedding"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Dialect } from "@sluice/protocol/Dialect"
import { fail, type Failure, type GatewayError } from "@sluice/protocol/GatewayError"
import type { Loss } from "@sluice/protocol/Loss"
import type { Asked, Question } from "@sluice/protocol/Question"
import type { TokenCount } from "@sluice/protocol/TokenCount"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Answer } from "./Answer.ts"
import * as AttemptReply from "./AttemptReply.ts"
import type { Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import * as Outbound from "./Outbound.ts"
import * as Normalizing from "./stages/Normalizing.ts"
import type { StreamTap } from "./StreamTap.ts"
import type { Work } from "./Work.ts"

/** One kind of question. */
interface Kind<Q extends Asked, A> {
  readonly operation: "count" | "embed"
  readonly of: (dialect: Dialect) => Question<Q, A> | undefined
  /** How a target without an endpoint would be asked, which says what it would lose; absent = it is not asked. */
  readonly encoder: (dialect: Dialect) => Question<Q, A>["request"]["encode"] | undefined
  readonly hooks: Work<Q>["hooks"]
  /** What a provider would refuse of a body in its own protocol is taken out of the question; absent = it refuses nothing. */
  readonly proven?: (
    dialect: Dialect,
    body: JsonObject,
    model: string
  ) => ((question: Q) => { readonly request: Q; readonly losses: ReadonlyArray<Loss> }) | undefined
  /** How the gateway finds the answer by itself; absent = it cannot. */
  readonly local?: (gateway: Gateway, question: Q) => Effect.Effect<A, GatewayError>
  /** The answer with another name of the model; absent = it names none. */
  readonly shown?: (answer: A, model: string) => A
  /** What the record of the exchange is told. */
  readonly observe: (tap: StreamTap, answer: A, now: number) => void
  /** Headers that say who found the answer. */
  readonly marks: (by: "reported" | "counted") => { readonly [name: string]: string }
}

const encoder = new TextEncoder()

const unsupported = (operation: "count" | "embed", model: string, dialect: Dialect, provider: string): GatewayError =>
  fail({
    class: "unsupported-crossing",
    message: `The model "${model}" cannot be asked to ${operation} here: its provider "${provider}" speaks ${dialect.id}, which has no endpoint for that.`,
    param: "model"
  })

/** The answer as the client reads it. */
const told = <Q extends Asked, A>(kind: Kind<Q, A>, exchange: Exchange, question: Q, answer: A): Effect.Effect<Uint8Array, GatewayError> => {
  const encode = kind.of(exchange.inbound)?.response.encode
  // A dialect has no endpoint for what it has no words for
  if (encode === undefined) return fail({ class: "defect", message: `${exchange.inbound.id} has no words for the answer to ${kind.operation}.` })
  const body = encode(answer, { question, estimatedInput: exchange.estimatedInput })
  return Result.isSuccess(body) ? Effect.succeed(encoder.encode(JSON.stringify(body.success))) : fail(body.failure)
}

const isEndpointOf = (dialect: Dialect, operation: string): boolean => dialect.endpoints.some((endpoint) => endpoint.operation === operation)

const prepare = <Q extends Asked, A>(kind: Kind<Q, A>): Work<Q>["prepare"] => (gateway, exchange, options) => {
  const { changed, executor, fidelity, from, inbound, model } = options
  const theirs = kind.of(executor.dialect)
  const encode = kind.encoder(executor.dialect)
  const isNative = theirs !== undefined && isEndpointOf(executor.dialect, kind.operation)
  if (encode === undefined || (!isNative && kind.local === undefined)) {
    return Result.fail(unsupported(kind.operation, inbound.model, executor.dialect, executor.id))
  }
  const find = kind.local
  const question = changed === undefined ? inbound.request : (): Result.Result<Q, GatewayError> => Result.succeed(changed)
  const local = find === undefined ? {} : {
    local: {
      isOnly: !isNative,
      answer: Effect.gen(function*(): Effect.fn.Return<Answer, GatewayError> {
        const asked = yield* Effect.fromResult(question())
        const body = yield* told(kind, exchange, asked, yield* find(gateway, { ...asked, model }))
        return { _tag: "Buffered", reply: { headers: {} }, body, marks: kind.marks("counted") }
      })
    }
  }
  // A path names the model beside the body, which may name it again
  const isSameModel = model === inbound.model || inbound.modelIn === "body"
  const isOwn = theirs?.id === kind.of(from)?.id
  const prove = isOwn ? kind.proven?.(executor.dialect, inbound.body, model) : undefined
  const isShownAsIs = exchange.shownModel === undefined || kind.shown === undefined
  if (isNative && isOwn && changed === undefined && isSameModel && prove === undefined && isShownAsIs) {
    return Result.succeed({ ...Outbound.forward(inbound, model, executor), ...local })
  }
  return Result.flatMap(question(), (asked) => {
    const proven = prove?.(asked)
    const { body, headers, losses, variant } = encode({ ...proven?.request ?? asked, model })
    return Outbound.judged(
      {
        lane: "typed",
        body: JSON.stringify(body),
        headers: from.id === executor.dialect.id ? { ...inbound.headers, ...headers } : headers,
        losses: proven === undefined ? losses : [...proven.losses, ...losses],
        tools: new Map(),
        hideUsage: false,
        ...(variant === undefined ? {} : { variant }),
        ...local
      },
      fidelity,
      executor.id
    )
  })
}

/**
 * Whether a failure says that the target has no such endpoint, which services that imitate a protocol often have not. Where a
 * model is not there, a protocol says so by name; some services answer with something else altogether and status 200.
 */
const isMissing = (failure: Failure, model: string): boolean =>
  failure.status === 405 || failure.status === 501 || (failure.status === 404 && failure.code !== "model_not_found" && !failure.message.includes(model)) ||
  failure.class === "protocol-violation"

const native = <Q extends Asked, A>(kind: Kind<Q, A>) =>
  Effect.fnUntraced(function*(plan: AttemptReply.AttemptPlan<Q>): Effect.fn.Return<Answer, GatewayError, Scope.Scope> {
    const { exchange, executor, gateway, inbound, outbound } = plan
    const { tap } = AttemptReply.begin(plan)
    const reply = yield* AttemptReply.open(plan)
    const bytes = yield* AttemptReply.readBody(plan, reply)
    const failed = (failure: Failure): GatewayError => fail(failure)
    const parsed = yield* Effect.fromResult(Result.mapError(AttemptReply.parse(reply, bytes), failed))
    const decode = kind.of(executor.dialect)?.response.decode
    if (decode === undefined) return yield* unsupported(kind.operation, plan.model, executor.dialect, executor.id)
    const normal = yield* Effect.fromResult(Normalizing.whole(gateway, exchange, () => AttemptReply.attemptContext(plan), parsed))
    const answer = yield* Effect.fromResult(Result.mapError(decode(normal), failed))
    kind.observe(tap, answer, gateway.now())
    const marks = kind.marks("reported")
    if (outbound.lane === "bytes") return { _tag: "Buffered", reply, body: normal === parsed ? bytes : encoder.encode(JSON.stringify(normal)), marks }
    const shown = exchange.shownModel === undefined ? answer : kind.shown?.(answer, exchange.shownModel) ?? answer
    const body = yield* told(kind, exchange, yield* Effect.fromResult(inbound.request()), shown)
    return { _tag: "Buffered", reply, body, marks }
  })

const make = <Q extends Asked, A>(kind: Kind<Q, A>): Work<Q> => {
  const ask = native(kind)
  return {
    reader: (dialect) => kind.of(dialect)?.request,
    request: ({ model }) => ({ model, turns: [] }),
    hooks: kind.hooks,
    bySuffix: () => Result.succeed(undefined),
    prepare: prepare(kind),
    attempt: (plan) => {
      const { local } = plan.outbound
      return local === undefined ? ask(plan) : Effect.catch(ask(plan), (error) => isMissing(error.failure, plan.model) ? local.answer : error)
    }
  }
}

/** To count the tokens of a prompt. */
export const counting: Work<CanonicalRequest> = make<CanonicalRequest, TokenCount>({
  operation: "count",
  of: (dialect) => dialect.count,
  encoder: (dialect) => dialect.count?.request.encode ?? dialect.request.encode,
  hooks: (gateway) => gateway.hooks,
  proven: ({ thinking }, body, model) => thinking?.isUnproven?.(body, model) === true ? thinking.proven : undefined,
  local: (gateway, request) => gateway.tokenCounter.count(request),
  observe: () => {},
  marks: (by) => ({ "x-sluice-count": by })
})

/** To turn texts into vectors. */
export const embedding: Work<EmbeddingRequest> = make<EmbeddingRequest, EmbeddingResponse>({
  operation: "embed",
  of: (dialect) => dialect.embed,
  encoder: (dialect) => dialect.embed?.request.encode,
  hooks: (gateway) => ({ request: gateway.hooks.embed, attempt: [] }),
  shown: (answer, model) => ({ ...answer, model }),
  observe: (tap, { model, usage }, now) =>
    tap.observe([
      { type: "start", ...(model === undefined ? {} : { model }) },
      ...(usage === undefined ? [] : [{ type: "usage", usage } as const])
    ], now),
  marks: () => ({})
})
