/**
 * How much the model should think: `thinkingConfig` and the canonical intent. What of it the
 * model does not take is approximated by the protocol's rules of thinking and reported.
 */
import type { ReasoningIntent } from "@sluice/protocol/CanonicalRequest"
import { bare, same } from "@sluice/protocol/Equality"
import type * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as Thinking from "@sluice/protocol/Thinking"
import { isObject, type JsonObject } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import * as Capabilities from "./Capabilities.ts"
import { type Crossing, drop, type Place } from "./Crossing.ts"
import * as Keys from "./Keys.ts"
import * as Wire from "./Wire.ts"

type Effort = Thinking.Effort

const effortOf = (wire: Partial<Wire.ThinkingConfig>): Effort | undefined => {
  const level = Keys.read(wire, "thinkingLevel")
  if (typeof level === "string" && level !== "THINKING_LEVEL_UNSPECIFIED") return { mode: "level", level: level.toLowerCase() }
  const budget = Keys.read(wire, "thinkingBudget")
  return budget === undefined ? undefined : Thinking.ofTokens(budget)
}

/** The intent in canonical words; `undefined` when nothing is said. */
export const decode = (wire: Partial<Wire.ThinkingConfig>): ReasoningIntent | undefined => {
  const shown = Keys.read(wire, "includeThoughts")
  const intent = present({ effort: effortOf(wire), visibility: shown === undefined ? undefined : shown ? "summary" as const : "hidden" as const })
  return intent.effort === undefined && intent.visibility === undefined ? undefined : intent
}

const isConfig = Schema.is(Wire.ThinkingConfig)

/** The effort that a checked body asks for. */
export const effortIn = (body: JsonObject): Effort | undefined => {
  const generation = Keys.read(body, "generationConfig")
  const config = isObject(generation) ? Keys.read(generation, "thinkingConfig") : undefined
  return isConfig(config) ? effortOf(config) : undefined
}

const limitsOf = ({ model, thinking }: Crossing): Thinking.Limits =>
  thinking === undefined ? Capabilities.thinkingOf(model) : { levels: Capabilities.levels, ...thinking }

const fit = (intent: ReasoningIntent, limits: Thinking.Limits): ReasoningIntent =>
  present({
    effort: intent.effort === undefined ? undefined : Thinking.fit(intent.effort, limits).effort,
    visibility: intent.visibility === "full" ? "summary" as const : intent.visibility
  })

const budgetFor = (effort: Effort | undefined): number | undefined =>
  effort?.mode === "budget" ? effort.tokens : effort?.mode === "auto" ? -1 : effort?.mode === "none" ? 0 : undefined

/** The keys of an intent, over the ones it came from. `place` is the field. */
export const encode = (intent: ReasoningIntent | undefined, wire: Partial<Wire.ThinkingConfig>, place: Place): Fields.Patch => {
  const isFresh = Object.keys(wire).length === 0
  const after = intent === undefined ? undefined : isFresh ? fit(intent, limitsOf(place.context)) : intent
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
