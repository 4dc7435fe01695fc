/** Reads a stream as the strictest client would: numbering, pairing, indexes, and that every whole equals its pieces. */
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"

const terminals = new Set(["response.completed", "response.incomplete", "response.failed"])

const same = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right)

const prefixes: { readonly [type: string]: string } = {
  message: "msg_",
  reasoning: "rs_",
  function_call: "fc_",
  custom_tool_call: "ctc_",
  image_generation_call: "ig_"
}

interface Reading {
  readonly items: Array<{ readonly id: Json | undefined; done?: JsonObject }>
  /** What was said at each place. */
  readonly said: Map<string, string>
  /** Parts that were announced, and whether they ended. */
  readonly parts: Map<string, boolean>
}

const placeOf = (value: JsonObject): string =>
  `${String(value["output_index"])}/${value["summary_index"] === undefined ? "c" : "s"}/${String(value["summary_index"] ?? value["content_index"] ?? "")}`

const wholes: { readonly [type: string]: string } = {
  "response.output_text.done": "text",
  "response.reasoning_text.done": "text",
  "response.reasoning_summary_text.done": "text",
  "response.refusal.done": "refusal",
  "response.function_call_arguments.done": "arguments",
  "response.custom_tool_call_input.done": "input"
}

const announce = (reading: Reading, value: JsonObject): string | undefined => {
  const { item, output_index: index } = value
  if (!isObject(item)) return "an item is missing"
  if (index !== reading.items.length) return `output_index ${String(index)} where ${reading.items.length} is next`
  if (reading.items.some((earlier) => earlier.id === item["id"] && earlier.id !== "ws_1" && earlier.id !== "mcp_1")) return `the id ${String(item["id"])} twice`
  const prefix = prefixes[String(item["type"])]
  if (prefix !== undefined && !String(item["id"]).startsWith(prefix)) return `the id ${String(item["id"])} of a ${String(item["type"])}`
  reading.items.push({ id: item["id"] })
  return undefined
}

const finish = (reading: Reading, value: JsonObject): string | undefined => {
  const { item, output_index: index } = value
  const known = typeof index === "number" ? reading.items[index] : undefined
  if (known === undefined || known.done !== undefined || !isObject(item)) return "an item ends that is not open"
  if (known.id !== item["id"]) return "the id of an item changed"
  for (const [place, ended] of reading.parts) if (place.startsWith(`${String(index)}/`) && !ended) return `the part ${place} is open when its item ends`
  known.done = item
  const words = (list: Json | undefined, letter: string): string | undefined =>
    Array.isArray(list)
      ? list.map((part: Json, at) =>
        isObject(part) && (part["text"] ?? part["refusal"] ?? "") !== (reading.said.get(`${String(index)}/${letter}/${at}`) ?? "")
          ? `part ${letter}${at} of an item differs`
          : undefined
      )
        .find((wrong) => wrong !== undefined)
      : undefined
  const call = item["arguments"] ?? item["input"]
  if ((item["type"] === "function_call" || item["type"] === "custom_tool_call") && call !== (reading.said.get(`${String(index)}/c/`) ?? "")) {
    return "the arguments of an item differ"
  }
  return words(item["content"], "c") ?? words(item["summary"], "s")
}

const conclude = (reading: Reading, value: JsonObject): string | undefined => {
  if (value["type"] === "response.failed") return undefined
  if (reading.items.some(({ done }) => done === undefined)) return "an item is open at the end"
  const response = isObject(value["response"]) ? value["response"] : {}
  return same(response["output"], reading.items.map(({ done }) => done)) ? undefined : "the output differs from what was streamed"
}

const read = (reading: Reading, value: JsonObject): string | undefined => {
  const type = String(value["type"])
  const place = placeOf(value)
  if (type === "response.output_item.added") return announce(reading, value)
  if (type === "response.output_item.done") return finish(reading, value)
  if (type.endsWith("_part.added")) {
    if (reading.parts.has(place)) return `the part ${place} is announced twice`
    reading.parts.set(place, false)
  }
  if (type.endsWith("_part.done")) {
    if (reading.parts.get(place) !== false) return `the part ${place} ends but is not open`
    reading.parts.set(place, true)
  }
  if (type.endsWith(".delta")) reading.said.set(place, (reading.said.get(place) ?? "") + String(value["delta"]))
  const whole = wholes[type]
  if (whole !== undefined && value[whole] !== (reading.said.get(place) ?? "")) return `${type} differs from its deltas`
  return terminals.has(type) ? conclude(reading, value) : undefined
}

/** What is wrong with a stream; nothing when it is as the protocol asks. */
export const strictly = (events: ReadonlyArray<WireEvent>): string | undefined => {
  const values: ReadonlyArray<JsonObject> = events.map(({ data }) => JSON.parse(data))
  const reading: Reading = { items: [], said: new Map(), parts: new Map() }
  const types = values.map((value) => String(value["type"]))
  if (types[0] === "error") return types.length === 1 ? undefined : "events behind an error"
  for (const [index, value] of values.entries()) {
    if (value["sequence_number"] !== index) return `sequence_number ${String(value["sequence_number"])} where ${index} is next`
    if (events[index]?.name !== value["type"]) return `the event ${String(events[index]?.name)} says it is ${String(value["type"])}`
    if (terminals.has(types[index] ?? "") !== (index === values.length - 1)) return "the terminal is not last"
    const wrong = read(reading, value)
    if (wrong !== undefined) return wrong
  }
  const [first, second] = types
  // An answer may fail before anything is in progress.
  return first === "response.created" && (second === "response.in_progress" || second === "response.failed")
    ? undefined
    : `the stream begins with ${String(first)}, ${String(second)}`
}
