import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describe } from "vitest"
import { Simulator } from "../../src/Simulator.ts"
import { sealOf } from "../../src/simulator/Signatures.ts"
import { ask, askJson } from "./ask.ts"
import { responsesSchemas } from "./officialSchemas.ts"

const user = { role: "user", content: "Hi" }
const schema = { type: "object", properties: {} }
const tool = { type: "function", name: "look", parameters: schema }
const call = (id: string, more: object = {}) => ({ type: "function_call", call_id: id, name: "look", arguments: "{}", ...more })
const output = (id: string) => ({ type: "function_call_output", call_id: id, output: "done" })
const thought = (more: object = {}) => ({ type: "reasoning", id: "rs_sim1", summary: [], ...more })
const says = { type: "message", id: "msg_1", role: "assistant", content: [{ type: "output_text", text: "x", annotations: [] }] }
const format = (fields: object) => ({ text: { format: { type: "json_schema", name: "x", schema, ...fields } } })

/** What OpenAI refuses, and a word of why. */
const refusals: ReadonlyArray<readonly [name: string, body: object, reason: RegExp]> = [
  ["no model", { model: undefined }, /'model'/],
  ["no input", { input: undefined }, /must be provided/],
  ["an empty input", { input: [] }, /must be provided/],
  ["a parameter of chat completions", { messages: [user] }, /Unknown parameter: 'messages'/],
  ["max_tokens", { max_tokens: 100 }, /Unknown parameter: 'max_tokens'/],
  ["stop sequences", { stop: ["x"] }, /Unknown parameter: 'stop'/],
  ["15 output tokens", { max_output_tokens: 15 }, />= 16, but got 15/],
  ["temperature 3", { temperature: 3 }, /temperature/],
  ["a stream flag that is no boolean", { stream: "yes" }, /boolean/],
  ["stream_options without stream", { stream_options: { include_obfuscation: false } }, /stream/],
  ["include_usage", { stream: true, stream_options: { include_usage: true } }, /Unknown parameter: 'stream_options.include_usage'/],
  ["an earlier response", { previous_response_id: "resp_1" }, /not found/],
  ["an earlier response without the prefix", { previous_response_id: "chatcmpl-1" }, /begins with 'resp'/],
  ["an unknown effort", { reasoning: { effort: "enormous" } }, /enormous/],
  ["an unknown include", { include: ["everything"] }, /everything/],
  ["an unknown item", { input: [{ type: "tool_use" }] }, /tool_use/],
  ["an unknown role", { input: [{ role: "tool", content: "x" }] }, /'tool'/],
  ["a part of chat completions", { input: [{ role: "user", content: [{ type: "text", text: "x" }] }] }, /Invalid value: 'text'/],
  ["an input part of the assistant", { input: [{ role: "assistant", content: [{ type: "input_text", text: "x" }] }] }, /'output_text' and 'refusal'/],
  ["an image without a URL", { input: [{ role: "user", content: [{ type: "input_image", image_url: "cat.png" }] }] }, /URL/],
  ["a message id of chat completions", { input: [{ ...says, id: "chatcmpl-1" }, user] }, /begins with 'msg'/],
  ["a call whose item id is its call id", { input: [user, call("a", { id: "call_a" }), output("a")] }, /begins with 'fc'/],
  ["a thought with a foreign id", { input: [user, thought({ id: "th_1" }), says] }, /begins with 'rs'/],
  ["an id of 65 characters", { input: [user, call("a", { id: `fc_${"x".repeat(62)}` }), output("a")] }, /maximum length 64/],
  ["a call id of 65 characters", { input: [user, call("x".repeat(65)), output("x".repeat(65))] }, /maximum length 64/],
  ["a call without its output", { input: [user, call("a"), call("b"), output("a"), user] }, /No tool output found for function call b/],
  ["an output without its call", { input: [user, output("a")] }, /No tool call found for function call output with call_id a/],
  ["arguments that are no string", { input: [user, call("a", { arguments: {} }), output("a")] }, /arguments/],
  ["a custom call answered as a function", { input: [user, { type: "custom_tool_call", call_id: "a", name: "x", input: "y" }, output("a")] }, /call_id a/],
  ["a thought followed by nothing", { input: [user, thought()] }, /without its required following item/],
  ["a thought followed by the user", { input: [user, thought(), user] }, /without its required following item/],
  ["a forged seal", { input: [user, thought({ encrypted_content: "Zm9yZ2Vk" }), says] }, /could not be verified/],
  ["a tool in the form of chat completions", { tools: [{ type: "function", function: { name: "look" } }] }, /'tools\[0\].name'/],
  ["an unknown tool", { tools: [{ type: "retrieval" }] }, /retrieval/],
  ["a tool name with a dot", { tools: [{ ...tool, name: "a.b" }] }, /pattern/],
  ["parameters that are no object schema", { tools: [{ ...tool, parameters: { type: "string" } }] }, /look/],
  ["a strict tool that is open", { tools: [{ ...tool, strict: true }] }, /additionalProperties/],
  ["a forced tool that is not offered", { tools: [tool], tool_choice: { type: "function", name: "other" } }, /other/],
  ["a forced tool in the form of chat completions", { tools: [tool], tool_choice: { type: "function", function: { name: "look" } } }, /tool_choice.name/],
  ["a required tool without tools", { tool_choice: "required" }, /tools/],
  ["a format in the form of chat completions", { text: { format: { type: "json_schema", json_schema: { name: "x", schema } } } }, /text.format.name/],
  ["an open strict format", format({ strict: true }), /additionalProperties/],
  ["JSON that nobody spoke of", { text: { format: { type: "json_object" } } }, /'json'/],
  ["a body that is a list", { toJSON: () => [] }, /JSON/]
]

