import { describe, it } from "@effect/vitest"
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import * as Collect from "@sluice/protocol/Collect"
import { type Json, type JsonObject, valueIn } from "@sluice/protocol/Wire"
import { assert } from "vitest"
import { decodeRequest } from "../../../testing/src/laws/Codec.ts"
import { dialect } from "../../src/responses/Dialect.ts"
import { context, decode as decodeStream, encode as encodeStream, wire } from "./Responses.ts"

const message = { id: "msg_1", type: "message", status: "completed", role: "assistant", content: [{ type: "output_text", text: "Hi", annotations: [] }] }
const body: JsonObject = {
  id: "resp_1",
  object: "response",
  created_at: 7,
  status: "completed",
  model: "m",
  error: null,
  output: [{ id: "rs_1", type: "reasoning", summary: [] }, message],
  usage: { input_tokens: 3, output_tokens: 9, output_tokens_details: { reasoning_tokens: 7 } },
  billing: { payer: "x" }
}

const decode = (value: Json) => dialect.response.decode(value)
const answer = (value: Json) => Collect.collectFrames([decode(value)])

describe("a body", () => {
  it("goes back as the very same object", () => {
    assert.strictEqual(dialect.response.encode([decode(body)], context()), body)
  })

  it("is an answer in which thinking without words is nothing", () => {
    const { choices, usage } = answer(body)
    assert.deepStrictEqual(choices[0]?.parts.map(({ part }) => part.type), ["text"])
    assert.deepStrictEqual(usage, { input: 3, output: 2, reasoning: 7 })
  })

  it("shows an edit and keeps everything else", () => {
    const frame = decode(body)
    const events = frame.events.map((event): CanonicalEvent => event.type === "text-delta" ? { ...event, text: "Bye" } : event)
    const edited = dialect.response.encode([{ ...frame, events }], context())
    assert.deepStrictEqual(edited["billing"], body["billing"])
    assert.include(JSON.stringify(edited["output"]), "Bye")
    assert.notInclude(JSON.stringify(edited["output"]), "Hi")
  })

  it("that refuses in words is a refusal", () => {
    const refusing = { ...body, output: [{ ...message, content: [{ type: "refusal", refusal: "No." }] }] }
    assert.strictEqual(answer(refusing).choices[0]?.finish?.reason, "refusal")
  })

  it.each([["queued", "pending"], ["in_progress", "pending"], ["cancelled", "other"]])("with the status %s is %s", (status, reason) => {
    assert.strictEqual(answer({ ...body, status, output: [] }).choices[0]?.finish?.reason, reason)
  })

  it.each<[string, Json, string]>([
    ["failed", { ...body, status: "failed", error: { code: "server_error", message: "Oops" }, output: [] }, "transient"],
    ["is an error", { error: { message: "No", code: "context_length_exceeded" } }, "context-overflow"],
    ["is something else", { hello: 1 }, "protocol-violation"],
    ["is no object", [1], "protocol-violation"]
  ])("that %s is a failure", (_, value, expected) => {
    assert.strictEqual(answer(value).failure?.class, expected)
  })

  it("answers a stream by its events, without losing the words", () => {
    const values = encodeStream([decode(body)])
    assert.strictEqual(values[0]?.["type"], "response.created")
    assert.strictEqual(values.at(-1)?.["type"], "response.completed")
    assert.deepInclude(Collect.collectFrames(decodeStream(wire(...values))).choices[0]?.parts[0]?.part, { type: "text", text: "Hi" })
  })
})

describe("a stream that answers a buffered request", () => {
  const terminal = (output: ReadonlyArray<JsonObject>) =>
    decodeStream(wire(
      { type: "response.created", response: { id: "resp_1" } },
      { type: "response.output_item.added", output_index: 0, item: { ...message, content: [] } },
      { type: "response.output_text.delta", output_index: 0, content_index: 0, delta: "Hi" },
      { type: "response.output_item.done", output_index: 0, item: message },
      { type: "response.completed", response: { ...body, output } }
    ))

  it("is the answer of its terminal", () => {
    const { output: _, ...rest } = body
    assert.deepStrictEqual(dialect.response.encode(terminal([message]), context()), { ...rest, output: [message] })
  })

  it("gets the output that was streamed where the terminal has none", () => {
    const found = dialect.response.encode(terminal([]), context())
    assert.deepStrictEqual(found["billing"], body["billing"])
    assert.include(JSON.stringify(found["output"]), "\"text\":\"Hi\"")
  })
})

describe("an answer from elsewhere", () => {
  const events: ReadonlyArray<CanonicalEvent> = [
    { type: "start", model: "m" },
    { type: "block-start", choice: 0, index: 0, kind: "text" },
    { type: "text-delta", choice: 0, index: 0, text: "Hi" },
    { type: "block-end", choice: 0, index: 0 },
    { type: "finish", choice: 0, reason: "stop" },
    { type: "end" }
  ]

  it("echoes tools and the conversation as the service does", () => {
    const body = {
      model: "gpt-5",
      input: "hi",
      conversation: "conv_1",
      tools: [{ type: "function", name: "f" }, { type: "function", name: "g", parameters: {}, strict: false }, { type: "web_search" }]
    }
    const decoded = decodeRequest(dialect, body)
    if (decoded._tag !== "Success") return assert.fail(decoded.failure.message)
    assert.deepInclude(dialect.response.encode([{ events }], context(decoded.success)), {
      conversation: { id: "conv_1" },
      tools: [
        { type: "function", name: "f", parameters: null, strict: true },
        { type: "function", name: "g", parameters: {}, strict: false },
        { type: "web_search" }
      ]
    })
  })

  it("echoes what the client asked in this protocol", () => {
    const decoded = decodeRequest(dialect, { model: "m", input: "hi", instructions: "Be kind.", temperature: 0.5, metadata: { a: "b" } })
    assert.strictEqual(decoded._tag, "Success")
    if (decoded._tag !== "Success") return
    assert.isDefined(valueIn(dialect.id, decoded.success))
    assert.deepInclude(dialect.response.encode([{ events }], context(decoded.success)), {
      instructions: "Be kind.",
      temperature: 0.5,
      metadata: { a: "b" },
      tool_choice: "auto",
      previous_response_id: null
    })
  })

  it("says the same as the terminal of its stream", () => {
    const terminal = encodeStream(events.map((event) => ({ events: [event] }))).at(-1)
    assert.deepStrictEqual(dialect.response.encode([{ events }], context()), terminal?.["response"])
  })
})
