import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describe } from "vitest"
import { Simulator } from "../../src/Simulator.ts"
import { signatureOf } from "../../src/simulator/Signatures.ts"
import { ask, askJson } from "./ask.ts"
import { chatSchemas, messagesSchemas } from "./officialSchemas.ts"

const user = { role: "user", content: "Hi" }
const tool = { type: "function", function: { name: "look", parameters: { type: "object", properties: {} } } }
const call = (id: string) => ({ id, type: "function", function: { name: "look", arguments: "{}" } })
const calling = (...ids: ReadonlyArray<string>) => ({ role: "assistant", content: null, tool_calls: ids.map(call) })
const answering = (id: string) => ({ role: "tool", tool_call_id: id, content: "done" })
const strictTool = (parameters: object) => ({ type: "function", function: { name: "look", strict: true, parameters } })

/** What OpenAI refuses, and a word of why. */
const chatRefusals: ReadonlyArray<readonly [name: string, body: object, reason: RegExp]> = [
  ["no model", { model: undefined }, /model/],
  ["a model that is no string", { model: 7 }, /model/],
  ["no messages", { messages: undefined }, /messages/],
  ["empty messages", { messages: [] }, /empty array/],
  ["an unknown role", { messages: [{ role: "robot", content: "x" }] }, /robot/],
  ["a user without content", { messages: [{ role: "user" }] }, /content/],
  ["an unknown part", { messages: [{ role: "user", content: [{ type: "image", source: {} }] }] }, /'image'/],
  ["an image without a URL", { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "cat.png" } }] }] }, /URL/],
  ["an image from the assistant", { messages: [{ role: "assistant", content: [{ type: "image_url", image_url: { url: "https://x/" } }] }] }, /image_url/],
  ["a tool message without a call", { messages: [user, answering("a")] }, /preceeding/],
  ["a tool message for another call", { messages: [user, calling("a"), answering("b")] }, /not found/],
  ["a call without its answer", { messages: [user, calling("a", "b"), answering("a"), user] }, /did not have response messages: b/],
  ["a call at the end", { messages: [user, calling("a")] }, /did not have response messages: a/],
  ["the same answer twice", { messages: [user, calling("a"), answering("a"), answering("a")] }, /not found/],
  ["a call id of 41 characters", { messages: [user, calling("x".repeat(41)), answering("x".repeat(41))] }, /maximum length 40/],
  [
    "arguments that are no string",
    { messages: [user, { role: "assistant", tool_calls: [{ ...call("a"), function: { name: "look", arguments: {} } }] }] },
    /arguments/
  ],
  ["an empty list of tools", { tools: [] }, /tools/],
  ["a tool without a type", { tools: [{ name: "look" }] }, /function/],
  ["a tool name with a dot", { tools: [{ type: "function", function: { name: "a.b" } }] }, /pattern/],
  ["parameters that are no object schema", { tools: [{ type: "function", function: { name: "look", parameters: { type: "string" } } }] }, /look/],
  ["a strict tool that is open", { tools: [strictTool({ type: "object", properties: {}, required: [] })] }, /additionalProperties/],
  [
    "a strict tool with an optional property",
    { tools: [strictTool({ type: "object", properties: { a: { type: "string" } }, required: [], additionalProperties: false })] },
    /required/
  ],
  ["tool_choice without tools", { tool_choice: "auto" }, /tools/],
  ["parallel_tool_calls without tools", { parallel_tool_calls: true }, /tools/],
  ["a forced tool that is not offered", { tools: [tool], tool_choice: { type: "function", function: { name: "other" } } }, /other/],
  ["stream_options without stream", { stream_options: { include_usage: true } }, /stream/],
  ["a stream flag that is no boolean", { stream: "yes" }, /stream/],
  ["temperature 3", { temperature: 3 }, /temperature/],
  ["n of 0", { n: 0 }, /'n'/],
  ["five stop sequences", { stop: ["a", "b", "c", "d", "e"] }, /stop/],
  ["top_logprobs alone", { top_logprobs: 2 }, /logprobs/],
  ["both token limits", { max_tokens: 5, max_completion_tokens: 5 }, /same time/],
  ["an unknown effort", { reasoning_effort: "enormous" }, /enormous/],
  ["an unknown response format", { response_format: { type: "yaml" } }, /yaml/],
  ["a response schema without a name", { response_format: { type: "json_schema", json_schema: { schema: {} } } }, /name/],
  ["a body that is a list", { toJSON: () => [] }, /JSON/]
]

