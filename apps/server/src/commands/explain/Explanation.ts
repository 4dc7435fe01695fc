/**
 * What would become of a request, worked out with the gateway's own parts and nothing sent: its route, the targets in order, what
 * each would be sent, what is lost on the way, and what is refused. Pure. Plain data.
 */
import { defaultSettings } from "@sluice/gateway/Gateway"
import * as Inbound from "@sluice/gateway/Inbound"
import type { Fidelity, ModelEntry } from "@sluice/gateway/ModelEntry"
import * as ModelRegistry from "@sluice/gateway/ModelRegistry"
import * as Outbound from "@sluice/gateway/Outbound"
import * as Planner from "@sluice/gateway/Planner"
import type { Prices } from "@sluice/gateway/Prices"
import * as Thinking from "@sluice/gateway/Thinking"
import { defaults as limits } from "@sluice/gateway/Timeouts"
import { estimateTokens } from "@sluice/gateway/Verdict"
import * as PriceBook from "@sluice/ledger/PriceBook"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Dialect, Endpoint } from "@sluice/protocol/Dialect"
import { fail, type Failure, statusOf } from "@sluice/protocol/GatewayError"
import * as Json from "@sluice/protocol/Json"
import { present } from "@sluice/protocol/Json"
import type { Loss } from "@sluice/protocol/Loss"
import * as Money from "@sluice/protocol/Money"
import { Option, Result } from "effect"
import { type Config, toModelEntries, toNaming, toPriceBook } from "../../Config.ts"
import { dialectOf } from "../../Dialects.ts"
import { advice, completed, generating, type Told } from "../Told.ts"

/** Why something is refused, as the client would be told. */
export interface Refusal {
  readonly class: Failure["class"]
  readonly status: number
  readonly message: string
  readonly param?: string
}

/** What a request would cost, in decimal dollars, by an estimate of its prompt. */
export interface Estimate {
  /** The prompt alone. */
  readonly promptUsd: string
  /** All of the prompt written to a cache, and the longest answer that is allowed or assumed. */
  readonly atMostUsd: string
  /** The price it was computed by. */
  readonly version: string
}

/** One target the request may go to. */
export interface Target {
  readonly provider: string
  /** The model's name upstream. */
  readonly model: string
  /** The entry the target belongs to: the route's own, or that of a fallback. */
  readonly entry: string
  readonly dialect: string
  /** `bytes`: the client's own text goes on; `typed`: it is written anew in the target's words. */
  readonly lane: "bytes" | "typed"
  readonly fidelity: Fidelity
  /** Share of first tries among the targets of its entry; absent where it is the only one. */
  readonly share?: number
  /** Where it would go; absent for a simulated provider. */
  readonly url?: string
  /** What it would cost; `unknown` where no price of the model is known. */
  readonly price: "unknown" | Estimate
  /** The body that would be sent, as it would go over the wire. */
  readonly text: string
  readonly losses: ReadonlyArray<Loss>
  /** Why the target would be skipped; absent where it would be tried. */
  readonly refusal?: Refusal
}

/** The entry a name leads to, and how it got its name. */
export interface Route {
  readonly id: string
  /** What the `*` of the id stands for. */
  readonly star?: string
  /** The models the name is an alias of; a pool where there are several. */
  readonly aliasOf?: ReadonlyArray<string>
  /** The prefix of the name, the provider it stands for, and the model behind it. */
  readonly prefix?: { readonly prefix: string; readonly provider: string; readonly model: string }
  /** How the first target is chosen, where there are several; absent = by weight. */
  readonly order?: Exclude<NonNullable<ModelEntry["order"]>, "weighted">
  /** Whether the answer would name the model as the client does. */
  readonly forced?: boolean
}

/** What would become of a request. */
export interface Explanation {
  readonly from: string
  readonly model?: string
  readonly stream?: boolean
  readonly route?: Route
  /** In the likeliest order. */
  readonly targets: ReadonlyArray<Target>
  /** Why the request as a whole would be refused; absent where it would be sent. */
  readonly refusal?: Refusal
}

/** Understands a request as a client's of this dialect; `path` is what the path of the call says. */
export const read = (dialect: Dialect, endpoint: Endpoint, text: string, path: Told, onModel: (model: string) => void = () => {}) =>
  Inbound.read({ dialect, endpoint, text, headers: {}, path, maxDepth: defaultSettings.maxDepth, onModel })

/**
 * Explains the text of a request in a dialect; `told` is what the path of the call says, and `at` the time whose prices hold. `serving` is
 * what a running server has beside its configuration, such as models that providers list; absent = the configuration alone.
 */
