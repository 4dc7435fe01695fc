/** What tests of the Responses dialect share: valid values that only it has, whole streams, and a reader as strict as the strictest client. */
import type { Frame } from "@sluice/protocol/CanonicalEvent"
import type { AnswerContext } from "@sluice/protocol/Dialect"
import type { WireEvent } from "@sluice/protocol/Sse"
import type { JsonObject } from "@sluice/protocol/Wire"
import type { Vocabulary } from "../../../testing/src/Arbitraries.ts"
import { contextFor, decodeStream, encodeStream, plainRequest } from "../../../testing/src/laws/Codec.ts"
import { dialect, id } from "../../src/responses/Dialect.ts"

const search = { id: "ws_1", type: "web_search_call", status: "completed", action: { type: "search", query: "x" } }
const remote = { id: "mcp_1", type: "mcp_call", status: "completed", server_label: "s", name: "f", arguments: "{}", output: "1", error: null }
const reference = { type: "item_reference", id: "msg_1" }
const clip = { type: "input_clip", clip: "c1" }

/** What only Responses can say: sealed thinking, items of server tools, references, stored conversations. */
export const vocabulary: Vocabulary = {
  dialect: id,
  seals: true,
  parts: [
    { type: "foreign", dialect: id, name: search.type, value: search },
    { type: "foreign", dialect: id, name: "content.input_clip", value: clip }
  ],
  turns: [{ role: "foreign", parts: [{ type: "foreign", dialect: id, name: reference.type, value: reference }] }],
  tools: [
    { type: "provider", dialect: id, name: "web_search", value: { type: "web_search" } },
    { type: "provider", dialect: id, name: "mcp", value: { type: "mcp", server_label: "s", server_url: "https://example.com/mcp" } }
  ],
  toolChoices: [{ type: "provider", dialect: id, value: { type: "web_search" } }],
  blocks: [
    { kind: "foreign", native: { dialect: id, name: search.type, value: search } },
    { kind: "server-tool", native: { dialect: id, name: remote.type, value: remote } }
  ],
  events: [{
    type: "foreign",
    dialect: id,
    name: "response.web_search_call.searching",
    value: { type: "response.web_search_call.searching", item_id: "ws_1", output_index: 0 }
  }],
  annotations: [],
  fields: [
    { conversation: "conv_1" },
    { truncation: "auto" },
    { previousResponse: "resp_1" },
    { background: true },
    { include: ["reasoning.encrypted_content"] },
    { headers: { "openai-beta": "a,b" } }
  ]
}

/** The context of an answer. */
export const context = (request = plainRequest): AnswerContext => contextFor(request)

/** A stream of this dialect's events. */
export const wire = (...values: ReadonlyArray<JsonObject>): ReadonlyArray<WireEvent> =>
  values.map((value) => ({ name: String(value["type"]), data: JSON.stringify(value) }))

/** The frames of a stream. */
export const decode = (events: ReadonlyArray<WireEvent>): ReadonlyArray<Frame> => decodeStream(dialect, events)

/** The payloads of frames written as a stream. */
export const encode = (frames: ReadonlyArray<Frame>, answer = context()): ReadonlyArray<JsonObject> =>
  encodeStream(dialect, frames, answer).map(({ data }) => JSON.parse(data))
