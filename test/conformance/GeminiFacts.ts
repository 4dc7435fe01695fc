/** The facts of an answer of Gemini read straight off the wire, by code that shares nothing with the codec it checks. */
import type { WireEvent } from "@sluice/protocol/Sse"
import { list, type Loose, number, parsed, type RawFacts, string } from "./RawFacts.ts"

const sum = (...counts: ReadonlyArray<number | undefined>): number | undefined => {
  const stated = counts.filter((count) => count !== undefined)
  return stated.length === 0 ? undefined : stated.reduce((total, count) => total + count, 0)
}

/** The last count that any chunk states; every chunk states the counts so far. */
const lastCount = (chunks: ReadonlyArray<Loose>, key: string): number | undefined =>
  chunks.map((chunk) => number(chunk["usageMetadata"]?.[key])).findLast((count) => count !== undefined)

const factsOf = (chunks: ReadonlyArray<Loose>): RawFacts => {
  const candidates = chunks.flatMap((chunk) => list(chunk["candidates"]).filter((candidate) => (number(candidate["index"]) ?? 0) === 0))
  const parts = candidates.flatMap((candidate) => list(candidate["content"]?.["parts"]))
  const calls = parts.map((part) => part["functionCall"]).filter((call) => call !== undefined)
  return {
    text: parts.map((part) => part["thought"] === undefined || String(part["thought"]) !== "true" ? string(part["text"]) : "").join(""),
    // Arguments that come in pieces are put together in more than one way.
    calls: calls.some((call) => call["partialArgs"] !== undefined || call["willContinue"] !== undefined)
      ? []
      : calls.map((call) => ({ name: string(call["name"]), arguments: JSON.stringify(call["args"] ?? {}) })),
    finish: candidates.map((candidate) => string(candidate["finishReason"])).findLast((reason) => reason !== ""),
    inputTokens: sum(lastCount(chunks, "promptTokenCount"), lastCount(chunks, "toolUsePromptTokenCount")),
    outputTokens: sum(lastCount(chunks, "candidatesTokenCount"), lastCount(chunks, "thoughtsTokenCount"))
  }
}

/** Facts of a whole answer. */
export const ofBody = (body: Loose): RawFacts => factsOf([body])

/** Facts of the chunks of a stream. */
export const ofStream = (events: ReadonlyArray<WireEvent>): RawFacts =>
  factsOf(events.filter((event) => event.data.trim() !== "").map((event) => parsed(event.data)))
