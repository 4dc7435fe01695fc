/** Streams as lines, so that a test shows the whole of one: an event is a line, and keys that every stream repeats are left out. */
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"

const inside = (value: JsonObject, key: string): JsonObject => {
  const found = value[key]
  return isObject(found) ? found : {}
}

const line = (...words: ReadonlyArray<Json | undefined>): string =>
  words.filter((word) => word !== undefined && word !== null).map((word) => typeof word === "object" ? JSON.stringify(word) : String(word)).join(" ")

const messagesLine = (event: JsonObject): string => {
  const { index, type } = event
  const block = inside(event, "content_block")
  const delta = inside(event, "delta")
  const usage = inside(event, "usage")
  switch (type) {
    case "message_start":
      return line("start", inside(event, "message")["id"], inside(event, "message")["model"])
    case "content_block_start":
      return line("open", index, block["type"], block["id"], block["name"])
    case "content_block_delta":
      return line(index, delta["text"] ?? delta["thinking"] ?? delta["partial_json"] ?? delta)
    case "content_block_stop":
      return line("close", index)
    case "message_delta":
      return line(delta["stop_reason"] ?? "null", delta["stop_sequence"], usage["input_tokens"], usage["output_tokens"])
    case "message_stop":
      return "stop"
    default:
      return JSON.stringify(event)
  }
}

/**
 * A stream of Messages: `open 0 tool_use ID NAME`, `0 {"a":1}` for a delta, `close 0`, `tool_use 9 2` for the stop reason with
 * the tokens read and written, `stop`. What is not known here stands whole.
 */
export const ofMessages = (events: ReadonlyArray<JsonObject>): ReadonlyArray<string> => events.map(messagesLine)

const chatLine = (event: JsonObject): string => {
  const [choice] = Array.isArray(event["choices"]) ? event["choices"] : []
  const { delta, finish_reason: finish } = isObject(choice) ? choice : {}
  if (isObject(delta)) return line(Object.keys(delta).length === 0 ? undefined : delta, finish)
  return line("usage", event["usage"])
}

/** A stream of Chat Completions: the deltas, the finish reason, and the usage. */
export const ofChat = (events: ReadonlyArray<JsonObject>): ReadonlyArray<string> => events.map(chatLine)

const responsesLine = (event: JsonObject): string => {
  const item = inside(event, "item")
  const { content_index: content, output_index: output, summary_index: summary } = event
  const words = event["delta"] ?? event["text"] ?? event["arguments"]
  return line(String(event["type"]).replace("response.", ""), output, content ?? summary, item["type"], item["call_id"], item["name"], words)
}

/** A stream of Responses: `output_item.added 0 message`, `output_text.delta 0 0 Hi`: type, place, what is said. */
export const ofResponses = (events: ReadonlyArray<JsonObject>): ReadonlyArray<string> => events.map(responsesLine)
