/** What strict readers of Gemini's streams check: every chunk JSON, role and parts, one finish with nothing behind it, counts that add up. */
import { parse } from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { Result } from "effect"

const listAt = (value: JsonObject, key: string): ReadonlyArray<Json> => {
  const list = value[key]
  return Array.isArray(list) ? list : []
}

const count = (usage: JsonObject, key: string): number => {
  const value = usage[key]
  return typeof value === "number" ? value : 0
}

const wrongUsage = (usage: Json | undefined): string | undefined => {
  if (!isObject(usage) || usage["totalTokenCount"] === undefined) return undefined
  const keys = ["promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount"]
  const sum = keys.reduce((total, key) => total + count(usage, key), 0)
  return sum === usage["totalTokenCount"] ? undefined : `the counts add up to ${sum}, not to ${count(usage, "totalTokenCount")}`
}

const wrongPart = (part: Json): string | undefined => {
  if (!isObject(part)) return "a part is no object"
  const call = part["functionCall"]
  return call === undefined || (isObject(call) && isObject(call["args"])) ? undefined : "the arguments of a call are no object"
}

const wrongCandidate = (candidate: Json): string | undefined => {
  const content = isObject(candidate) ? candidate["content"] : undefined
  if (!isObject(content) || content["role"] !== "model" || !Array.isArray(content["parts"])) return "a candidate without role or parts"
  return content["parts"].map(wrongPart).find((wrong) => wrong !== undefined)
}

/** What is wrong with a whole answer or a chunk; nothing when a strict reader takes it. */
export const wrongAnswer = (value: JsonObject): string | undefined =>
  wrongUsage(value["usageMetadata"]) ?? listAt(value, "candidates").map(wrongCandidate).find((wrong) => wrong !== undefined)

/** What is wrong with a stream; nothing when a strict reader takes it. */
export const wrongStream = (events: ReadonlyArray<WireEvent>): string | undefined => {
  const finished = new Set<Json>()
  for (const [place, { data, name }] of events.entries()) {
    const parsed = parse(data)
    if (name !== undefined) return `chunk ${place} has a name`
    if (Result.isFailure(parsed) || !isObject(parsed.success)) return `chunk ${place} is no JSON object`
    const value = parsed.success
    if (value["error"] !== undefined) {
      if (place < events.length - 1) return "an error is not the last"
      continue
    }
    const wrong = wrongAnswer(value)
    if (wrong !== undefined) return `chunk ${place}: ${wrong}`
    for (const candidate of listAt(value, "candidates")) {
      const index = isObject(candidate) ? candidate["index"] ?? 0 : 0
      if (finished.has(index)) return `chunk ${place} follows the finish of its candidate`
      if (isObject(candidate) && candidate["finishReason"] !== undefined) finished.add(index)
    }
  }
  return undefined
}
