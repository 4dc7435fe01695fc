import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describe } from "vitest"
import { Simulator } from "../../src/Simulator.ts"
import { askJson } from "./ask.ts"

const weather = { type: "object", properties: { city: { type: "string" }, days: { type: "integer", minimum: 1 } }, required: ["city", "days"] }
const time = { type: "object", properties: { zone: { enum: ["UTC", "CET"] } }, required: ["zone"] }
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

const chatTools = [{ type: "function", function: { name: "weather", parameters: weather } }, { type: "function", function: { name: "time", parameters: time } }]
const messagesTools = [{ name: "weather", input_schema: weather }, { name: "time", input_schema: time }]

interface ChatCall {
  readonly id: string
  readonly function: { readonly name: string; readonly arguments: string }
}

const chat = (body: object) =>
  Effect.map(askJson("chat", "gpt-5", { body }), ({ body }) => {
    const [choice] = body.choices
    const calls: ReadonlyArray<ChatCall> = choice.message.tool_calls ?? []
    return { message: choice.message, finish_reason: choice.finish_reason, calls, names: calls.map((call) => call.function.name), usage: body.usage }
  })

interface Block {
  readonly type: string
  readonly text?: string
  readonly id?: string
  readonly name?: string
  readonly input?: object
}

const messages = (body: object) =>
  Effect.map(askJson("messages", "claude-opus", { body }), ({ body }) => {
    const content: ReadonlyArray<Block> = body.content
    const uses = content.filter((block) => block.type === "tool_use")
    const text = content.map((block) => block.text ?? "").join("")
    return { content, uses, text, stop_reason: body.stop_reason, stop_sequence: body.stop_sequence, usage: body.usage }
  })

const user = { role: "user", content: "How is it?" }

describe("auto on chat completions", () => {
  it.layer(Simulator.layer)((it) => {
    it.effect("quotes the user", () => Effect.map(chat({ messages: [user] }), ({ message }) => assert.strictEqual(message.content, "You said: How is it?")))
    it.effect("calls up to two offered tools with arguments of their schemas", () =>
      Effect.gen(function*() {
        const { calls, finish_reason } = yield* chat({ messages: [user], tools: chatTools })
        assert.strictEqual(finish_reason, "tool_calls")
        assert.deepStrictEqual(calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]), [
          ["weather", { city: "sample city", days: 1 }],
          ["time", { zone: "UTC" }]
        ])
        assert.isTrue(calls.every((call) => call.id.length <= 40))
      }))
    it.effect("keeps to tool_choice and parallel_tool_calls", () =>
      Effect.gen(function*() {
        const none = yield* chat({ messages: [user], tools: chatTools, tool_choice: "none" })
        const single = yield* chat({ messages: [user], tools: chatTools, parallel_tool_calls: false })
        const forced = yield* chat({ messages: [user], tools: chatTools, tool_choice: { type: "function", function: { name: "time" } } })
        assert.deepStrictEqual([none.names, single.names, forced.names], [[], ["weather"], ["time"]])
      }))
    it.effect("answers tool results by quoting them", () =>
      Effect.gen(function*() {
        const { message } = yield* chat({ messages: [user], tools: chatTools })
        const results = message.tool_calls.map((call: { id: string }, n: number) => ({ role: "tool", tool_call_id: call.id, content: `result ${n}` }))
        const next = yield* chat({ messages: [user, message, ...results], tools: chatTools })
        assert.strictEqual(next.message.content, "The tools said: \"result 0\" and \"result 1\".")
      }))
    it.effect("satisfies a response schema", () =>
      Effect.gen(function*() {
        const { message } = yield* chat({ messages: [user], response_format: { type: "json_schema", json_schema: { name: "x", schema: weather } } })
        assert.deepStrictEqual(JSON.parse(message.content), { city: "sample city", days: 1 })
      }))
    it.effect("counts images", () =>
      Effect.gen(function*() {
        const image = { type: "image_url", image_url: { url: `data:image/png;base64,${pixel}` } }
        const { message } = yield* chat({ messages: [{ role: "user", content: [{ type: "text", text: "What?" }, image, image] }] })
        assert.strictEqual(message.content, "I see 2 images. You said: What?")
      }))
    it.effect("thinks first when an effort is set", () =>
      Effect.gen(function*() {
        const { message, usage } = yield* chat({ messages: [user], reasoning_effort: "high" })
        assert.isAbove(message.reasoning_content.length, 10)
        assert.strictEqual(usage.completion_tokens_details.reasoning_tokens, Math.ceil(message.reasoning_content.length / 4))
      }))
    it.effect("stops at max tokens and at stop sequences, and gives as many choices as asked", () =>
      Effect.gen(function*() {
        const short = yield* chat({ messages: [user], max_tokens: 2 })
        const stopped = yield* chat({ messages: [user], stop: ["is", "How"] })
        assert.deepStrictEqual([short.message.content, short.finish_reason, short.usage.completion_tokens], ["You said", "length", 2])
        assert.deepStrictEqual([stopped.message.content, stopped.finish_reason], ["You said: ", "stop"])
        const { body } = yield* askJson("chat", "gpt-5", { body: { n: 3 } })
        assert.deepStrictEqual(body.choices.map((choice: { index: number }) => choice.index), [0, 1, 2])
      }))
    it.effect("counts four characters as a token", () =>
      Effect.gen(function*() {
        const { usage, message } = yield* chat({ messages: [{ role: "user", content: "x".repeat(401) }] })
        assert.deepStrictEqual([usage.prompt_tokens, usage.completion_tokens], [101, Math.ceil(message.content.length / 4)])
        assert.strictEqual(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens)
      }))
  })
})

