/**
 * What providers counted, read by hand off the wire by the words of their own documentation, class by class. Shares nothing with the
 * codecs: where a provider departs from its protocol it is named here, not recognised.
 */
import type { Usage, UsageClass } from "@sluice/protocol/CanonicalUsage"
import type { WireEvent } from "@sluice/protocol/Sse"
import { Result } from "effect"
import { is, list, type Loose, number, parsed } from "../conformance/RawFacts.ts"

/** Counts above zero. */
export type Counts = Usage

const counted = (counts: { readonly [K in UsageClass]?: number | undefined }): Counts =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== undefined && count !== 0))

const numbers = (usage: Loose | undefined, ...path: ReadonlyArray<string>): number => number(path.reduce((at, key) => at?.[key], usage)) ?? 0

/** Providers of chat completions that count, and charge for, reasoning beside the completion. */
const reasoningBeside = new Set(["vercel-gateway", "xai"])

/** Providers of chat completions that count sound beside the prompt. */
const soundBeside = new Set(["mistral"])

/** Grok at Azure counts instructions of its own among what it read from a cache, and not in the prompt. */
const isCacheBeside = (provider: string, prompt: number, cached: number): boolean => provider === "azure" && cached > prompt

const ofChat = (usage: Loose, provider: string): Counts => {
  const cacheRead = [
    numbers(usage, "prompt_tokens_details", "cached_tokens"),
    numbers(usage, "prompt_cache_hit_tokens"),
    numbers(usage, "cached_tokens"),
    numbers(usage, "cache_read_input_tokens")
  ].find((count) => count > 0) ?? 0
  const cacheWrite5m = numbers(usage, "prompt_tokens_details", "cache_write_tokens") || numbers(usage, "cache_creation_input_tokens")
  const audioIn = numbers(usage, "prompt_tokens_details", "audio_tokens")
  const audioOut = numbers(usage, "completion_tokens_details", "audio_tokens")
  const reasoning = numbers(usage, "completion_tokens_details", "reasoning_tokens") || numbers(usage, "reasoning_tokens")
  const prompt = numbers(usage, "prompt_tokens")
  const cached = isCacheBeside(provider, prompt, cacheRead) ? 0 : cacheRead + cacheWrite5m
  return counted({
    input: prompt - cached - (soundBeside.has(provider) ? 0 : audioIn),
    cacheRead,
    cacheWrite5m,
    audioIn,
    output: numbers(usage, "completion_tokens") - (reasoningBeside.has(provider) ? 0 : reasoning) - audioOut,
    reasoning,
    audioOut
  })
}

const ofResponses = (usage: Loose): Counts => {
  const cacheRead = numbers(usage, "input_tokens_details", "cached_tokens")
  const cacheWrite5m = numbers(usage, "input_tokens_details", "cache_write_tokens")
  const reasoning = numbers(usage, "output_tokens_details", "reasoning_tokens")
  return counted({
    input: numbers(usage, "input_tokens") - cacheRead - cacheWrite5m,
    cacheRead,
    cacheWrite5m,
    output: numbers(usage, "output_tokens") - reasoning,
    reasoning
  })
}

const ofMessages = (usage: Loose): Counts => {
  const reasoning = numbers(usage, "output_tokens_details", "thinking_tokens")
  const cacheWrite1h = numbers(usage, "cache_creation", "ephemeral_1h_input_tokens")
  return counted({
    input: numbers(usage, "input_tokens"),
    cacheRead: numbers(usage, "cache_read_input_tokens"),
    cacheWrite5m: numbers(usage, "cache_creation_input_tokens") - cacheWrite1h,
    cacheWrite1h,
    output: numbers(usage, "output_tokens") - reasoning,
    reasoning
  })
}

const sound = (details: Loose | undefined): number =>
  list(details).reduce((total, detail) => total + (is(detail["modality"], "AUDIO") ? number(detail["tokenCount"]) ?? 0 : 0), 0)

const ofGemini = (usage: Loose): Counts => {
  const cacheRead = numbers(usage, "cachedContentTokenCount")
  const audioIn = sound(usage["promptTokensDetails"]) - sound(usage["cacheTokensDetails"])
  const audioOut = sound(usage["candidatesTokensDetails"])
  return counted({
    input: numbers(usage, "promptTokenCount") - cacheRead - audioIn,
    cacheRead,
    audioIn,
    output: numbers(usage, "candidatesTokenCount") - audioOut,
    reasoning: numbers(usage, "thoughtsTokenCount"),
    audioOut,
    toolPrompt: numbers(usage, "toolUsePromptTokenCount")
  })
}

