import { describe, it } from "@effect/vitest"
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import type { JsonObject } from "@sluice/protocol/Wire"
import { assert } from "vitest"
import { bare, chunk, context, elsewhere, finished, frames, payloads, trailer, write } from "./Chat.ts"

const start: CanonicalEvent = { type: "start", id: "msg_1", model: "claude", created: 9 }
const open = (index: number, kind: "text" | "reasoning" | "refusal"): CanonicalEvent => ({ type: "block-start", choice: 0, index, kind })
const openCall = (index: number, id: string, name: string, kind: "function" | "custom" = "function"): CanonicalEvent => ({
  type: "block-start",
  choice: 0,
  index,
  kind: "tool-call",
  call: { kind, id, name }
})
const says = (index: number, text: string): CanonicalEvent => ({ type: "text-delta", choice: 0, index, text })
const thinks = (index: number, text: string): CanonicalEvent => ({ type: "reasoning-delta", choice: 0, index, text })
const args = (index: number, text: string): CanonicalEvent => ({ type: "tool-arguments-delta", choice: 0, index, text })
const close = (index: number): CanonicalEvent => ({ type: "block-end", choice: 0, index })
const finish: CanonicalEvent = { type: "finish", choice: 0, reason: "stop" }
const end: CanonicalEvent = { type: "end" }

const deltas = (all: ReadonlyArray<Frame>, told = context(false)): ReadonlyArray<unknown> =>
  payloads(write(all, told)).map((payload) => {
    if (typeof payload === "string") return payload
    const choices = payload["choices"] as ReadonlyArray<JsonObject> | undefined
    const [choice] = choices ?? []
    return choice === undefined ? payload : choice["finish_reason"] ?? choice["delta"]
  })

