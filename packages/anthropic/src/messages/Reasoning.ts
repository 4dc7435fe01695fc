/**
 * The reasoning intent: `thinking` with a budget of tokens or adaptive, `output_config.effort` with a level, and `display`.
 * Which of them a model knows is in Capabilities.ts; what it does not know is approximated by the table of levels and budgets.
 */
import type { ReasoningIntent } from "@sluice/protocol/CanonicalRequest"
import { same } from "@sluice/protocol/Equality"
import { present } from "@sluice/protocol/Json"
import type { JsonObject } from "@sluice/protocol/Wire"
import { thinkingOf } from "./Capabilities.ts"
import { drop, type Place } from "./Crossing.ts"
import type * as Wire from "./Wire.ts"

/** The keys that tell the intent. */
export type Told = Pick<Wire.Request, "thinking" | "output_config">

/** Tokens a level stands for. The same table serves every crossing from levels to budgets. */
const budgets: ReadonlyMap<string, number> = new Map([
  ["minimal", 512],
  ["low", 1024],
  ["medium", 8192],
  ["high", 24_576],
  ["xhigh", 32_768],
  ["max", 128_000]
])

const efforts: ReadonlySet<string> = new Set(["low", "medium", "high", "xhigh", "max"])
const defaultBudget = 8192
const minimumBudget = 1024

const levelOf = (tokens: number): string => {
  if (tokens <= 1024) return "low"
  if (tokens <= 8192) return "medium"
  return tokens <= 24_576 ? "high" : "xhigh"
}

const fitLevel = (level: string): string => efforts.has(level) ? level : level === "minimal" ? "low" : "medium"

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

type Way = ReturnType<typeof thinkingOf>

/** Tokens an intent will want for thinking, before they are held against the longest answer. */
export const wantedBudget = (intent: ReasoningIntent | undefined, way: Way): number | undefined => {
  const effort = intent?.effort
  if (effort === undefined || effort.mode === "none") return undefined
  if (effort.mode === "budget") return way === "level" ? undefined : Math.max(minimumBudget, effort.tokens)
  if (way !== "budget") return undefined
  return Math.max(minimumBudget, effort.mode === "auto" ? defaultBudget : budgets.get(effort.level) ?? defaultBudget)
}

/** Whether an intent asks for thinking. */
export const isOn = (intent: ReasoningIntent | undefined): boolean => intent?.effort !== undefined && intent.effort.mode !== "none"

/** A request that came with thinking shows which ways its model knows; of others the model's name tells. */
const wayOf = (wire: Partial<Told>, model: string): Way => decode(wire)?.effort === undefined ? thinkingOf(model) : "both"

/** The intent in one of the ways; `undefined` when there is no room for thinking or nothing to say. */
const fit = (intent: ReasoningIntent, way: Way, maxTokens: number): ReasoningIntent | undefined => {
  const { effort } = intent
  if (effort === undefined) return undefined
  if (effort.mode === "none") return { effort }
  const visibility = intent.visibility === "full" ? "summary" as const : intent.visibility
  const budget = wantedBudget(intent, way)
  if (budget !== undefined) {
    const tokens = Math.min(budget, maxTokens - 1)
    return tokens < minimumBudget ? undefined : present({ effort: { mode: "budget" as const, tokens }, visibility })
  }
  if (effort.mode === "auto") return present({ effort, visibility })
  const level = effort.mode === "budget" ? levelOf(effort.tokens) : fitLevel(effort.level)
  return present({ effort: { mode: "level" as const, level }, visibility })
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
  const after = intent === undefined ? undefined : fit(intent, wayOf(wire, place.context.model), maxTokens)
  if (intent === undefined || after === undefined) {
    if (intent !== undefined) drop(place, intent, "hint")
    return { thinking: undefined, effort: undefined }
  }
  if (!same(intent, after)) place.sink.add({ at: place.at, canonical: place.canonical, reason: "approximated", weight: "hint", before: intent, after })
  return { thinking: thinkingFor(after, wire), effort: after.effort?.mode === "level" ? after.effort.level : undefined }
}
