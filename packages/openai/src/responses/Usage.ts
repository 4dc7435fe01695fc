/**
 * Token counts of Responses to and from disjoint classes. Cached and written tokens are part of `input_tokens`, reasoning
 * tokens part of `output_tokens`.
 */
import { inputTotal, isEmpty, outputTotal, type Usage } from "@sluice/protocol/CanonicalUsage"
import { present } from "@sluice/protocol/Json"
import type { LossSink } from "@sluice/protocol/Loss"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"

const count = (value: Json | undefined): number | undefined => typeof value === "number" && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined

const inside = (value: Json | undefined, key: string): Json | undefined => isObject(value) ? value[key] : undefined

const positive = (tokens: number | undefined): number | undefined => tokens === 0 ? undefined : tokens

const inputClasses = (usage: JsonObject): Usage => {
  const total = count(usage["input_tokens"])
  const details = usage["input_tokens_details"]
  const cacheRead = count(inside(details, "cached_tokens"))
  const written = count(inside(details, "cache_write_tokens"))
  if (total === undefined) return present({ cacheRead, cacheWrite5m: positive(written) })
  const cached = (cacheRead ?? 0) + (written ?? 0)
  // Some compatible providers count what was cached beside the input.
  return present({ input: cached > total ? total : total - cached, cacheRead, cacheWrite5m: positive(written) })
}

const outputClasses = (usage: JsonObject): Usage => {
  const total = count(usage["output_tokens"])
  const reasoning = count(inside(usage["output_tokens_details"], "reasoning_tokens"))
  if (total === undefined) return present({ reasoning })
  const thought = reasoning ?? 0
  const sum = (count(usage["input_tokens"]) ?? 0) + total
  // Some compatible providers count thinking beside the output; where their total leaves no room for it, it is a guess of theirs
  const isBeside = thought > 0 && (count(usage["total_tokens"]) === sum + thought || (thought > total && count(usage["total_tokens"]) !== sum))
  return present({
    output: isBeside ? total : Math.max(0, total - thought),
    reasoning: isBeside || reasoning === undefined ? reasoning : Math.min(reasoning, total)
  })
}

/** A `usage` object in disjoint classes; `undefined` where it states nothing. */
export const decode = (usage: Json | undefined): Usage | undefined => {
  if (!isObject(usage)) return undefined
  const classes = { ...inputClasses(usage), ...outputClasses(usage) }
  return isEmpty(classes) ? undefined : classes
}

/** Classes that have no number of their own: what they cost cannot be told from the others. */
const merged = ["cacheWrite1h", "toolPrompt", "audioIn", "audioOut"] as const

/** Reports the classes whose tokens are told among others. */
export const lose = (usage: Usage, sink: LossSink): void => {
  for (const name of merged) {
    const before = usage[name] ?? 0
    const at = `/usage/${name}`
    if (before > 0) sink.add({ at, canonical: at, reason: "approximated", weight: "hint", before })
  }
}

/** Disjoint classes as a `usage` object, with the details the specification requires: what is unknown counts as none. */
export const encode = (usage: Usage): JsonObject => {
  const input = inputTotal(usage)
  const output = outputTotal(usage)
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cacheRead ?? 0, cache_write_tokens: (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0) },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    total_tokens: input + output
  }
}
