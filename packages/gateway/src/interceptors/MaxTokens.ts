/**
 * Bounds how long answers may be: the number of output tokens a request asks for is lowered to a limit, never raised. A budget for
 * thinking that would not fit any more is lowered with it. Every change is reported as a loss.
 *
 * @example
 * MaxTokens.layer([{ max: 4096, when: { principals: ["trial"] } }])
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Loss } from "@sluice/protocol/Loss"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Condition from "../Condition.ts"
import * as Interceptor from "../Interceptor.ts"
import type { Interceptors } from "../Registries.ts"

/** One limit. */
export interface Rule {
  /** Output tokens at most, 1 or more. */
  readonly max: number
  /**
   * What becomes of a request that says no number: `set` sends the limit, since the provider's own default may be above it; `leave` sends
   * none. Absent = `set`.
   */
  readonly whenAbsent?: "set" | "leave"
  /** Absent = always. */
  readonly when?: Condition.AttemptCondition
}

/** A request within a limit, and what was changed for it. */
export interface Clamped {
  readonly request: CanonicalRequest
  readonly losses: ReadonlyArray<Loss>
}

/** Less is no thinking to any provider. */
const leastBudget = 1024

const lossOf = (request: CanonicalRequest, field: "maxOutputTokens" | "reasoning", change: Pick<Loss, "reason" | "before" | "after">): Loss => ({
  at: request.places?.[field] ?? `/${field}`,
  canonical: field === "reasoning" ? "/reasoning/effort" : "/maxOutputTokens",
  weight: "hint",
  ...change
})

/** Thinking comes out of the same tokens as the answer. */
const withBudget = (request: CanonicalRequest, max: number): Clamped => {
  const effort = request.reasoning?.effort
  if (effort?.mode !== "budget" || effort.tokens < max) return { request, losses: [] }
  const after = max > leastBudget ? { mode: "budget" as const, tokens: max - 1 } : { mode: "none" as const }
  return {
    request: { ...request, reasoning: { ...request.reasoning, effort: after } },
    losses: [lossOf(request, "reasoning", { reason: "approximated", before: effort, after })]
  }
}

/** The request within a limit; the same one where it is already. */
export const clamp = (request: CanonicalRequest, { max, whenAbsent = "set" }: Omit<Rule, "when">): Clamped => {
  const asked = request.maxOutputTokens
  if (asked === undefined ? whenAbsent === "leave" : asked <= max) return { request, losses: [] }
  const fitted = withBudget({ ...request, maxOutputTokens: max }, max)
  const change = asked === undefined ? { reason: "defaulted" as const, after: max } : { reason: "approximated" as const, before: asked, after: max }
  return { request: fitted.request, losses: [lossOf(request, "maxOutputTokens", change), ...fitted.losses] }
}

/** The interceptor, for a registration of one's own. */
export const make = (rules: ReadonlyArray<Rule>): Interceptor.Interceptor => {
  const compiled = rules.map((rule) => ({ rule, holds: Condition.make(rule.when) }))
  return {
    id: "max-tokens",
    // Behind everything that might ask for more
    phase: "late",
    attempt: (request, context) => {
      if (context.operation !== "generate") return Effect.succeed(request)
      const [first, ...others] = compiled.flatMap(({ holds, rule }) => holds(context) ? [rule] : [])
      if (first === undefined) return Effect.succeed(request)
      const lowest = others.reduce((least, rule) => rule.max < least.max ? rule : least, first)
      const clamped = clamp(request, lowest)
      return Effect.succeed(clamped.request === request ? request : Interceptor.change(clamped))
    }
  }
}

/** Of all rules that apply, the one with the lowest limit holds. */
export const layer = (rules: ReadonlyArray<Rule>): Layer.Layer<never, never, Interceptors> => Interceptor.layer(make(rules))