const schema = { type: "object", properties: {} }
const use = (id: string) => ({ type: "tool_use", id, name: "look", input: {} })
const result = (id: string) => ({ type: "tool_result", tool_use_id: id, content: "done" })
const says = (...content: ReadonlyArray<object>) => ({ role: "assistant", content })
const hears = (...content: ReadonlyArray<object>) => ({ role: "user", content })
const thought = (signature: string) => ({ type: "thinking", thinking: "Hm", signature })
const marked = (text: string) => ({ type: "text", text, cache_control: { type: "ephemeral" } })
const thinking = { type: "enabled", budget_tokens: 1024 }

/** What Anthropic refuses, and a word of why. */
const messagesRefusals: ReadonlyArray<readonly [name: string, body: object, reason: RegExp]> = [
  ["no model", { model: undefined }, /^model: Field required/],
  ["no max_tokens", { max_tokens: undefined }, /^max_tokens: Field required/],
  ["max_tokens of 0", { max_tokens: 0 }, /max_tokens/],
  ["max_tokens as text", { max_tokens: "9" }, /max_tokens/],
  ["no messages", { messages: undefined }, /^messages: Field required/],
  ["empty messages", { messages: [] }, /at least one message/],
  ["an unknown role", { messages: [{ role: "tool", content: "x" }] }, /role/],
  ["an unknown field", { frequency_penalty: 1 }, /frequency_penalty: Extra inputs/],
  ["temperature 2", { temperature: 2 }, /range: 0..1/],
  ["an empty text block", { messages: [hears({ type: "text", text: "" })] }, /non-empty/],
  ["a blank text block", { messages: [hears({ type: "text", text: " \n" })] }, /non-whitespace/],
  ["an empty message in the middle", { messages: [user, { role: "assistant", content: [] }, user] }, /non-empty content/],
  ["a result without its use", { messages: [user, says({ type: "text", text: "x" }), hears(result("a"))] }, /unexpected `tool_use_id`/],
  ["a use without its result", { messages: [user, says(use("a"), use("b")), hears(result("a"))] }, /without `tool_result` blocks immediately after: b/],
  ["a use at the end", { messages: [user, says(use("a"))] }, /without `tool_result`/],
  ["text before the results", { messages: [user, says(use("a")), hears({ type: "text", text: "x" }, result("a"))] }, /immediately after/],
  ["two results for one use", { messages: [user, says(use("a")), hears(result("a"), result("a"))] }, /single result/],
  ["a result from the assistant", { messages: [user, says(result("a"))] }, /can only be in `user`/],
  ["a use from the user", { messages: [hears(use("a"))] }, /can only be in `assistant`/],
  ["a use id with a dot", { messages: [user, says(use("a.b")), hears(result("a.b"))] }, /pattern/],
  ["input that is no object", { messages: [user, says({ ...use("a"), input: "{}" }), hears(result("a"))] }, /dictionary/],
  ["a forged signature", { messages: [user, says(thought("forged"), { type: "text", text: "x" }), user] }, /Invalid `signature`/],
  ["a thought without signature", { messages: [user, says({ type: "thinking", thinking: "Hm" }), user] }, /signature: Field required/],
  ["redacted data of somebody else", { messages: [user, says({ type: "redacted_thinking", data: "xyz" }), user] }, /redacted_thinking/],
  ["no thought before a use when thinking", { thinking, messages: [user, says(use("a")), hears(result("a"))] }, /Expected `thinking`/],
  ["a budget as large as max_tokens", { max_tokens: 2000, thinking: { type: "enabled", budget_tokens: 2000 } }, /greater than `thinking.budget_tokens`/],
  ["a budget under 1024", { thinking: { type: "enabled", budget_tokens: 100 } }, /1024/],
  ["thinking with a forced tool", { thinking, tools: [{ name: "look", input_schema: schema }], tool_choice: { type: "any" } }, /forces tool use/],
  ["thinking with temperature", { thinking, temperature: 0.5 }, /temperature/],
  ["a tool without a schema", { tools: [{ name: "look" }] }, /input_schema: Field required/],
  ["a tool schema without a type", { tools: [{ name: "look", input_schema: {} }] }, /input_schema.type: Field required/],
  ["a tool name with a dot", { tools: [{ name: "a.b", input_schema: schema }] }, /pattern/],
  ["two tools of one name", { tools: [{ name: "look", input_schema: schema }, { name: "look", input_schema: schema }] }, /unique/],
  ["a choice without tools", { tool_choice: { type: "auto" } }, /providing tools/],
  ["a forced tool that is not offered", { tools: [{ name: "look", input_schema: schema }], tool_choice: { type: "tool", name: "other" } }, /other/],
  ["five cache marks", { system: ["a", "b", "c"].map(marked), messages: [hears(marked("d"), marked("e"))] }, /maximum of 4/],
  ["an open response schema", { output_config: { format: { type: "json_schema", schema } } }, /additionalProperties/],
  ["an empty system block", { system: [{ type: "text", text: "" }] }, /non-empty/],
  ["a body that is a list", { toJSON: () => [] }, /dictionary/]
]

