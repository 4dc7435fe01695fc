/**
 * What a model of this protocol takes, told from its name, because the wire does not say. Only crossings ask: a request that
 * came in this dialect goes out as it is. Sources: Anthropic's notes on Claude 4.6 (adaptive thinking), 4.7 (no budgets) and
 * 4.8 (system messages in mid-conversation).
 */
import type { Limits } from "@sluice/protocol/Thinking"

/** Generation of a Claude model as one number, `4.5` as 405; absent for names that state none. */
const generation = (model: string): number | undefined => {
  const found = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2})(?!\d))?/.exec(model)
  return found === null ? undefined : Number(found[1]) * 100 + Number(found[2] ?? 0)
}

const isNewest = (model: string): boolean => /claude-(?:mythos|fable)/.test(model)

/** The levels of effort, lowest first. */
export const levels = ["low", "medium", "high", "xhigh", "max"]

/** Tokens of the smallest budget there is. */
export const minimumBudget = 1024

/** What a model takes that is told by a level of effort or by a budget. */
export const eitherWay: Limits = { kind: "hybrid", min: minimumBudget, levels }

const byLevel: Limits = { kind: "level", levels }
const byBudget: Limits = { kind: "budget", min: minimumBudget, dynamic: false }

/** How a model is told to think: by a budget of tokens, by a level of effort, or either. Models of other makers know budgets. */
export const thinkingOf = (model: string): Limits => {
  if (isNewest(model)) return byLevel
  const known = generation(model) ?? 0
  return known > 406 ? byLevel : known === 406 ? eitherWay : byBudget
}

/** Whether a model signs its thinking and takes none without: those of Anthropic. Other makers' models of this protocol do not sign, and want theirs back. */
export const signsThinking = (model: string): boolean => /claude/.test(model)

/** Whether a model takes messages of role `system` between the others. */
export const takesSystemTurns = (model: string): boolean => isNewest(model) || (generation(model) ?? 0) >= 408

/** Which of temperature, top_p and top_k a model takes: `one` excludes temperature beside top_p. Models of other makers take all. */
export const takesSampling = (model: string): "all" | "one" | "nothing" => {
  if (isNewest(model)) return "nothing"
  const known = generation(model) ?? 0
  return known >= 407 ? "nothing" : known >= 401 ? "one" : "all"
}
