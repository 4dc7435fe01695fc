import { describe, it } from "@effect/vitest"
import { isUntouched } from "@sluice/protocol/CanonicalEvent"
import * as Collect from "@sluice/protocol/Collect"
import * as Grammar from "@sluice/protocol/Grammar"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { assert } from "vitest"
import { dialect } from "../../src/chat/Dialect.ts"
import { bare, chunk, context, finished, frames, lines } from "./Chat.ts"

const body = (message: JsonObject, more: JsonObject = {}, top: JsonObject = {}): JsonObject => ({
  id: "c1",
  object: "chat.completion",
  created: 5,
  model: "m1",
  choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: "stop", ...more }],
  ...top
})

const read = (value: Json) => {
  const frame = dialect.response.decode(value)
  assert.isFalse(Grammar.isViolation(Grammar.check(Grammar.initial, frame.events)))
  return frame
}
const answer = (value: Json) => Collect.collectFrames([read(value)])
const call = { id: "a", type: "function", function: { name: "f", arguments: "{}" } }

describe("a whole answer", () => {
  it("is one frame that carries it, and leaves as the very same body", () => {
    const value = body({ content: "hi", odd: 1 }, { logprobs: null }, { service_tier: "default", usage: { prompt_tokens: 1, completion_tokens: 1 } })
    const frame = read(value)
    assert.isTrue(isUntouched(frame))
    assert.strictEqual(dialect.response.encode([frame], context()), value)
  })

  it("says what the stream of the same answer says", () => {
    const message = { content: "text", reasoning_content: "hm", tool_calls: [call], refusal: null }
    const streamed = Collect.collectFrames(
      frames([
        chunk({ reasoning_content: "hm" }),
        chunk({ content: "te" }),
        chunk({ content: "xt" }),
        chunk({ tool_calls: [{ index: 0, ...call }] }),
        finished("tool_calls"),
        "[DONE]"
      ])
    )
    assert.deepStrictEqual(answer(body(message, { finish_reason: "tool_calls" })), streamed)
  })

  it("may hold several choices, structured content as an object, sound, a deprecated call", () => {
    const two = {
      ...body({ content: { a: 1 } }),
      choices: [{ index: 1, message: { content: "b" }, finish_reason: "stop" }, { index: 0, message: { content: { a: 1 } }, finish_reason: "length" }]
    }
    assert.deepStrictEqual(answer(two).choices.map(({ parts, finish }) => [parts[0]?.part, finish?.reason]), [
      [{ type: "text", text: "{\"a\":1}" }, "length"],
      [{ type: "text", text: "b" }, "stop"]
    ])
    assert.deepStrictEqual(answer(body({ audio: { id: "au", data: "AA", transcript: "t", expires_at: 1 } })).choices[0]?.parts[0]?.item, { id: "au" })
    assert.deepStrictEqual(lines(read(body({ function_call: { name: "f", arguments: "{}" } }, { finish_reason: "function_call" })).events).slice(1, 3), [
      "start 0.0 function call_f f",
      "0.0 {}"
    ])
  })

  it("without a finish is told as missing one", () => {
    assert.strictEqual(answer(body({ content: "a" }, { finish_reason: null })).choices[0]?.finish?.reason, "missing")
  })

  it("that is none is an error", () => {
    assert.deepStrictEqual(lines(read({ error: { message: "x", code: "server_error" } }).events), ["error transient"])
    assert.deepStrictEqual(lines(read({ choices: [] }).events), ["error empty"])
    assert.deepStrictEqual(lines(read("text").events), ["error protocol-violation"])
    assert.deepStrictEqual(lines(read({ choices: [{ message: { content: "a" }, index: 0 }, { message: { content: "b" }, index: 0 }] }).events), [
      "error protocol-violation"
    ])
  })

  it("shows an edit and changes nothing else", () => {
    const value = body({ content: "old", reasoning: "hm", odd: 1 }, { native_finish_reason: "STOP" }, {
      provider: "p",
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2, cost: 3 }
    })
    const frame = read(value)
    const events = frame.events.map((event) => event.type === "text-delta" ? { ...event, text: "new" } : event)
    assert.deepStrictEqual(dialect.response.encode([{ ...frame, events }], context()), {
      ...value,
      choices: [{ index: 0, message: { role: "assistant", content: "new", reasoning: "hm", odd: 1 }, finish_reason: "stop", native_finish_reason: "STOP" }]
    })
  })

  it("from another dialect has every key the specification requires", () => {
    const written = dialect.response.encode(
      bare(
        { type: "start", id: "msg_1" },
        { type: "block-start", choice: 0, index: 0, kind: "reasoning" },
        { type: "reasoning-delta", choice: 0, index: 0, text: "hm" },
        { type: "block-end", choice: 0, index: 0 },
        { type: "block-start", choice: 0, index: 1, kind: "text" },
        { type: "text-delta", choice: 0, index: 1, text: "a" },
        { type: "block-end", choice: 0, index: 1 },
        { type: "block-start", choice: 0, index: 2, kind: "tool-call", call: { kind: "function", id: "t", name: "f" } },
        { type: "block-end", choice: 0, index: 2 },
        { type: "finish", choice: 0, reason: "tool-calls" },
        { type: "usage", usage: { input: 2, cacheRead: 3, output: 4 } },
        { type: "end" }
      ),
      context(false)
    )
    assert.deepStrictEqual(written, {
      id: "msg_1",
      object: "chat.completion",
      created: 1_700_000_000,
      model: "asked-model",
      choices: [{
        index: 0,
        message: {
          role: "assistant",
          content: "a",
          refusal: null,
          reasoning_content: "hm",
          tool_calls: [{ id: "t", type: "function", function: { name: "f", arguments: "{}" } }]
        },
        logprobs: null,
        finish_reason: "tool_calls"
      }],
      usage: { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9, prompt_tokens_details: { cached_tokens: 3 } }
    })
  })
})
