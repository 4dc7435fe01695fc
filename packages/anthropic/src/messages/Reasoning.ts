/**
 * The reasoning intent: `thinking` with a budget of tokens or adaptive, `output_config.effort` with a level, and `display`.
 * Which of them a model knows is in Capabilities.ts; what it does not know is approximated by the protocol's rules of thinking.
 */
import type { ReasoningIntent } from "@sluice/protocol/CanonicalRequest"
import { same } from "@sluice/protocol/Equality"
import { present } from "@sluice/protocol/Json"
import * as Thinking from "@sluice/protocol/Thinking"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import { eitherWay, levels, minimumBudget, thinkingOf } from "./Capabilities.ts"
import { type Crossing, drop, type Place } from "./Crossing.ts"
import * as Wire from "./Wire.ts"

/** The keys that tell the intent. */
export type Told = Pick<Wire.Request, "thinking" | "output_config">

const effortOf = ({ thinking, output_config }: Partial<Told>): ReasoningIntent["effort"] => {
  const level = output_config?.effort ?? undefined
  switch (thinking?.type) {
    case "enabled":
      return typeof thinking.budget_tokens === "number" ? { mode: "budget", tokens: thinking.budget_tokens } : { mode: "auto" }
    case "adaptive":
      return level === undefined ? { mode: "auto" } : { mode: "level", level }
    case "disabled":
      return { mode: "none" }
    default:
      return level === undefined ? undefined : { mode: "level", level }
  }
}

/** The intent in canonical words; `undefined` when nothing is said. */
export const decode = (wire: Partial<Told>): ReasoningIntent | undefined => {
  const display = wire.thinking?.display
  const visibility = display === "summarized" ? "summary" as const : display === "omitted" ? "hidden" as const : undefined
  const intent = present({ effort: effortOf(wire), visibility })
  return intent.effort === undefined && visibility === undefined ? undefined : intent
}

const isTold = Schema.is(Schema.Struct({ thinking: Wire.Request.fields.thinking, output_config: Wire.Request.fields.output_config }))

/** The effort that a checked body asks for. */
export const effortIn = (body: JsonObject): ReasoningIntent["effort"] => isTold(body) ? effortOf(body) : undefined

/** What the upstream's model can be told: what is known of it, else what its name says. */
export const limitsOf = ({ model, thinking }: Crossing): Thinking.Limits => thinking === undefined ? thinkingOf(model) : { levels, ...thinking }

/** Tokens an intent will want for thinking, before they are held against the longest answer. */
export const wantedBudget = (intent: ReasoningIntent | undefined, limits: Thinking.Limits): number | undefined => {
  const fitted = intent?.effort === undefined ? undefined : Thinking.fit(intent.effort, limits).effort
  return fitted?.mode === "budget" ? Math.max(minimumBudget, fitted.tokens) : undefined
}

/** Whether an intent asks for thinking. */
export const isOn = (intent: ReasoningIntent | undefined): boolean => intent?.effort !== undefined && intent.effort.mode !== "none"

/** A request that came with thinking shows that its model takes it; of others the model's name tells. */
const limitsFor = (wire: Partial<Told>, { context }: Place): Thinking.Limits =>
  context.thinking === undefined && decode(wire)?.effort !== undefined ? eitherWay : limitsOf(context)

/** The intent as a model takes it; `undefined` when there is no room for thinking or nothing to say. */
const fit = (intent: ReasoningIntent, limits: Thinking.Limits, maxTokens: number): ReasoningIntent | undefined => {
  const effort = intent.effort === undefined ? undefined : Thinking.fit(intent.effort, limits).effort
  if (effort === undefined) return undefined
  if (effort.mode === "none") return { effort }
  const visibility = intent.visibility === "full" ? "summary" as const : intent.visibility
  if (effort.mode !== "budget") return present({ effort, visibility })
  const tokens = Math.min(Math.max(minimumBudget, effort.tokens), maxTokens - 1)
  return tokens < minimumBudget ? undefined : present({ effort: { mode: "budget" as const, tokens }, visibility })
}

const thinkingFor = (intent: ReasoningIntent, wire: Partial<Told>): JsonObject | undefined => {
  const display = intent.visibility === undefined ? undefined : intent.visibility === "hidden" ? "omitted" : "summarized"
  switch (intent.effort?.mode) {
    case "none":
      return { type: "disabled" }
    case "budget":
      return present({ type: "enabled", budget_tokens: intent.effort.tokens, display })
    case "auto":
      return present({ type: "adaptive", display })
    case "level":
      // A level alone does not switch thinking on; where the client said only that, an edit keeps it so.
      return wire.output_config?.effort !== undefined && wire.thinking === undefined && display === undefined
        ? undefined
        : present({ type: "adaptive", display })
    default:
      return undefined
  }
}

/** The keys for an intent, over the ones it came from; `maxTokens` bounds the budget. `place` is the field. */
export const encode = (
  intent: ReasoningIntent | undefined,
  wire: Partial<Told>,
  maxTokens: number,
  place: Place
): { readonly thinking: JsonObject | undefined; readonly effort: string | undefined } => {
  const after = intent === undefined ? undefined : fit(intent, limitsFor(wire, place), maxTokens)
  if (intent === undefined || after === undefined) {
    if (intent !== undefined) drop(place, intent, "hint")
    return { thinking: undefined, effort: undefined }
  }
  if (!same(intent, after)) place.sink.add({ at: place.at, canonical: place.canonical, reason: "approximated", weight: "hint", before: intent, after })
  return { thinking: thinkingFor(after, wire), effort: after.effort?.mode === "level" ? after.effort.level : undefined }
}
