/** The facts of an answer of Responses read straight off the wire, by code that shares nothing with the codec it checks. */
import type { WireEvent } from "@sluice/protocol/Sse"
import { is, list, type Loose, number, parsed, type RawFacts, string } from "./RawFacts.ts"

const textOf = (item: Loose): string =>
  is(item["type"], "message") ? list(item["content"]).map((part) => is(part["type"], "output_text") ? string(part["text"]) : "").join("") : ""

const callsOf = (item: Loose): RawFacts["calls"] => {
  if (is(item["type"], "function_call")) return [{ name: string(item["name"]), arguments: string(item["arguments"]) }]
  return is(item["type"], "custom_tool_call") ? [{ name: string(item["name"]), arguments: string(item["input"]) }] : []
}

/** Facts of a whole answer. */
export const ofBody = (body: Loose): RawFacts => ({
  text: list(body["output"]).map(textOf).join(""),
  calls: list(body["output"]).flatMap(callsOf),
  finish: string(body["incomplete_details"]?.["reason"]) || string(body["status"]) || undefined,
  inputTokens: number(body["usage"]?.["input_tokens"]),
  outputTokens: number(body["usage"]?.["output_tokens"])
})

/** Facts of a stream: words from their deltas, calls from the items that ended, the rest from the terminal. */
export const ofStream = (events: ReadonlyArray<WireEvent>): RawFacts => {
  const values = events.filter((event) => event.data.trim() !== "" && event.data.trim() !== "[DONE]").map((event) => parsed(event.data))
  const last = values.findLast((value) => is(value["type"], "response.completed") || is(value["type"], "response.incomplete"))
  return {
    ...ofBody(last?.["response"] ?? {}),
    text: values.map((value) => is(value["type"], "response.output_text.delta") ? string(value["delta"]) : "").join(""),
    calls: values.flatMap((value) => is(value["type"], "response.output_item.done") ? callsOf(value["item"] ?? {}) : [])
  }
}
