/**
 * The reasoning intent of a request, held to what a target's model takes. Used only for targets whose configuration says that;
 * all others are sent what was asked, as far as their dialect can say it. The rules are the protocol's (`Thinking.ts` there), unless a
 * layer brings others, for all providers or for some of one's own.
 *
 * @example
 * Thinking.layer(Thinking.forProviders({ house: { apply: (request) => ({ losses: [], write: (body) => ({ ...body, think: true }) }) } }))
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Dialect } from "@sluice/protocol/Dialect"
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import type { Loss } from "@sluice/protocol/Loss"
import * as Efforts from "@sluice/protocol/Thinking"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Inbound } from "./Inbound.ts"

/** The request as the model takes it, the same object where it did so already, and what had to change. */
export interface Fitted {
  readonly request: CanonicalRequest
  readonly losses: ReadonlyArray<Loss>
}

const withEffort: Rules["bySuffix"] = (request, effort) => ({ ...request, reasoning: { ...request.reasoning, effort } })

/** The client's request with the effort that the suffix of the model's name says, which goes before that of the body; `undefined` without one. */
export const bySuffix = (
  inbound: Inbound,
  effort: Efforts.Effort | undefined,
  by: Pick<Rules, "bySuffix"> = rules
): Result.Result<CanonicalRequest | undefined, GatewayError> =>
  effort === undefined ? Result.succeed(undefined) : Result.map(inbound.request(), (request) => by.bySuffix(request, effort))

/** The request with what goes without saying in the client's dialect, and what the target's has to be asked for. */
export const crossing = (request: CanonicalRequest, from: Dialect, to: Dialect): CanonicalRequest => {
  const { reasoning } = request
  const isAsked = reasoning?.effort !== undefined && reasoning.effort.mode !== "none"
  const isSummaryMissing = from.thinking?.isShown === true && to.thinking?.isShown !== true && isAsked && reasoning.visibility === undefined
  const shown: CanonicalRequest = isSummaryMissing ? { ...request, reasoning: { ...reasoning, visibility: "summary" } } : request
  return to.thinking?.askProofs?.(shown) ?? shown
}

const taken = ({ kind, levels, max, min }: Efforts.Limits): string => {
  const budgets = `a budget of ${min ?? 1} tokens${max === undefined ? " or more" : ` to ${max}`}`
  const words = `one of the levels ${(levels ?? Efforts.levels).join(", ")}`
  return kind === "budget" ? budgets : kind === "level" ? words : `${budgets}, or ${words}`
}

const asked = (effort: Efforts.Effort): string =>
  effort.mode === "budget" ? `a budget of ${effort.tokens} tokens` : effort.mode === "level" ? `the level "${effort.level}"` : effort.mode

/**
 * Holds the effort of a request to a model's limits. A budget or level the model does not take is refused with status 400 where
 * `refuses` (the client speaks the provider's own protocol and should know it), else the nearest one is taken, which is a loss.
 */
export const fit = (request: CanonicalRequest, limits: Efforts.Limits, refuses: boolean): Result.Result<Fitted, GatewayError> => {
  const before = request.reasoning
  if (before?.effort === undefined) return Result.succeed({ request, losses: [] })
  const { effort, how } = Efforts.fit(before.effort, limits)
  if (how === "kept") return Result.succeed({ request, losses: [] })
  const at = request.places?.["reasoning"] ?? "/reasoning"
  if (how === "clamped" && refuses) {
    return Result.fail(fail({ class: "bad-request", message: `The model takes ${taken(limits)}, not ${asked(before.effort)}.`, param: at }))
  }
  const after = effort === undefined ? undefined : { ...before, effort }
  const { reasoning: _, ...rest } = request
  return Result.succeed({
    request: { ...rest, ...present({ reasoning: after }) },
    losses: [
      present({
        at,
        canonical: "/reasoning",
        reason: after === undefined ? "dropped" as const : "approximated" as const,
        weight: "hint" as const,
        before,
        after
      })
    ]
  })
}

/** Who is asked to think. */
export interface Target {
  readonly provider: string
  /** The provider's name of the model. */
  readonly model: string
  readonly dialect: Dialect["id"]
}

/** A thinking that a dialect has no words for, in the provider's own. */
export interface Applied {
  /** What of the intent the provider cannot be told. */
  readonly losses: ReadonlyArray<Loss>
  /** Puts it into the body, which the dialect has written. */
  readonly write: (body: JsonObject) => JsonObject
}

/** How thinking is asked for. What a layer leaves out is done by these rules of ours. */
export interface Rules {
  /** The request with the effort that a suffix of the model's name says: it goes before that of the body. */
  readonly bySuffix: (request: CanonicalRequest, effort: Efforts.Effort) => CanonicalRequest
  /** Holds an effort to what the model takes, where that is known; a failure refuses the request. */
  readonly fit: (request: CanonicalRequest, limits: Efforts.Limits, refuses: boolean, target: Target) => Result.Result<Fitted, GatewayError>
  /** What goes without saying in the client's dialect, said for the target's. */
  readonly crossing: (request: CanonicalRequest, from: Dialect, to: Dialect) => CanonicalRequest
  /** For providers with words of their own; `undefined` leaves it to the dialect. A request it has something to write for is written anew. */
  readonly apply?: (request: CanonicalRequest, target: Target) => Applied | undefined
}

/** The rules of ours. */
export const rules: Rules = { bySuffix: withEffort, fit, crossing }

/** The rules a gateway thinks by; absent = {@link rules}. */
export class Thinking extends Context.Service<Thinking, Rules>()("@sluice/gateway/Thinking") {}

/** Rules of one's own; what they leave out stays. */
export const layer = (own: Partial<Rules>): Layer.Layer<Thinking> => Layer.succeed(Thinking)({ ...rules, ...own })

/** Other rules for some providers, by their ids. */
export const forProviders = (
  own: { readonly [provider: string]: Partial<Pick<Rules, "fit" | "apply">> },
  otherwise: Rules = rules
): Rules => ({
  ...otherwise,
  fit: (request, limits, refuses, target) => (own[target.provider]?.fit ?? otherwise.fit)(request, limits, refuses, target),
  apply: (request, target) => (own[target.provider]?.apply ?? otherwise.apply)?.(request, target)
})