describe("frames from another dialect", () => {
  it("are chunks with one id, the role in the first, the finish alone and the mark last", () => {
    const written = payloads(write(bare(start, open(0, "text"), says(0, "Hi"), close(0), finish, end), context(false)))
    const head = { id: "msg_1", object: "chat.completion.chunk", created: 9, model: "claude" }
    assert.deepStrictEqual(written, [
      { ...head, choices: [{ index: 0, delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null }] },
      { ...head, choices: [{ index: 0, delta: { content: "Hi" }, logprobs: null, finish_reason: null }] },
      { ...head, choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: "stop" }] },
      "[DONE]"
    ])
  })

  it("get an id, a date and a model where they have none", () => {
    const [first] = payloads(write(bare({ type: "start" }, open(0, "text"))))
    assert.deepInclude(first as JsonObject, { id: "chatcmpl-exchange", created: 1_700_000_000, model: "asked-model" })
  })

  it("tell usage in a chunk of its own, only where it was asked for, merged from all snapshots", () => {
    const all = bare(
      { type: "usage", usage: { input: 5 } },
      start,
      open(0, "text"),
      says(0, "a"),
      close(0),
      finish,
      { type: "usage", usage: { output: 2 } },
      end
    )
    const asked = payloads(write(all))
    assert.deepInclude(asked.at(-2) as JsonObject, { choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } })
    assert.isNull((asked[0] as JsonObject)["usage"])
    assert.isFalse(JSON.stringify(write(all, context(false))).includes("usage"))
  })

  it("say thinking beside the content, and lose its seals", () => {
    const told = context(false)
    const sealed: CanonicalEvent = { type: "signature", choice: 0, index: 0, signature: { by: elsewhere, value: "s" } }
    assert.deepStrictEqual(
      deltas(bare(start, open(0, "reasoning"), thinks(0, "hm"), sealed, close(0), open(1, "text"), says(1, "a"), close(1), finish, end), told),
      [
        { role: "assistant", content: "" },
        { reasoning_content: "hm" },
        { content: "a" },
        "stop",
        "[DONE]"
      ]
    )
    assert.deepStrictEqual(told.sink.losses.map(({ canonical }) => canonical), ["/choices/0/parts/0/signature"])
  })

  it("number calls from 0, with id, type and name in the first piece", () => {
    const all = bare(
      start,
      open(0, "text"),
      close(0),
      openCall(1, "a", "f"),
      args(1, "{}"),
      close(1),
      openCall(2, "b", "g", "custom"),
      args(2, "ls"),
      close(2),
      finish,
      end
    )
    assert.deepStrictEqual(deltas(all).slice(1, -2), [
      { tool_calls: [{ index: 0, id: "a", type: "function", function: { name: "f", arguments: "" } }] },
      { tool_calls: [{ index: 0, function: { arguments: "{}" } }] },
      { tool_calls: [{ index: 1, id: "b", type: "custom", custom: { name: "g", input: "" } }] },
      { tool_calls: [{ index: 1, custom: { input: "ls" } }] }
    ])
  })

  it("give a call without arguments an empty object, because clients parse the text", () => {
    assert.deepStrictEqual(deltas(bare(start, openCall(0, "a", "f"), close(0))), [
      { role: "assistant", content: null, tool_calls: [{ index: 0, id: "a", type: "function", function: { name: "f", arguments: "" } }] },
      { tool_calls: [{ index: 0, function: { arguments: "{}" } }] }
    ])
  })

  it("with blocks open at the same time say one after the other, calls alone interleave", () => {
    const all = bare(
      start,
      open(0, "text"),
      open(1, "text"),
      openCall(2, "a", "f"),
      says(1, "B"),
      says(0, "A"),
      args(2, "{}"),
      close(0),
      says(1, "C"),
      close(1),
      close(2),
      finish,
      end
    )
    assert.deepStrictEqual(deltas(all), [
      { role: "assistant", content: "" },
      { tool_calls: [{ index: 0, id: "a", type: "function", function: { name: "f", arguments: "" } }] },
      { content: "A" },
      { tool_calls: [{ index: 0, function: { arguments: "{}" } }] },
      { content: "B" },
      { content: "C" },
      "stop",
      "[DONE]"
    ])
  })

  it("whose block is only restated at its end say it then", () => {
    assert.deepStrictEqual(deltas(bare(start, open(0, "text"), { type: "block-end", choice: 0, index: 0, final: { type: "text", text: "all" } })).slice(1), [{
      content: "all"
    }])
  })

  it("cite by URL and give log probabilities; other annotations are lost", () => {
    const told = context(false)
    const note = (annotation: Extract<CanonicalEvent, { readonly type: "annotation" }>["annotation"]): CanonicalEvent => ({
      type: "annotation",
      choice: 0,
      index: 0,
      annotation
    })
    const all = bare(
      start,
      open(0, "text"),
      note({ kind: "citation", url: "https://e.x", start: 1, end: 2 }),
      note({ kind: "citation", quote: "q" }),
      note({ kind: "logprobs", of: "text", tokens: [{ token: "a", logprob: -1 }] }),
      close(0),
      finish,
      end
    )
    const written = payloads(write(all, told)) as ReadonlyArray<{ readonly choices: ReadonlyArray<JsonObject> }>
    assert.deepStrictEqual(written[1]?.choices[0]?.["delta"], {
      annotations: [{ type: "url_citation", url_citation: { start_index: 1, end_index: 2, url: "https://e.x", title: "https://e.x" } }]
    })
    assert.deepStrictEqual(written[2]?.choices[0]?.["logprobs"], { content: [{ token: "a", logprob: -1, bytes: null, top_logprobs: [] }], refusal: null })
    assert.deepStrictEqual(told.sink.losses.map(({ canonical }) => canonical), ["/choices/0/annotations"])
  })

  it("that only their dialect knows are dropped with a loss", () => {
    const told = context(false)
    const native = { dialect: elsewhere, name: "x", value: 1 }
    const all = bare(
      start,
      { type: "ping" },
      { type: "foreign", ...native },
      { type: "block-start", choice: 0, index: 0, kind: "server-tool", native },
      close(0),
      finish,
      end
    )
    assert.deepStrictEqual(deltas(all, told), [{ role: "assistant", content: "" }, "stop", "[DONE]"])
    assert.deepStrictEqual(told.sink.losses.map(({ canonical }) => canonical), ["/foreignEvents", "/choices/0/parts/0"])
  })

  it("that fail end with the error: no finish and no mark", () => {
    const written = payloads(write(bare(start, open(0, "text"), says(0, "a"), { type: "error", failure: { class: "overloaded", message: "busy" } }, end)))
    assert.deepStrictEqual(written.at(-1), { error: { message: "busy", type: "server_error", param: null, code: "overloaded" } })
    assert.strictEqual(written.filter((payload) => payload === "[DONE]").length, 0)
  })

  it("that fail by the gateway's credential do not show the provider's words", () => {
    const [error] = write(bare({ type: "error", failure: { class: "provider-auth", message: "key sk-123 is wrong" } }))
    assert.isFalse(error?.data.includes("sk-123"))
  })
})

