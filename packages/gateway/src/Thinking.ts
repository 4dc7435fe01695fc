/**
 * The reasoning intent of a request, held to what a target's model takes. Used only for targets whose configuration says that;
 * all others are sent what was asked, as far as their dialect can say it. The rules themselves are the protocol's (`Thinking.ts` there).
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Dialect } from "@sluice/protocol/Dialect"
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import type { Loss } from "@sluice/protocol/Loss"
import * as Thinking from "@sluice/protocol/Thinking"
import * as Result from "effect/Result"
import type { Inbound } from "./Inbound.ts"

/** The request as the model takes it, the same object where it did so already, and what had to change. */
export interface Fitted {
  readonly request: CanonicalRequest
  readonly losses: ReadonlyArray<Loss>
}

/** The client's request with the effort that the suffix of the model's name says, which goes before that of the body; `undefined` without one. */
export const bySuffix = (inbound: Inbound, effort: Thinking.Effort | undefined): Result.Result<CanonicalRequest | undefined, GatewayError> =>
  effort === undefined ? Result.succeed(undefined) : Result.map(inbound.request(), (request) => ({ ...request, reasoning: { ...request.reasoning, effort } }))

/** The request with what goes without saying in the client's dialect, and what the target's has to be asked for. */
export const crossing = (request: CanonicalRequest, from: Dialect, to: Dialect): CanonicalRequest => {
  const { reasoning } = request
  const isAsked = reasoning?.effort !== undefined && reasoning.effort.mode !== "none"
  const isSummaryMissing = from.thinking?.isShown === true && to.thinking?.isShown !== true && isAsked && reasoning.visibility === undefined
  const shown: CanonicalRequest = isSummaryMissing ? { ...request, reasoning: { ...reasoning, visibility: "summary" } } : request
  return to.thinking?.askProofs?.(shown) ?? shown
}

const taken = ({ kind, levels, max, min }: Thinking.Limits): string => {
  const budgets = `a budget of ${min ?? 1} tokens${max === undefined ? " or more" : ` to ${max}`}`
  const words = `one of the levels ${(levels ?? Thinking.levels).join(", ")}`
  return kind === "budget" ? budgets : kind === "level" ? words : `${budgets}, or ${words}`
}

const asked = (effort: Thinking.Effort): string =>
  effort.mode === "budget" ? `a budget of ${effort.tokens} tokens` : effort.mode === "level" ? `the level "${effort.level}"` : effort.mode

/**
 * Holds the effort of a request to a model's limits. A budget or level the model does not take is refused with status 400 where
 * `refuses` (the client speaks the provider's own protocol and should know it), else the nearest one is taken, which is a loss.
 */
export const fit = (request: CanonicalRequest, limits: Thinking.Limits, refuses: boolean): Result.Result<Fitted, GatewayError> => {
  const before = request.reasoning
  if (before?.effort === undefined) return Result.succeed({ request, losses: [] })
  const { effort, how } = Thinking.fit(before.effort, limits)
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