const isObject = (value: Loose | undefined): value is Loose => typeof value === "object" && value !== null && !Array.isArray(value)

const values = (events: ReadonlyArray<WireEvent>): ReadonlyArray<Loose> =>
  events.filter(({ data }) => data.trim() !== "" && data.trim() !== "[DONE]").flatMap(({ data }) => {
    const whole = Result.try(() => parsed(data))
    // One recording has no blank lines between its events
    return Result.isSuccess(whole) ? [whole.success] : data.split("\n").map(parsed)
  })

/** Later counts over earlier ones, key by key; a count that is null or absent later is the earlier one. */
const over = (earlier: Loose, later: Loose): Loose => ({
  ...earlier,
  ...Object.fromEntries(Object.entries(later).filter(([, value]) => value !== undefined && value !== null))
})

/** The usage object of a body and of a stream, in the provider's own words; undefined where there is none. */
interface Reader {
  readonly body: (body: Loose) => Loose | undefined
  readonly stream: (values: ReadonlyArray<Loose>) => Loose | undefined
  readonly counts: (usage: Loose, provider: string) => Counts
}

const chatUsage = (value: Loose): ReadonlyArray<Loose> =>
  [value["usage"], value["x_groq"]?.["usage"], ...list(value["choices"]).map((choice) => choice["usage"])].filter(isObject)

/** The beginning of a message states what is read; what is written is stated at its end. */
const messagesUsage = (events: ReadonlyArray<Loose>): Loose | undefined => {
  const start = events.find((event) => is(event["type"], "message_start"))?.["message"]?.["usage"]
  const deltas = events.filter((event) => is(event["type"], "message_delta")).map((event) => event["usage"]).filter(isObject)
  if (!isObject(start) && deltas.length === 0) return undefined
  const { output_tokens: _, ...read } = isObject(start) ? start : {}
  return deltas.reduce(over, read)
}

const readers: { readonly [protocol: string]: Reader } = {
  "openai-chat": {
    body: (body) => isObject(body["usage"]) ? body["usage"] : undefined,
    stream: (chunks) => chunks.flatMap(chatUsage).at(-1),
    counts: ofChat
  },
  "openai-responses": {
    body: (body) => isObject(body["usage"]) ? body["usage"] : undefined,
    stream: (events) => events.map((event) => event["response"]?.["usage"]).filter(isObject).at(-1),
    counts: ofResponses
  },
  "anthropic-messages": { body: (body) => isObject(body["usage"]) ? body["usage"] : undefined, stream: messagesUsage, counts: ofMessages },
  gemini: {
    body: (body) => isObject(body["usageMetadata"]) ? body["usageMetadata"] : undefined,
    stream: (chunks) => {
      const all = chunks.map((chunk) => chunk["usageMetadata"]).filter(isObject)
      return all.length === 0 ? undefined : all.reduce(over)
    },
    counts: ofGemini
  },
  embeddings: {
    body: (body) => isObject(body["usage"]) ? body["usage"] : undefined,
    stream: () => undefined,
    counts: (usage) => counted({ input: numbers(usage, "prompt_tokens") })
  }
}

/** What a recorded answer states. */
export interface Stated {
  readonly counts: Counts
  /** The usage object as it was sent. */
  readonly raw: Loose
  /** What GitHub bills, beside the usage. */
  readonly bill?: Loose
}

const stated = (protocol: string, provider: string, find: (reader: Reader) => Loose | undefined): Stated | undefined => {
  const reader = readers[protocol]
  const raw = reader === undefined ? undefined : find(reader)
  return reader === undefined || raw === undefined ? undefined : { raw, counts: reader.counts(raw, provider) }
}

const billed = (known: Stated | undefined, sent: ReadonlyArray<Loose>): Stated | undefined => {
  const bill = sent.map((each) => each["copilot_usage"]).findLast(isObject)
  return known === undefined || bill === undefined ? known : { ...known, bill }
}

/** The counts of a body. */
export const ofBody = (protocol: string, provider: string, body: Loose): Stated | undefined =>
  billed(stated(protocol, provider, (reader) => reader.body(body)), [body])

/** The counts of a stream. */
export const ofStream = (protocol: string, provider: string, events: ReadonlyArray<WireEvent>): Stated | undefined => {
  const all = values(events)
  return billed(stated(protocol, provider, (reader) => reader.stream(all)), all)
}