/** What is allowed in spite of a likeness to what is not. */
const allowed: ReadonlyArray<readonly [name: string, body: object]> = [
  ["16 output tokens", { max_output_tokens: 16 }],
  ["messages without a type", { input: [user, { role: "developer", content: "be brief" }, { role: "assistant", content: "ok" }, user] }],
  ["two calls answered in another order", { input: [user, call("a"), call("b"), output("b"), output("a")] }],
  ["a sealed thought without an id, storing nothing", {
    store: false,
    input: [user, { ...thought({ encrypted_content: sealOf("Hm") }), id: undefined }, says]
  }],
  ["an own thought that was stored", { input: [user, thought(), call("a", { id: "fc_1" }), output("a")] }],
  ["an output with parts", { input: [user, call("a"), { ...output("a"), output: [{ type: "input_text", text: "x" }] }] }],
  ["an empty list of tools", { tools: [] }],
  ["tools the service runs, one without a name", { tools: [{ type: "web_search" }, { type: "local_shell" }] }],
  ["a namespace and a custom tool", { tools: [{ type: "namespace", name: "n", description: "d", tools: [tool] }, { type: "custom", name: "apply_patch" }] }],
  ["an open format that is not strict", format({ strict: false })],
  ["nulls where fields may be absent", { temperature: null, tools: null, stream_options: null, reasoning: null }],
  ["what Codex adds", { client_metadata: { a: "b" }, store: false, include: ["reasoning.encrypted_content"] }]
]

describe("responses refuse", () => {
  it.layer(Simulator.layer)((it) => {
    for (const [name, body, reason] of refusals) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const reply = yield* askJson("responses", "sim-text", { body })
          assert.strictEqual(reply.status, 400)
          assert.deepStrictEqual(responsesSchemas.error(reply.body), [])
          assert.match(reply.body.error.message, reason)
        }))
    }
    it.effect("items that are stored nowhere, as not found", () =>
      Effect.gen(function*() {
        for (
          const input of [[user, thought({ id: "rs_elsewhere" }), says], [{ type: "item_reference", id: "msg_1" }, user]]
        ) {
          const reply = yield* askJson("responses", "sim-text", { body: { input } })
          assert.deepStrictEqual([reply.status, /not found/.test(reply.body.error.message)], [404, true])
        }
        const own = yield* askJson("responses", "sim-text", { body: { store: false, input: [user, thought(), says] } })
        assert.strictEqual(own.status, 404)
      }))
  })
})

describe("responses accept", () => {
  it.layer(Simulator.layer)((it) => {
    for (const [name, body] of allowed) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const reply = yield* ask("responses", "sim-text", { body })
          assert.strictEqual(reply.status, 200, reply.text)
          assert.deepStrictEqual(responsesSchemas.body({ ...JSON.parse(reply.text), tools: [] }), [])
        }))
    }
  })
})

describe("errors of responses", () => {
  it.layer(Simulator.layer)((it) => {
    it.effect("have the words of OpenAI, streamed or not", () =>
      Effect.gen(function*() {
        for (const [status, type] of [[400, "invalid_request_error"], [401, "invalid_request_error"], [429, "requests"], [500, "server_error"]] as const) {
          for (const stream of [false, true]) {
            const reply = yield* askJson("responses", `sim-error;status=${status}`, { stream })
            assert.deepStrictEqual([reply.status, reply.body.error.type, responsesSchemas.error(reply.body)], [status, type, []])
          }
        }
      }))
    it.effect("tell quota, overflow and unknown models apart", () =>
      Effect.gen(function*() {
        const codes = []
        for (const scenario of ["quota", "context-overflow", "unknown-model", "no-such-scenario"]) {
          const { status, body } = yield* askJson("responses", `sim-${scenario}`)
          codes.push([status, body.error.code])
        }
        assert.deepStrictEqual(codes, [[429, "insufficient_quota"], [400, "context_length_exceeded"], [400, "model_not_found"], [400, "model_not_found"]])
      }))
    it.effect("name a key that is missing or bad", () =>
      Effect.gen(function*() {
        const missing = yield* askJson("responses", "sim-text", { headers: { authorization: "" } })
        const bad = yield* askJson("responses", "sim-text", { headers: { authorization: "Bearer bad-key" } })
        assert.deepStrictEqual([missing.status, missing.body.error.code, bad.status, bad.body.error.code], [401, "missing_api_key", 401, "invalid_api_key"])
      }))
    it.effect("inside a stream are nested and end in a failed response; before it they are flat", () =>
      Effect.gen(function*() {
        const late = yield* ask("responses", "sim-stream-error;status=429", { stream: true })
        assert.match(late.text, /event: error\ndata: .*"error":\{"type":"rate_limit_exceeded"[^]*event: response.failed\ndata: .*"status":"failed"/)
        const early = yield* ask("responses", "sim-stream-error;after=0", { stream: true })
        assert.match(early.text, /^event: error\ndata: \{"type":"error","sequence_number":0,"code":"server_error","message":"[^"]+","param":null\}\n\n$/)
      }))
  })
})
