/**
 * The facts of an answer read straight off the wire, by code that shares nothing with the codecs it checks: words, calls, the
 * provider's own finish word, token totals. Only what every reader of the protocol would agree on.
 */
import type { WireEvent } from "@sluice/protocol/Sse"

/** What an answer says. */
export interface RawFacts {
  readonly text: string
  readonly calls: ReadonlyArray<{ readonly name: string; readonly arguments: string }>
  readonly finish: string | undefined
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
}

/** Loosely typed JSON: these readers look at known places and take what is there. */
export interface Loose {
  readonly [key: string]: Loose | undefined
}

/** JSON, loosely typed. */
export const parsed = (text: string): Loose => JSON.parse(text)

/** A list, or an empty one. */
export const list = (value: Loose | undefined): ReadonlyArray<Loose> => Array.isArray(value) ? value : []
/** A text, or an empty one. */
export const string = (value: Loose | undefined): string => typeof value === "string" ? value : ""
/** Whether a value is a word. */
export const is = (value: Loose | undefined, word: string): boolean => string(value) === word
/** A number, or nothing. */
export const number = (value: Loose | undefined): number | undefined => typeof value === "number" ? value : undefined

/** Text, parts, or (where a provider parses structured output itself) an object. */
const contentText = (content: Loose | undefined): string =>
  typeof content === "string"
    ? content
    : typeof content === "object" && content !== null && !Array.isArray(content)
    ? JSON.stringify(content)
    : list(content).map((part) => is(part?.["type"], "text") ? string(part["text"]) : "").join("")

/** A part that is larger than its whole, or that the total counts besides, stands beside it. */
const withPart = (whole: number | undefined, part: number, isBeside: boolean): number | undefined =>
  whole === undefined || !(isBeside || part > whole) ? whole : whole + part

/** What was read: cached tokens are a part of the prompt, unless there are more of them; sound is one, unless the total counts it besides. */
const readTokens = (usage: Loose | undefined): number | undefined => {
  const prompt = number(usage?.["prompt_tokens"])
  const sound = number(usage?.["prompt_tokens_details"]?.["audio_tokens"]) ?? 0
  const read = withPart(prompt, number(usage?.["prompt_tokens_details"]?.["cached_tokens"]) ?? 0, false)
  const isBeside = sound > 0 && number(usage?.["total_tokens"]) === (prompt ?? 0) + sound + (number(usage?.["completion_tokens"]) ?? 0)
  return isBeside && read !== undefined ? read + sound : read
}

/** What was written: reasoning is a part of the completion, unless the total counts it besides or has no room for it; Vercel's gateway never adds it up. */
const writtenTokens = (usage: Loose | undefined): number | undefined => {
  const completion = number(usage?.["completion_tokens"])
  const reasoning = number(usage?.["completion_tokens_details"]?.["reasoning_tokens"]) ?? 0
  const beside = (number(usage?.["total_tokens"]) ?? 0) - (number(usage?.["prompt_tokens"]) ?? 0) - (completion ?? 0)
  const isVercel = usage?.["market_cost"] !== undefined
  return isVercel || beside !== 0 ? withPart(completion, reasoning, isVercel || beside === reasoning) : completion
}

/** Facts of a chat completion body: its first choice. */
export const ofChatBody = (body: Loose): RawFacts => {
  const choice = list(body["choices"]).find((choice) => (number(choice["index"]) ?? 0) === 0)
  return {
    text: contentText(choice?.["message"]?.["content"]),
    calls: list(choice?.["message"]?.["tool_calls"]).map((call) => ({
      name: string(call["function"]?.["name"] ?? call["custom"]?.["name"]),
      arguments: string(call["function"]?.["arguments"] ?? call["custom"]?.["input"])
    })),
    finish: string(choice?.["finish_reason"]) || undefined,
    inputTokens: readTokens(body["usage"]),
    outputTokens: writtenTokens(body["usage"])
  }
}