/** What is allowed in spite of a likeness to what is not. */
const chatAllowed: ReadonlyArray<readonly [name: string, body: object]> = [
  ["a call id of 40 characters", { messages: [user, calling("x".repeat(40)), answering("x".repeat(40))] }],
  ["two calls answered in another order", { messages: [user, calling("a", "b"), answering("b"), answering("a"), user] }],
  ["nulls where fields may be absent", { temperature: null, stop: null, tools: null, stream_options: null }],
  ["a developer message", { messages: [{ role: "developer", content: "be brief" }, user] }]
]

const messagesAllowed: ReadonlyArray<readonly [name: string, body: object, headers?: Record<string, string>]> = [
  ["the simulator's own signature", { thinking, messages: [user, says(thought(signatureOf("Hm")), use("a")), hears(result("a"))] }],
  ["results in two messages", { messages: [user, says(use("a"), use("b")), hears(result("a")), hears(result("b"))] }],
  ["text after the results", { messages: [user, says(use("a")), hears(result("a"), { type: "text", text: "and?" })] }],
  ["an empty prefill", { messages: [user, { role: "assistant", content: "" }] }],
  ["adaptive thinking and effort", { thinking: { type: "adaptive" }, output_config: { effort: "low" } }],
  ["a server tool", { tools: [{ type: "web_search_20250305", name: "web_search" }] }],
  ["a large budget with interleaved thinking", { max_tokens: 1500, thinking: { type: "enabled", budget_tokens: 2000 } }, {
    "anthropic-beta": "interleaved-thinking-2025-05-14"
  }],
  ["a system message between the others", { messages: [user, { role: "system", content: "note" }, user] }]
]

describe("chat completions refuse", () => {
  it.layer(Simulator.layer)((it) => {
    for (const [name, body, reason] of chatRefusals) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const reply = yield* askJson("chat", "sim-text", { body })
          assert.strictEqual(reply.status, 400)
          assert.deepStrictEqual(chatSchemas.error(reply.body), [])
          assert.match(reply.body.error.message, reason)
        }))
    }
  })
})

describe("chat completions accept", () => {
  it.layer(Simulator.layer)((it) => {
    for (const [name, body] of chatAllowed) {
      it.effect(name, () => Effect.map(ask("chat", "sim-text", { body }), (reply) => assert.strictEqual(reply.status, 200, reply.text)))
    }
  })
})

describe("messages refuse", () => {
  it.layer(Simulator.layer)((it) => {
    for (const [name, body, reason] of messagesRefusals) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const reply = yield* askJson("messages", "sim-text", { body })
          assert.strictEqual(reply.status, 400)
          assert.deepStrictEqual(messagesSchemas.error(reply.body), [])
          assert.match(reply.body.error.message, reason)
        }))
    }
  })
})

describe("messages accept", () => {
  it.layer(Simulator.layer)((it) => {
    for (const [name, body, headers = {}] of messagesAllowed) {
      it.effect(name, () => Effect.map(ask("messages", "sim-text", { body, headers }), (reply) => assert.strictEqual(reply.status, 200, reply.text)))
    }
  })
})