describe("frames of this dialect", () => {
  const stream = [
    chunk({ role: "assistant", content: "" }, {}, { system_fingerprint: "fp", usage: null }),
    chunk({ content: "old", odd: 1 }, { logprobs: null }, { obfuscation: "x" }),
    finished("stop"),
    trailer({ usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4, cost: 1 } }),
    "[DONE]"
  ]
  const decoded = frames(stream)
  const editing = (change: (event: CanonicalEvent) => CanonicalEvent): ReadonlyArray<Frame> =>
    decoded.map((frame) => {
      const events = frame.events.map(change)
      return events.some((event, index) => event !== frame.events[index]) ? { ...frame, events } : frame
    })

  it("leave as they came", () => {
    assert.deepStrictEqual(payloads(write(decoded)), stream)
  })

  it("show an edit of their text and nothing else", () => {
    const written = payloads(write(editing((event) => event.type === "text-delta" ? { ...event, text: "new" } : event)))
    assert.deepStrictEqual(written, stream.with(1, chunk({ content: "new", odd: 1 }, { logprobs: null }, { obfuscation: "x" })))
  })

  it("show an edit of the finish, of the model and of single counts", () => {
    const finishes = payloads(write(editing((event) => event.type === "finish" ? { ...event, reason: "length" } : event)))
    assert.deepStrictEqual(finishes, stream.with(2, finished("length")))
    const [first] = payloads(write(editing((event) => event.type === "start" ? { ...event, model: "alias" } : event)))
    assert.deepStrictEqual(first, { ...(stream[0] as JsonObject), model: "alias" })
    const usage = payloads(write(editing((event) => event.type === "usage" ? { ...event, usage: { ...event.usage, output: 2 } } : event)))
    assert.deepStrictEqual(usage[3], trailer({ usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5, cost: 1 } }))
  })

  it("that an interceptor emptied are gone", () => {
    const without = decoded.map((frame) => frame.events.some((event) => event.type === "text-delta") ? { ...frame, events: [] } : frame)
    assert.deepStrictEqual(payloads(write(without)), stream.filter((_, index) => index !== 1))
  })

  it("mix with frames that an interceptor added", () => {
    const [first, ...rest] = decoded
    const added = first === undefined ? [] : [first, { events: [says(0, "added ")] }, ...rest]
    const [, second] = payloads(write(added)) as ReadonlyArray<{ readonly id: string; readonly choices: ReadonlyArray<JsonObject> }>
    assert.strictEqual(second?.id, "c1")
  })

  it("do not repeat usage that their provider told in the middle of a stream it did not end", () => {
    const all = frames([chunk({ content: "a" }, {}, { usage: { prompt_tokens: 1, completion_tokens: 1 } }), finished("stop")])
    assert.deepStrictEqual(payloads(write(all)).slice(2), ["[DONE]"])
  })

  it("keep the names of their thinking when it is edited", () => {
    const thinking = frames([chunk({ reasoning: "old", reasoning_details: [{ type: "reasoning.text", text: "old", index: 0 }] }), finished("stop"), "[DONE]"])
    const edited = thinking.map((frame) => ({
      ...frame,
      events: frame.events.map((event): CanonicalEvent => event.type === "reasoning-delta" ? { ...event, text: "new" } : event)
    }))
    assert.deepStrictEqual(payloads(write(edited))[0], chunk({ reasoning: "new", reasoning_details: [{ type: "reasoning.text", text: "new", index: 0 }] }))
  })
})
