import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describe } from "vitest"
import { Simulator } from "../../src/Simulator.ts"
import { ask, askJson, request, send } from "./ask.ts"

const weather = { type: "object", properties: { city: { type: "string" }, days: { type: "integer", minimum: 1 } }, required: ["city", "days"] }
const time = { type: "object", properties: { zone: { enum: ["UTC", "CET"] } }, required: ["zone"] }
const tools = [{ type: "function", name: "weather", parameters: weather }, { type: "function", name: "time", parameters: time }]
const pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

interface Item {
  readonly type: string
  readonly name?: string
  readonly call_id?: string
  readonly arguments?: string
  readonly input?: string
  readonly content?: ReadonlyArray<{ readonly text: string }>
}

const responses = (body: object) =>
  Effect.map(askJson("responses", "gpt-5", { body: { input: "How is it?", ...body } }), ({ body }) => {
    const output: ReadonlyArray<Item> = body.output
    const calls = output.filter((item) => item.type.endsWith("_call"))
    const text = output.flatMap((item) => item.type === "message" ? (item.content ?? []).map((part) => part.text) : []).join("")
    const { status, incomplete_details } = body
    return { status, incomplete_details, output, calls, text, names: calls.map((call) => call.name), types: output.map((item) => item.type) }
  })

describe("auto on responses", () => {
  it.layer(Simulator.layer)((it) => {
    it.effect("quotes the user, whose input may be a text or items", () =>
      Effect.gen(function*() {
        const items = yield* responses({ input: [{ role: "user", content: [{ type: "input_text", text: "How is it?" }] }] })
        assert.deepStrictEqual([(yield* responses({})).text, items.text], ["You said: How is it?", "You said: How is it?"])
      }))
    it.effect("calls tools, and quotes their results in the next turn", () =>
      Effect.gen(function*() {
        const { calls, output, status } = yield* responses({ tools })
        assert.strictEqual(status, "completed")
        assert.deepStrictEqual(calls.map((call) => [call.name, JSON.parse(call.arguments ?? "")]), [["weather", { city: "sample city", days: 1 }], [
          "time",
          { zone: "UTC" }
        ]])
        const results = calls.map((call, n) => ({ type: "function_call_output", call_id: call.call_id, output: `result ${n}` }))
        const next = yield* responses({ tools, input: [{ role: "user", content: "Hi" }, ...output, ...results] })
        assert.strictEqual(next.text, "The tools said: \"result 0\" and \"result 1\".")
      }))
    it.effect("keeps to tool_choice and parallel_tool_calls", () =>
      Effect.gen(function*() {
        const none = yield* responses({ tools, tool_choice: "none" })
        const single = yield* responses({ tools, parallel_tool_calls: false })
        const forced = yield* responses({ tools, tool_choice: { type: "function", name: "time" } })
        assert.deepStrictEqual([none.names, single.names, forced.names], [[], ["weather"], ["time"]])
      }))
    it.effect("calls custom tools with free text, also those an item brings", () =>
      Effect.gen(function*() {
        const custom = { type: "custom", name: "patch" }
        const { calls } = yield* responses({ tools: [custom] })
        const added = yield* responses({ input: [{ type: "additional_tools", role: "developer", tools: [custom] }, { role: "user", content: "x" }] })
        assert.deepStrictEqual(calls.map((call) => [call.type, call.input]), [["custom_tool_call", "sample patch"]])
        assert.deepStrictEqual(added.names, ["patch"])
        const streamed = yield* ask("responses", "gpt-5", { stream: true, body: { tools: [custom] } })
        assert.match(streamed.text, /event: response.custom_tool_call_input.done\ndata: .*"input":"sample patch"/)
      }))
    it.effect("satisfies a response schema", () =>
      Effect.gen(function*() {
        const { text } = yield* responses({ text: { format: { type: "json_schema", name: "x", schema: weather } } })
        assert.deepStrictEqual(JSON.parse(text), { city: "sample city", days: 1 })
      }))
    it.effect("counts images", () =>
      Effect.gen(function*() {
        const { text } = yield* responses({
          input: [{ role: "user", content: [{ type: "input_text", text: "What?" }, { type: "input_image", image_url: pixel, detail: "auto" }] }]
        })
        assert.strictEqual(text, "I see 1 image. You said: What?")
      }))
    it.effect("thinks first when an effort is set", () =>
      Effect.gen(function*() {
        const thinking = yield* responses({ reasoning: { effort: "high" } })
        const silent = yield* responses({ reasoning: { effort: "none" } })
        assert.deepStrictEqual([thinking.types, silent.types], [["reasoning", "message"], ["message"]])
      }))
    it.effect("is incomplete at the most output tokens", () =>
      Effect.gen(function*() {
        const { status, text, incomplete_details } = yield* responses({ input: "x".repeat(100), max_output_tokens: 16 })
        assert.deepStrictEqual([status, text.length, incomplete_details], ["incomplete", 64, { reason: "max_output_tokens" }])
      }))
    it.effect("seals thoughts only for those who ask", () =>
      Effect.gen(function*() {
        const plain = yield* askJson("responses", "sim-reasoning")
        const sealed = yield* askJson("responses", "sim-reasoning", { body: { include: ["reasoning.encrypted_content"] } })
        assert.deepStrictEqual([typeof plain.body.output[0].encrypted_content, typeof sealed.body.output[0].encrypted_content], ["undefined", "string"])
      }))
  })
})

describe("other operations of responses", () => {
  it.layer(Simulator.layer)((it) => {
    it.effect("counts input tokens as generation does", () =>
      Effect.gen(function*() {
        const body = { input: "x".repeat(100) }
        const count = yield* send({ ...request("responses", "gpt-5", { body }), path: "/v1/responses/input_tokens" })
        const answer = yield* askJson("responses", "sim-text", { body })
        assert.deepStrictEqual(JSON.parse(count.text), { object: "response.input_tokens", input_tokens: 25 })
        assert.strictEqual(answer.body.usage.input_tokens, 25)
      }))
    it.effect("answers without /v1 too", () =>
      Effect.gen(function*() {
        const reply = yield* send({ ...request("responses", "sim-text"), path: "/responses" })
        assert.strictEqual(reply.status, 200)
      }))
  })
})
