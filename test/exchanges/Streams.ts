/** Pieces of streams as providers write them, from which tests of exchanges put answers together. */
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { sse } from "./Verbatim.ts"

/** A chunk of a chat stream. */
export const chunk = (delta: JsonObject, reason: string | null = null, more: JsonObject = {}): string =>
  sse({ id: "c1", object: "chat.completion.chunk", created: 5, model: "served-1", choices: [{ index: 0, delta, finish_reason: reason }], ...more })

/** A chunk of a chat stream that says text. */
export const said = (content: string): string => chunk({ content })

/** The end of a chat stream that goes as it should: finish, usage, mark. */
export const ended: ReadonlyArray<string> = [
  chunk({}, "stop"),
  sse({
    id: "c1",
    object: "chat.completion.chunk",
    created: 5,
    model: "served-1",
    choices: [],
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }
  }),
  sse("[DONE]")
]

/** An event of a stream of Messages. */
export const event = (value: { readonly type: string; readonly [key: string]: Json }): string => sse(value, value.type)

/** The beginning of a stream of Messages, with a text block that is open. */
export const opened: ReadonlyArray<string> = [
  event({
    type: "message_start",
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "served-2",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 7, output_tokens: 1 }
    }
  }),
  event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } })
]

/** A piece of the text block of a stream of Messages. */
export const spoken = (text: string): string => event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })

/** The end of a stream of Messages with an open text block. */
export const closed: ReadonlyArray<string> = [
  event({ type: "content_block_stop", index: 0 }),
  event({ type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 3 } }),
  event({ type: "message_stop" })
]

/** A whole chat answer. */
export const answer = (content: string): string =>
  JSON.stringify({
    id: "c1",
    object: "chat.completion",
    created: 5,
    model: "served-1",
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }
  })
