/**
 * How much the model should think: `thinkingConfig` and the canonical intent. Levels and budgets stand for each other by one table;
 * what of it the model's generation does not take is approximated and reported.
 */
import type { ReasoningIntent } from "@sluice/protocol/CanonicalRequest"
import { bare, same } from "@sluice/protocol/Equality"
import type * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as Capabilities from "./Capabilities.ts"
import { drop, type Place } from "./Crossing.ts"
import * as Keys from "./Keys.ts"
import type * as Wire from "./Wire.ts"

type Effort = NonNullable<ReasoningIntent["effort"]>

/** Tokens a level stands for. The same table serves every crossing from levels to budgets. */
const budgets: ReadonlyMap<string, number> = new Map([
  ["minimal", 512],
  ["low", 1024],
  ["medium", 8192],
  ["high", 24_576],
  ["xhigh", 32_768],
  ["max", 128_000]
])

const levels: ReadonlySet<string> = new Set(["minimal", "low", "medium", "high"])
const defaultBudget = 8192

const fromBudget = (tokens: number): Effort => tokens === 0 ? { mode: "none" } : tokens < 0 ? { mode: "auto" } : { mode: "budget", tokens }

const effortOf = (wire: Partial<Wire.ThinkingConfig>): Effort | undefined => {
  const level = Keys.read(wire, "thinkingLevel")
  if (typeof level === "string" && level !== "THINKING_LEVEL_UNSPECIFIED") return { mode: "level", level: level.toLowerCase() }
  const budget = Keys.read(wire, "thinkingBudget")
  return budget === undefined ? undefined : fromBudget(budget)
}

/** The intent in canonical words; `undefined` when nothing is said. */
export const decode = (wire: Partial<Wire.ThinkingConfig>): ReasoningIntent | undefined => {
  const shown = Keys.read(wire, "includeThoughts")
  const intent = present({ effort: effortOf(wire), visibility: shown === undefined ? undefined : shown ? "summary" as const : "hidden" as const })
  return intent.effort === undefined && intent.visibility === undefined ? undefined : intent
}

const fitBudget = (tokens: number, model: string): Effort => {
  const { least, most } = Capabilities.budgetsOf(model)
  return { mode: "budget", tokens: Math.max(1, least, Math.min(most, tokens)) }
}

/** The effort as the model takes it. Levels beyond the highest are the highest. */
const fitEffort = (effort: Effort, model: string): Effort => {
  const way = Capabilities.thinkingOf(model)
  switch (effort.mode) {
    case "level":
      if (way === "budget") return fitBudget(budgets.get(effort.level) ?? defaultBudget, model)
      return { mode: "level", level: levels.has(effort.level) ? effort.level : budgets.has(effort.level) ? "high" : "medium" }
    case "budget":
      return fitBudget(effort.tokens, model)
    case "auto":
      return effort
    case "none":
      // Models that cannot stop thinking think as little as they can.
      if (way === "level") return { mode: "level", level: "minimal" }
      return Capabilities.budgetsOf(model).least > 0 ? fitBudget(0, model) : effort
  }
}

const fit = (intent: ReasoningIntent, model: string): ReasoningIntent =>
  present({
    effort: intent.effort === undefined ? undefined : fitEffort(intent.effort, model),
    visibility: intent.visibility === "full" ? "summary" as const : intent.visibility
  })

const budgetFor = (effort: Effort | undefined): number | undefined =>
  effort?.mode === "budget" ? effort.tokens : effort?.mode === "auto" ? -1 : effort?.mode === "none" ? 0 : undefined

/** The keys of an intent, over the ones it came from. `place` is the field. */
export const encode = (intent: ReasoningIntent | undefined, wire: Partial<Wire.ThinkingConfig>, place: Place): Fields.Patch => {
  const isFresh = Object.keys(wire).length === 0
  const after = intent === undefined ? undefined : isFresh ? fit(intent, place.context.model) : intent
  if (intent !== undefined && after !== undefined && !same(intent, after)) {
    if (after.effort === undefined && after.visibility === undefined) return drop(place, intent, "hint") ?? {}
    place.sink.add({ at: place.at, canonical: place.canonical, reason: "approximated", weight: "hint", before: bare(intent), after: bare(after) })
  }
  const effort = after?.effort
  const isSame = same(effort, effortOf(wire))
  return {
    ...(isSame
      ? {}
      : {
        [Keys.nameIn(wire, "thinkingBudget")]: budgetFor(effort),
        [Keys.nameIn(wire, "thinkingLevel")]: effort?.mode === "level" ? effort.level.toUpperCase() : undefined
      }),
    [Keys.nameIn(wire, "includeThoughts")]: after?.visibility === undefined ? undefined : after.visibility !== "hidden"
  }
}
