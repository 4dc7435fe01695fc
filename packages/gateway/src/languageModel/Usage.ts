/** Token counts and ends of answers in the words of Effect's language models, and back. What one side did not say stays unsaid. */
import type { FinishReason } from "@sluice/protocol/CanonicalFinish"
import * as Usage from "@sluice/protocol/CanonicalUsage"
import { present } from "@sluice/protocol/Json"
import type * as Response from "effect/ai/Response"

type Counts = typeof Response.Usage.Encoded

const sum = (...counts: ReadonlyArray<number | undefined>): number | undefined =>
  counts.every((count) => count === undefined) ? undefined : counts.reduce<number>((total, count) => total + (count ?? 0), 0)

/** Counts as theirs. */
export const toCounts = (usage: Usage.Usage): Counts => {
  const { cacheRead, cacheWrite1h, cacheWrite5m, input, output, reasoning } = usage
  const isInputKnown = sum(input, cacheRead, cacheWrite5m, cacheWrite1h, usage.audioIn, usage.toolPrompt) !== undefined
  const isOutputKnown = sum(output, reasoning, usage.audioOut) !== undefined
  return {
    inputTokens: present({
      uncached: sum(input, usage.audioIn, usage.toolPrompt),
      total: isInputKnown ? Usage.inputTotal(usage) : undefined,
      cacheRead,
      cacheWrite: sum(cacheWrite5m, cacheWrite1h)
    }),
    outputTokens: present({ total: isOutputKnown ? Usage.outputTotal(usage) : undefined, text: output, reasoning })
  }
}

const less = (total: number | undefined, ...parts: ReadonlyArray<number | undefined>): number | undefined =>
  total === undefined ? undefined : Math.max(0, total - parts.reduce<number>((taken, part) => taken + (part ?? 0), 0))

/** Their counts as classes that do not contain one another. */
export const fromCounts = ({ inputTokens, outputTokens }: Counts): Usage.Usage =>
  present({
    input: inputTokens.uncached ?? less(inputTokens.total, inputTokens.cacheRead, inputTokens.cacheWrite),
    cacheRead: inputTokens.cacheRead,
    cacheWrite5m: inputTokens.cacheWrite,
    output: outputTokens.text ?? less(outputTokens.total, outputTokens.reasoning),
    reasoning: outputTokens.reasoning
  })

const ends: { readonly [R in FinishReason]: Response.FinishReason } = {
  stop: "stop",
  "stop-sequence": "stop",
  length: "length",
  "context-window": "length",
  "tool-calls": "tool-calls",
  "content-filter": "content-filter",
  refusal: "content-filter",
  pause: "pause",
  pending: "pause",
  compaction: "other",
  missing: "unknown",
  other: "other"
}

/** Why an answer ended, as theirs. */
export const toReason = (reason: FinishReason): Response.FinishReason => ends[reason]

/** Why an answer of theirs ended. */
export const fromReason = (reason: Response.FinishReason): FinishReason => {
  switch (reason) {
    case "error":
      return "other"
    case "unknown":
      return "missing"
    default:
      return reason
  }
}