export const explain = (
  config: Config,
  from: Dialect,
  text: string,
  told: Told,
  at: number,
  serving?: ModelRegistry.Snapshot
): Explanation => {
  const endpoint = generating(from, told.stream)
  if (endpoint === undefined) {
    return { from: from.id, targets: [], refusal: refusal({ class: "not-found", message: `${from.id} has no endpoint for requests.` }) }
  }
  let named: string | undefined
  const inbound = read(from, endpoint, text, completed(from, endpoint, text, told), (model) => {
    named = model
  })
  if (Result.isFailure(inbound)) {
    const { failure } = inbound.failure
    const unnamed = named === undefined && from.request.check({ body: Result.getOrElse(Json.parse(text), () => null), headers: {}, path: {} }) === undefined
    return present({
      from: from.id,
      model: named,
      targets: [],
      refusal: refusal(unnamed ? { ...failure, message: failure.message + advice(endpoint) } : failure)
    })
  }
  const { model, stream } = inbound.success
  const registry = serving === undefined ? likeliestFirst(config) : Option.some(serving)
  const found = Option.getOrUndefined(Option.flatMap(registry, (snapshot) => ModelRegistry.resolve(snapshot, model)))
  const route = found === undefined ? undefined : { ...found, entry: heaviestFirst(found.entry) }
  if (route === undefined || Option.isNone(registry)) {
    return {
      from: from.id,
      model,
      stream,
      targets: [],
      refusal: refusal({ class: "model-not-found", message: `No model entry serves "${model}".`, param: "model" })
    }
  }
  const prices = PriceBook.make(toPriceBook(config))
  const changed = Result.getOrUndefined(Thinking.bySuffix(inbound.success, route.effort))
  const targets = Planner.plan(registry.value, route, () => 0).map((candidate) => ({
    ...target(config, from, inbound.success, candidate, changed, route.entry.forced === true),
    price: estimate(prices, inbound.success, candidate, at)
  }))
  return present({
    from: from.id,
    model,
    stream,
    route: toRoute(route),
    targets,
    // The client is told what the last target said
    refusal: targets.every((target) => target.refusal !== undefined) ? targets.at(-1)?.refusal : undefined
  })
}

// internal

const toRoute = ({ entry: { forced, id, order, origin, targets }, star }: ModelRegistry.Route): Route =>
  present({
    id,
    star,
    aliasOf: origin?._tag === "Alias" ? origin.models : undefined,
    prefix: origin?._tag === "Prefix" ? { prefix: origin.prefix, provider: origin.provider, model: origin.model } : undefined,
    order: targets.length < 2 || order === "weighted" ? undefined : order,
    forced: forced === true ? true : undefined
  })

const heaviestFirst = (entry: ModelEntry): ModelEntry =>
  (entry.order ?? "weighted") === "weighted" ? { ...entry, targets: entry.targets.toSorted((a, b) => (b.weight ?? 1) - (a.weight ?? 1)) } : entry

/** Targets are drawn by weight: without chance, the heaviest goes first. */
const likeliestFirst = (config: Config) =>
  Result.getSuccess(ModelRegistry.make(toModelEntries(config).map(heaviestFirst), config.providers.map(({ id }) => id), toNaming(config)))

const target = (
  config: Config,
  from: Dialect,
  inbound: Inbound.Inbound,
  candidate: Planner.Candidate,
  changed: CanonicalRequest | undefined,
  isForced: boolean
): Omit<Target, "price"> => {
  const { entry, model, thinking } = candidate
  const provider = config.providers.find(({ id }) => id === candidate.provider)
  const dialect = provider === undefined ? from : dialectOf(provider)
  const executor = { id: candidate.provider, dialect, limits, retries: 0, open: () => fail({ class: "unavailable", message: "Explaining sends nothing." }) }
  const fidelity = entry.fidelity ?? "default"
  const asked = { ...present({ changed, thinking }), isSuffixed: changed !== undefined }
  const prepare = (judgedBy: Fidelity) => Outbound.prepare({ inbound, model, from, executor, fidelity: judgedBy, wantsFrames: isForced, ...asked })
  const judged = prepare(fidelity)
  // Lenient refuses nothing, so that what a refused target would have been sent shows too
  const outbound = Result.getOrUndefined(Result.isSuccess(judged) ? judged : prepare("lenient"))
  return present({
    provider: candidate.provider,
    model,
    entry: entry.id,
    dialect: dialect.id,
    lane: outbound?.lane ?? "typed",
    fidelity,
    share: share(candidate),
    url: provider === undefined || provider.simulator ? undefined : urlOf(provider.baseUrl ?? dialect.baseUrl, dialect, model, inbound.stream),
    text: outbound?.body ?? "",
    losses: outbound?.losses ?? [],
    refusal: Result.isFailure(judged) ? refusal(judged.failure.failure) : undefined
  })
}

/** The price of a candidate; the gateway's own estimate of the prompt. */
const estimate = (prices: Prices["Service"], inbound: Inbound.Inbound, { model, price, provider }: Planner.Candidate, at: number): Target["price"] => {
  const { candidates = 1, maxOutputTokens } = Inbound.decoded(inbound)
  const input = estimateTokens(inbound.text.length)
  const asked = { at, model: inbound.model, upstreamModel: model, provider, price }
  const cost = prices.cost({ ...asked, usage: { input } })
  const bound = prices.bound({ ...asked, estimatedInput: input, maxOutput: maxOutputTokens === undefined ? undefined : maxOutputTokens * candidates })
  if (Option.isNone(cost) || Option.isNone(bound)) return "unknown"
  return { promptUsd: Money.toDecimal(cost.value.amount), atMostUsd: Money.toDecimal(bound.value), version: cost.value.version }
}

/** The address without the provider's own query, which may hold secrets. */
const urlOf = (baseUrl: string, dialect: Dialect, model: string, stream: boolean): string =>
  `${baseUrl}${generating(dialect, stream)?.upstream.replace("{model}", () => encodeURIComponent(model.toWellFormed())) ?? ""}`

const share = ({ entry, model, provider }: Planner.Candidate): number | undefined => {
  if (entry.targets.length < 2 || (entry.order ?? "weighted") !== "weighted") return undefined
  const sum = entry.targets.reduce((total, { weight }) => total + (weight ?? 1), 0)
  const own = entry.targets.find((target) =>
    target.provider === provider && (target.model === undefined || target.model === model || target.model.includes("*"))
  )
  return (own?.weight ?? 1) / sum
}

const refusal = (failure: Failure): Refusal => present({ class: failure.class, status: statusOf(failure), message: failure.message, param: failure.param })