/** Calls of a stream by their index; none where the provider leaves indexes out, because then readers differ. */
const streamedCalls = (choices: ReadonlyArray<Loose>): RawFacts["calls"] => {
  const deltas = choices.flatMap((choice) => list(choice["delta"]?.["tool_calls"]))
  const indexes = [...new Set(deltas.map((delta) => number(delta["index"]) ?? -1))]
  if (indexes.includes(-1)) return []
  return indexes.map((index) => {
    const own = deltas.filter((delta) => number(delta["index"]) === index)
    return {
      name: own.map((delta) => string(delta["function"]?.["name"])).find((name) => name !== "") ?? "",
      arguments: own.map((delta) => string(delta["function"]?.["arguments"])).join("")
    }
  })
}

/** Facts of the chunks of a chat completion: its first choice. */
export const ofChatStream = (events: ReadonlyArray<WireEvent>): RawFacts => {
  const chunks = events.filter((event) => event.data.trim() !== "" && event.data.trim() !== "[DONE]").map((event) => parsed(event.data))
  const choices = chunks.flatMap((chunk) => list(chunk["choices"]).filter((choice) => (number(choice["index"]) ?? 0) === 0))
  const usages = chunks.flatMap((chunk) =>
    [chunk["usage"], ...list(chunk["choices"]).map((choice) => choice["usage"])].filter((usage) => usage !== undefined && usage !== null)
  )
  return {
    text: choices.map((choice) => contentText(choice["delta"]?.["content"])).join(""),
    calls: streamedCalls(choices),
    finish: choices.map((choice) => string(choice["finish_reason"])).findLast((reason) => reason !== ""),
    inputTokens: readTokens(usages.at(-1)),
    outputTokens: writtenTokens(usages.at(-1))
  }
}

const blockFacts = (blocks: ReadonlyArray<Loose>) => ({
  text: blocks.map((block) => is(block["type"], "text") ? string(block["text"]) : "").join(""),
  calls: blocks.flatMap((block) => is(block["type"], "tool_use") ? [{ name: string(block["name"]), arguments: JSON.stringify(block["input"]) }] : [])
})

const inputTotal = (usage: Loose | undefined): number | undefined => {
  const input = number(usage?.["input_tokens"])
  return input === undefined ? undefined : input + (number(usage?.["cache_read_input_tokens"]) ?? 0) + (number(usage?.["cache_creation_input_tokens"]) ?? 0)
}

/** Facts of a Messages body. */
export const ofMessagesBody = (body: Loose): RawFacts => ({
  ...blockFacts(list(body["content"])),
  finish: string(body["stop_reason"]) || undefined,
  inputTokens: inputTotal(body["usage"]),
  outputTokens: number(body["usage"]?.["output_tokens"])
})

/** Facts of the events of a Messages stream. */
export const ofMessagesStream = (events: ReadonlyArray<WireEvent>): RawFacts => {
  const values = events.filter((event) => event.data.trim() !== "" && event.data !== "[DONE]").map((event) => parsed(event.data))
  const blocks = values.filter((value) => is(value["type"], "content_block_start")).map((value) => {
    const index = number(value["index"])
    const deltas = values.filter((delta) => is(delta["type"], "content_block_delta") && number(delta["index"]) === index).map((delta) => delta["delta"])
    return {
      start: value["content_block"],
      text: deltas.map((delta) => string(delta?.["text"])).join(""),
      json: deltas.map((delta) => string(delta?.["partial_json"])).join("")
    }
  })
  const last = values.findLast((value) => is(value["type"], "message_delta"))
  const start = values.find((value) => is(value["type"], "message_start"))
  return {
    text: blocks.map(({ start, text }) => is(start?.["type"], "text") ? string(start?.["text"]) + text : "").join(""),
    calls: blocks.flatMap(({ start, json }) =>
      is(start?.["type"], "tool_use") ? [{ name: string(start?.["name"]), arguments: json === "" ? JSON.stringify(start?.["input"] ?? {}) : json }] : []
    ),
    finish: string(last?.["delta"]?.["stop_reason"]) || undefined,
    inputTokens: inputTotal({ ...start?.["message"]?.["usage"], ...last?.["usage"] }),
    outputTokens: number(last?.["usage"]?.["output_tokens"])
  }
}
