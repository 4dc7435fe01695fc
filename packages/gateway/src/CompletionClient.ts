/**
 * Asks the gateway's own models from within the process. An exchange that begins here is an exchange like any other: it goes
 * through the same pipeline as one that came over HTTP, so that admission, interceptors, limits, ledger, retries and cancelling
 * hold for it and there is no way around them. Only the caller needs no key: the program says who is asking.
 */
import * as CanonicalDialect from "@sluice/protocol/CanonicalDialect"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Authenticator from "./Authenticator.ts"
import * as CanonicalAnswer from "./client/CanonicalAnswer.ts"
import * as InProcess from "./client/InProcess.ts"
import type { CompletionModel, CompletionRequest } from "./CompletionModel.ts"
import type { Gateway } from "./Gateway.ts"
import { Generations, layer as generations } from "./Generations.ts"
import type { ExecutorInstalled } from "./HttpExecutor.ts"
import * as Lifecycle from "./Lifecycle.ts"
import type { Call } from "./Pipeline.ts"
import type { Principal } from "./Principal.ts"
import type { Options as GatewayOptions } from "./Start.ts"

/** How a model is asked. */
export interface Options {
  /** Who is asking: limits, budgets and the ledger go by it. Absent = {@link inProcess}. */
  readonly as?: Principal
}

/** Who asks where nobody was named. */
export const inProcess: Principal = { id: "in-process" }

/** Makes models that are asked within the process. */
export class CompletionClient extends Context.Service<CompletionClient, {
  /** A model by the name a client of the gateway would use. Whether it exists shows when it is asked. */
  readonly completionModel: (model: string, options?: Options) => CompletionModel
}>()("@sluice/gateway/CompletionClient") {}

/** The canonical dialect for one request, which was decoded before it was written. */
const dialectOf = (request: CanonicalRequest): Dialect => ({
  ...CanonicalDialect.dialect,
  request: { ...CanonicalDialect.dialect.request, decode: () => Result.succeed(request) }
})

const callOf = (request: CanonicalRequest, principal: Principal): Call => {
  const text = JSON.stringify(CanonicalDialect.toJson(request))
  return {
    principal,
    dialect: dialectOf(request),
    endpoint: CanonicalDialect.endpoint,
    method: CanonicalDialect.endpoint.method,
    path: CanonicalDialect.endpoint.path,
    headers: { "content-length": String(Buffer.byteLength(text)) },
    secret: undefined,
    told: {},
    text: () => Effect.succeed(text)
  }
}

/** What exchanges begin with: a gateway, held until the scope closes, and the scope in which they run. */
export interface Around {
  readonly enter: Effect.Effect<Gateway, never, Scope.Scope>
  readonly scope: Scope.Scope
}

/** The client of a gateway; each exchange keeps the gateway it began with to its end. */
export const make = (around: Around): CompletionClient["Service"] => ({
  completionModel: (model, { as = inProcess } = {}) => {
    const ask = (request: CompletionRequest, stream: boolean) => Effect.suspend(() => InProcess.run(around, callOf({ ...request, model, stream }, as)))
    return {
      name: "sluice",
      model,
      stream: (request) => Effect.flatMap(ask(request, true), CanonicalAnswer.begun),
      generate: (request) => Effect.scoped(Effect.flatMap(ask(request, false), CanonicalAnswer.whole))
    }
  }
})

/** The client of the gateway whose generations these are: the one that is served over HTTP, or one of one's own. */
export const layer: Layer.Layer<CompletionClient, never, Generations> = Layer.effect(
  CompletionClient,
  Effect.gen(function*() {
    const { enter } = yield* Generations
    return make({ enter, scope: yield* Effect.scope })
  })
)

const refusing = Authenticator.chain(Layer.empty)

/**
 * The client of a gateway that is asked within the process only: executors, extensions and interceptors as one merged layer, a ledger,
 * and no socket.
 *
 * @example
 * const models = CompletionClient.layerGateway(HttpExecutor.layer({ … })).pipe(Layer.provide(LedgerMemory.layer))
 * CompletionClient.CompletionClient.use((client) => client.completionModel("gpt-4o").generate({ turns: […] }))
 */
export const layerGateway = <E, R>(parts: Layer.Layer<ExecutorInstalled, E, R>, options: Omit<GatewayOptions, "dialects"> = {}) =>
  // A program may have several gateways: each has a client of its own
  Layer.fresh(layer).pipe(Layer.provide(generations(parts, { ...options, dialects: [] })), Layer.provide(refusing), Layer.provide(Lifecycle.layer))
