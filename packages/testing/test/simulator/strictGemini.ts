/**
 * A reader of Gemini streams as strict as the strictest clients, for both framings: it lists everything a stream does
 * that its protocol forbids. Written for the tests from the protocol's rules, not from the simulator.
 */
import { readEvents } from "./strictReaders.ts"

interface Usage {
  readonly promptTokenCount?: number
  readonly candidatesTokenCount?: number
  readonly thoughtsTokenCount?: number
  readonly totalTokenCount?: number
}

interface Chunk {
  readonly candidates?: ReadonlyArray<{
    readonly index: number
    readonly finishReason?: string
    readonly content?: {
      readonly role?: string
      readonly parts?: ReadonlyArray<{ readonly text?: string; readonly functionCall?: { readonly name: string; readonly args?: unknown } }>
    }
  }>
  readonly promptFeedback?: object
  readonly usageMetadata?: Usage
  readonly responseId?: string
  readonly error?: object
}

/** The texts of the chunks: events, or the elements of an array; an array that does not parse is one broken text. */
export const readChunks = (text: string, array: boolean): ReadonlyArray<string> => {
  if (!array) return readEvents(text).map((event) => event.data)
  try {
    return JSON.parse(text).map((chunk: unknown) => JSON.stringify(chunk))
  } catch {
    return [text]
  }
}

const parse = (data: string): Chunk | undefined => {
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}

const reasons = ["STOP", "MAX_TOKENS", "SAFETY", "PROHIBITED_CONTENT"]

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value)

/** What is wrong with the chunks of a Gemini stream. */
export const geminiViolations = (texts: ReadonlyArray<string>): ReadonlyArray<string> => {
  const wrong = new Set<string>()
  const note = (bad: boolean, what: string) => bad && wrong.add(what)
  note(texts.includes("[DONE]"), "[DONE] is no part of the protocol")
  note(texts.some((text) => text !== "[DONE]" && parse(text) === undefined), "broken JSON")
  note(texts.some((text) => /[\u2028\u2029]/.test(text)), "a line separator is not escaped")
  const chunks = texts.flatMap((text) => parse(text) ?? [])
  note(chunks.some((chunk) => chunk.error !== undefined), "error chunk")
  const good = chunks.filter((chunk) => chunk.error === undefined)
  note(new Set(good.map((chunk) => chunk.responseId)).size > 1, "response id changes")
  const candidates = good.flatMap((chunk) => chunk.candidates ?? [])
  const indexes = [...new Set(candidates.map((candidate) => candidate.index))]
  note(indexes.length === 0 && !good.some((chunk) => chunk.promptFeedback !== undefined), "no candidate and no feedback")
  for (const index of indexes) {
    const own = candidates.filter((candidate) => candidate.index === index)
    const finishes = own.flatMap((candidate) => candidate.finishReason ?? [])
    note(finishes.length !== 1 || !reasons.includes(finishes[0] ?? ""), "finishReason is not one known word")
    note(own.findIndex((candidate) => candidate.finishReason !== undefined) !== own.length - 1, "content after finish")
  }
  note(candidates.some((candidate) => candidate.content?.role !== "model"), "role is not model")
  note(candidates.some((candidate) => (candidate.content?.parts ?? []).length === 0), "no parts")
  const parts = candidates.flatMap((candidate) => candidate.content?.parts ?? [])
  note(parts.some((part) => part.functionCall !== undefined && !isObject(part.functionCall.args)), "args are no object")
  note(good.some((chunk) => chunk.usageMetadata === undefined), "a chunk has no usage")
  for (const { usageMetadata: usage } of good) {
    const sum = (usage?.promptTokenCount ?? 0) + (usage?.candidatesTokenCount ?? 0) + (usage?.thoughtsTokenCount ?? 0)
    note(usage !== undefined && usage.totalTokenCount !== sum, "the total does not add up")
  }
  return [...wrong]
}
