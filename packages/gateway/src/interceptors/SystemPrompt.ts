/**
 * Puts words of the operator's into the instructions of requests: before those of the client, behind them, in their place, or only where
 * the client has none. By model, protocol, key, tenant and provider. What is replaced is reported as a loss.
 *
 * @example
 * SystemPrompt.layer([{ text: "Answer in English.", mode: "append", when: { models: ["support-*"] } }])
 */
import type { CanonicalRequest, Turn } from "@sluice/protocol/CanonicalRequest"
import type { Loss } from "@sluice/protocol/Loss"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Condition from "../Condition.ts"
import * as Interceptor from "../Interceptor.ts"
import type { Interceptors } from "../Registries.ts"

/** One text and where it goes. */
export interface Rule {
  readonly text: string
  /** `default`: only where the client gives no instructions. `replace`: the client's are dropped. */
  readonly mode: "prepend" | "append" | "replace" | "default"
  /** Absent = always. */
  readonly when?: Condition.AttemptCondition
}

/** A request after a rule, and what the client lost by it. */
export interface Applied {
  readonly request: CanonicalRequest
  readonly losses: ReadonlyArray<Loss>
}

const turnOf = (text: string): Turn => ({ role: "system", parts: [{ type: "text", text }] })

const none: ReadonlyArray<Loss> = []

/** The request with one rule's text. Rules do not see whether another rule has put something in before. */
export const apply = (request: CanonicalRequest, { mode, text }: Pick<Rule, "mode" | "text">): Applied => {
  const own = request.instructions ?? []
  switch (mode) {
    case "prepend":
      return { request: { ...request, instructions: [turnOf(text), ...own] }, losses: none }
    case "append":
      return { request: { ...request, instructions: [...own, turnOf(text)] }, losses: none }
    case "default":
      return own.length > 0 ? { request, losses: none } : { request: { ...request, instructions: [turnOf(text)] }, losses: none }
    case "replace":
      return {
        request: { ...request, instructions: [turnOf(text)] },
        losses: own.map((turn, index): Loss => ({
          at: turn.at ?? `/instructions/${index}`,
          canonical: `/instructions/${index}`,
          reason: "dropped",
          weight: "hint"
        }))
      }
  }
}

/** The interceptor, for a registration of one's own. */
export const make = (rules: ReadonlyArray<Rule>): Interceptor.Interceptor => {
  const compiled = rules.map((rule) => ({ rule, holds: Condition.make(rule.when) }))
  return {
    id: "system-prompt",
    attempt: (request, context) => {
      let applied: Applied = { request, losses: none }
      for (const { holds, rule } of compiled) {
        if (!holds(context)) continue
        const next = apply(applied.request, rule)
        applied = { request: next.request, losses: [...applied.losses, ...next.losses] }
      }
      return Effect.succeed(applied.request === request ? request : Interceptor.change({ request: applied.request, losses: applied.losses }))
    }
  }
}

/** Rules in their order: each is applied to what those before it made. */
export const layer = (rules: ReadonlyArray<Rule>): Layer.Layer<never, never, Interceptors> => Interceptor.layer(make(rules))
