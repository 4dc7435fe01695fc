/**
 * Token counts of chat completions to and from disjoint classes. Cached, written and audio tokens are part of `prompt_tokens`,
 * reasoning and audio tokens part of `completion_tokens`; providers who count them beside are recognised by their sums.
 */
import { inputTotal, isEmpty, outputTotal, type Usage } from "@sluice/protocol/CanonicalUsage"
import { present } from "@sluice/protocol/Json"
import type { LossSink } from "@sluice/protocol/Loss"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"

const count = (object: JsonObject, key: string): number | undefined => {
  const value = object[key]
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined
}

const inside = (object: JsonObject, key: string): JsonObject => {
  const value = object[key]
  return isObject(value) ? value : {}
}

const positive = (tokens: number | undefined): number | undefined => tokens === 0 ? undefined : tokens

/** Classes of the prompt. `cached_tokens` on the top level is Moonshot's, `prompt_cache_hit_tokens` DeepSeek's, `cache_*_input_tokens` Anthropic's. */
const promptClasses = (usage: JsonObject): Usage => {
  const prompt = count(usage, "prompt_tokens")
  const details = inside(usage, "prompt_tokens_details")
  const cacheRead = count(details, "cached_tokens") ?? count(usage, "prompt_cache_hit_tokens") ?? count(usage, "cached_tokens") ??
    count(usage, "cache_read_input_tokens")
  const created = count(usage, "cache_creation_input_tokens")
  const written1h = count(inside(usage, "cache_creation"), "ephemeral_1h_input_tokens") ?? 0
  const written = count(details, "cache_write_tokens") ?? created
  const audio = count(details, "audio_tokens")
  if (prompt === undefined) return present({ cacheRead, cacheWrite5m: positive(written) })
  const cacheTotal = (cacheRead ?? 0) + (written ?? 0)
  const rest = cacheTotal > prompt ? prompt : prompt - cacheTotal
  // Mistral counts sound beside the prompt, which shows in the total
  const isBeside = audio !== undefined && audio > 0 && count(usage, "total_tokens") === prompt + audio + (count(usage, "completion_tokens") ?? 0)
  const audioIn = isBeside ? audio : Math.min(audio ?? 0, rest)
  return present({
    input: isBeside ? rest : rest - audioIn,
    cacheRead,
    cacheWrite5m: positive(written === undefined ? undefined : Math.max(0, written - written1h)),
    cacheWrite1h: positive(Math.min(written1h, written ?? 0)),
    audioIn: positive(audioIn)
  })
}

/**
 * Classes of the answer. xAI counts reasoning beside `completion_tokens`, which shows in the total; Vercel's gateway, which is known
 * by its `market_cost`, does so too, and does not add it up. Where the total leaves no room beside, there is none: a part that is
 * more than its whole is then a guess of the provider's.
 */
const answerClasses = (usage: JsonObject): Usage => {
  const completion = count(usage, "completion_tokens")
  const details = inside(usage, "completion_tokens_details")
  const reasoning = count(details, "reasoning_tokens") ?? count(usage, "reasoning_tokens")
  const audio = count(details, "audio_tokens")
  if (completion === undefined) return present({ reasoning })
  const thought = reasoning ?? 0
  const total = count(usage, "total_tokens")
  const sum = (count(usage, "prompt_tokens") ?? 0) + completion
  const isBeside = thought > 0 && (usage["market_cost"] !== undefined || total === sum + thought || (thought > completion && total !== sum))
  const rest = isBeside ? completion : Math.max(0, completion - thought)
  const audioOut = Math.min(audio ?? 0, rest)
  return present({
    output: rest - audioOut,
    reasoning: isBeside || reasoning === undefined ? reasoning : Math.min(reasoning, completion),
    audioOut: positive(audioOut)
  })
}

/** A `usage` object in disjoint classes; `undefined` where it states nothing. */
export const decode = (usage: Json | undefined): Usage | undefined => {
  if (!isObject(usage)) return undefined
  const classes = { ...promptClasses(usage), ...answerClasses(usage) }
  return isEmpty(classes) ? undefined : classes
}

/**
 * The word for the service tier of an answer: beside its usage, or in it as Mistral has it. Perplexity says there how much it searched
 * for, by which it charges for the request.
 */
export const tier = (wire: JsonObject): Json | undefined => {
  const usage = inside(wire, "usage")
  return wire["service_tier"] ?? usage["service_tier"] ?? usage["search_context_size"]
}

/** Classes that have no number of their own: what they cost cannot be told from the others. */
const merged = ["cacheWrite1h", "toolPrompt"] as const

/** Reports the classes whose tokens are told among others. */
export const lose = (usage: Usage, sink: LossSink): void => {
  for (const name of merged) {
    const before = usage[name] ?? 0
    const at = `/usage/${name}`
    if (before > 0) sink.add({ at, canonical: at, reason: "approximated", weight: "hint", before })
  }
}

/** Disjoint classes as a `usage` object. Cache writes of both ages are told in one number, prompts of server tools with the prompt. */
export const encode = (usage: Usage): JsonObject => {
  const prompt = inputTotal(usage)
  const completion = outputTotal(usage)
  const written = usage.cacheWrite5m === undefined && usage.cacheWrite1h === undefined ? undefined : (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0)
  const promptDetails = present({ cached_tokens: usage.cacheRead, cache_write_tokens: written, audio_tokens: usage.audioIn })
  const completionDetails = present({ reasoning_tokens: usage.reasoning, audio_tokens: usage.audioOut })
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(Object.keys(promptDetails).length === 0 ? {} : { prompt_tokens_details: promptDetails }),
    ...(Object.keys(completionDetails).length === 0 ? {} : { completion_tokens_details: completionDetails })
  }
}