describe("auto on messages", () => {
  it.layer(Simulator.layer)((it) => {
    it.effect("quotes the user", () => Effect.map(messages({ messages: [user] }), ({ text }) => assert.strictEqual(text, "You said: How is it?")))
    it.effect("calls tools, and quotes their results in the next turn", () =>
      Effect.gen(function*() {
        const asked = yield* messages({ messages: [user], tools: messagesTools })
        assert.deepStrictEqual(asked.uses.map((block) => [block.name, block.input]), [["weather", { city: "sample city", days: 1 }], ["time", { zone: "UTC" }]])
        assert.strictEqual(asked.stop_reason, "tool_use")
        const results = asked.uses.map((block, n) => ({ type: "tool_result", tool_use_id: block.id, content: [{ type: "text", text: `result ${n}` }] }))
        const { text } = yield* messages({
          messages: [user, { role: "assistant", content: asked.content }, { role: "user", content: results }],
          tools: messagesTools
        })
        assert.strictEqual(text, "The tools said: \"result 0\" and \"result 1\".")
      }))
    it.effect("keeps to tool_choice and disable_parallel_tool_use", () =>
      Effect.gen(function*() {
        const none = yield* messages({ messages: [user], tools: messagesTools, tool_choice: { type: "none" } })
        const single = yield* messages({ messages: [user], tools: messagesTools, tool_choice: { type: "auto", disable_parallel_tool_use: true } })
        const forced = yield* messages({ messages: [user], tools: messagesTools, tool_choice: { type: "tool", name: "time" } })
        const names = [none, single, forced].map((answer) => answer.uses.map((block) => block.name))
        assert.deepStrictEqual(names, [[], ["weather"], ["time"]])
      }))
    it.effect("accepts its own thoughts and calls back in a history", () =>
      Effect.gen(function*() {
        const thinking = { type: "enabled", budget_tokens: 1024 }
        const asked = yield* messages({ messages: [user], tools: messagesTools, thinking })
        assert.deepStrictEqual(asked.content.map((block) => block.type), ["thinking", "tool_use", "tool_use"])
        const results = asked.uses.map((block) => ({ type: "tool_result", tool_use_id: block.id, content: "ok" }))
        const next = yield* messages({
          messages: [user, { role: "assistant", content: asked.content }, { role: "user", content: results }],
          thinking,
          tools: messagesTools
        })
        assert.deepStrictEqual(next.content.map((block) => block.type), ["thinking", "text"])
      }))
    it.effect("satisfies a response schema, in either place of the protocol", () =>
      Effect.gen(function*() {
        const format = { type: "json_schema", schema: { ...weather, additionalProperties: false } }
        for (const body of [{ output_config: { format } }, { output_format: format }]) {
          const { text } = yield* messages({ messages: [user], ...body })
          assert.deepStrictEqual(JSON.parse(text), { city: "sample city", days: 1 })
        }
      }))
    it.effect("counts images, also those in tool results", () =>
      Effect.gen(function*() {
        const image = { type: "image", source: { type: "base64", media_type: "image/png", data: pixel } }
        const { text } = yield* messages({ messages: [{ role: "user", content: [image, { type: "text", text: "What?" }] }] })
        assert.strictEqual(text, "I see 1 image. You said: What?")
      }))
    it.effect("reports cache marks by their time to live", () =>
      Effect.gen(function*() {
        const mark = (text: string, ttl: string) => ({ type: "text", text, cache_control: { type: "ephemeral", ttl } })
        const { usage } = yield* messages({
          system: [mark("x".repeat(400), "1h")],
          messages: [{ role: "user", content: [mark("y".repeat(200), "5m"), { type: "text", text: "z".repeat(40) }] }]
        })
        assert.deepInclude(usage, { input_tokens: 10, cache_creation_input_tokens: 150, cache_read_input_tokens: 0 })
        assert.deepStrictEqual(usage.cache_creation, { ephemeral_5m_input_tokens: 50, ephemeral_1h_input_tokens: 100 })
      }))
    it.effect("stops at max_tokens and at stop sequences", () =>
      Effect.gen(function*() {
        const short = yield* messages({ messages: [user], max_tokens: 1 })
        const stopped = yield* messages({ messages: [user], stop_sequences: ["How"] })
        assert.deepStrictEqual([short.text, short.stop_reason], ["You ", "max_tokens"])
        assert.deepStrictEqual([stopped.text, stopped.stop_reason, stopped.stop_sequence], ["You said: ", "stop_sequence", "How"])
      }))
  })
})

describe("cached input", () => {
  it.layer(Simulator.layer)((it) => {
    it.effect("is inside the prompt at OpenAI and beside it at Anthropic", () =>
      Effect.gen(function*() {
        const body = { messages: [{ role: "user", content: "x".repeat(400) }] }
        const chat = yield* askJson("chat", "sim-cached", { body })
        const messages = yield* askJson("messages", "sim-cached", { body })
        assert.deepStrictEqual([chat.body.usage.prompt_tokens, chat.body.usage.prompt_tokens_details.cached_tokens], [100, 50])
        assert.deepStrictEqual([messages.body.usage.input_tokens, messages.body.usage.cache_read_input_tokens], [50, 50])
      }))
  })
})