describe("keys", () => {
  it.layer(Simulator.layer)((it) => {
    for (const [name, key] of [["missing", ""], ["bad", "bad-key"]] as const) {
      it.effect(`a ${name} key is 401 in both protocols`, () =>
        Effect.gen(function*() {
          const chat = yield* askJson("chat", "sim-text", { headers: { authorization: key === "" ? "" : `Bearer ${key}` } })
          assert.deepStrictEqual([chat.status, chat.body.error.type], [401, "invalid_request_error"])
          const messages = yield* askJson("messages", "sim-text", { headers: { "x-api-key": key } })
          assert.deepStrictEqual([messages.status, messages.body.error.type], [401, "authentication_error"])
        }))
    }
    it.effect("messages need a version", () =>
      Effect.gen(function*() {
        const simulator = yield* Simulator
        const reply = yield* simulator.handle({ method: "POST", path: "/v1/messages", query: "", headers: { "x-api-key": "k" }, body: "{}" })
        assert.strictEqual(reply.status, 400)
      }))
  })
})

/** Statuses with the words each provider's error bodies use for them. */
const statuses: ReadonlyArray<readonly [status: number, chat: string, messages: string]> = [
  [400, "invalid_request_error", "invalid_request_error"],
  [401, "invalid_request_error", "authentication_error"],
  [403, "request_forbidden", "permission_error"],
  [404, "invalid_request_error", "not_found_error"],
  [429, "requests", "rate_limit_error"],
  [500, "server_error", "api_error"],
  [502, "server_error", "api_error"],
  [503, "server_error", "api_error"],
  [529, "server_error", "overloaded_error"]
]

describe("error statuses", () => {
  it.layer(Simulator.layer)((it) => {
    for (const [status, chatType, messagesType] of statuses) {
      it.effect(`${status} has the provider's own body, streamed or not`, () =>
        Effect.gen(function*() {
          for (const stream of [false, true]) {
            const chat = yield* askJson("chat", `sim-error;status=${status}`, { stream })
            assert.deepStrictEqual([chat.status, chat.body.error.type, chatSchemas.error(chat.body)], [status, chatType, []])
            const messages = yield* askJson("messages", `sim-error;status=${status}`, { stream })
            assert.deepStrictEqual([messages.status, messages.body.error.type, messagesSchemas.error(messages.body)], [status, messagesType, []])
          }
        }))
    }
    it.effect("413 says request_too_large, which the schema copy does not know", () =>
      Effect.gen(function*() {
        const reply = yield* askJson("messages", "sim-error;status=413")
        assert.deepStrictEqual([reply.status, reply.body.error.type], [413, "request_too_large"])
      }))
    it.effect("Retry-After is passed on in every shape", () =>
      Effect.gen(function*() {
        const usual = yield* ask("chat", "sim-error;status=429")
        const asked = yield* ask("chat", "sim-error;status=503;retryAfter=7;retryAfterMs=7000")
        const date = yield* ask("messages", "sim-error;status=429;retryAfter=Wed, 21 Oct 2026 07:28:00 GMT")
        assert.deepStrictEqual([usual.headers["retry-after"], asked.headers["retry-after"], asked.headers["retry-after-ms"], date.headers["retry-after"]], [
          "1",
          "7",
          "7000",
          "Wed, 21 Oct 2026 07:28:00 GMT"
        ])
      }))
    it.effect("quota, context overflow and unknown models have the providers' words", () =>
      Effect.gen(function*() {
        const codes = []
        for (const scenario of ["quota", "context-overflow", "unknown-model", "no-such-scenario"]) {
          const chat = yield* askJson("chat", `sim-${scenario}`)
          const messages = yield* askJson("messages", `sim-${scenario}`)
          codes.push([chat.status, chat.body.error.code, messages.status, messages.body.error.type])
        }
        assert.deepStrictEqual(codes, [
          [429, "insufficient_quota", 400, "invalid_request_error"],
          [400, "context_length_exceeded", 400, "invalid_request_error"],
          [404, "model_not_found", 404, "not_found_error"],
          [404, "model_not_found", 404, "not_found_error"]
        ])
      }))
    it.effect("a buffered stream-error is an error status", () =>
      Effect.gen(function*() {
        const reply = yield* askJson("messages", "sim-stream-error;status=529")
        assert.deepStrictEqual([reply.status, reply.body.error.type], [529, "overloaded_error"])
      }))
  })
})
