/**
 * What a Gemini model takes, told from its name, because the wire does not say. Only crossings ask: a request that came in this
 * dialect goes out as it is. Sources: Google's notes on thinking (2.5: budgets; 3: levels), on thought signatures and on JSON Schema.
 */
import type { Limits } from "@sluice/protocol/Thinking"

/** Generation of a Gemini model as one number, `2.5` as 205; absent for models of other names. */
const generation = (model: string): number | undefined => {
  const found = /gemini-(\d{1,2})(?:\.(\d{1,2}))?/.exec(model)
  return found === null ? undefined : Number(found[1]) * 100 + Number(found[2] ?? 0)
}

/** The levels of thinking, lowest first. */
export const levels = ["minimal", "low", "medium", "high"]

/** What models of names that say nothing take: either, without bounds. */
const unknown: Limits = { kind: "hybrid", levels }

/** How a model is told to think. Flash models can do without, the others think with 128 tokens at least; Gemini 3 always thinks and takes budgets, too. */
export const thinkingOf = (model: string): Limits => {
  const known = generation(model)
  if (known === undefined) return unknown
  const isFlash = /flash/.test(model)
  const range = isFlash ? { max: 24_576 } : { min: 128, max: 32_768 }
  return known >= 300 ? { kind: "hybrid", ...range, levels, canDisable: false } : { kind: "budget", ...range, canDisable: isFlash }
}

/** Whether a model asks for the signature of the calls it made. */
export const needsSignatures = (model: string): boolean => (generation(model) ?? 0) >= 300

/** Whether a model takes JSON Schema beside Gemini's own Schema. */
export const takesJsonSchema = (model: string): boolean => (generation(model) ?? 205) >= 200
