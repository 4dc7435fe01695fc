/**
 * The simulator's token arithmetic: every number is a function of characters, so that a test can compute what
 * a request must have cost. Classes are disjoint here; each provider adds them up in its own way.
 */
import type { Facts } from "./Facts.ts"
import type { Step } from "./Script.ts"

/** Tokens of an answer by class; disjoint, all stated. */
export interface UsageNumbers {
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
  readonly output: number
  readonly reasoning: number
}

/** The simulator's tokenizer: four characters are one token, and any text is at least one. */
export const tokens = (characters: number): number => Math.ceil(characters / 4)

/** The input side of a request; with `cached`, half of what is not written to a cache was read from one. */
export const inputUsage = (facts: Facts, cached: boolean): UsageNumbers => {
  const cacheWrite5m = tokens(facts.cacheWrite5mCharacters)
  const cacheWrite1h = tokens(facts.cacheWrite1hCharacters)
  const rest = Math.max(1, tokens(facts.characters) - cacheWrite5m - cacheWrite1h)
  const cacheRead = cached ? Math.floor(rest / 2) : 0
  return { input: rest - cacheRead, cacheRead, cacheWrite5m, cacheWrite1h, output: 0, reasoning: 0 }
}

/** Counts what an answer produced while it is written; `usage` adds it to the input side. */
export interface Tally {
  readonly add: (step: Step) => void
  readonly usage: () => UsageNumbers
}

/** A fresh tally; text, refusals, tool names and arguments are output, reasoning is its own class. */
export const tally = (input: UsageNumbers): Tally => {
  let output = 0
  let reasoning = 0
  return {
    add: (step) => {
      if (step.type === "text" || step.type === "refusal" || step.type === "arguments") output += step.text.length
      else if (step.type === "tool") output += step.name.length
      else if (step.type === "reasoning") reasoning += step.text.length
      else if (step.type === "redacted") reasoning += step.data.length
    },
    usage: () => ({ ...input, output: tokens(output), reasoning: tokens(reasoning) })
  }
}
