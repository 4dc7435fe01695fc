import Anthropic from "@anthropic-ai/sdk"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import OpenAI from "openai"
import { describe } from "vitest"
import { Simulator, SimulatorServer } from "../../src/Simulator.ts"

const user = { role: "user" as const, content: "Hi" }

const openai = Effect.map(SimulatorServer, ({ url }) => new OpenAI({ apiKey: "test", baseURL: `${url}/v1`, maxRetries: 0 }))
const anthropic = Effect.map(SimulatorServer, ({ url }) => new Anthropic({ apiKey: "test", baseURL: url, maxRetries: 0 }))

const scenarios = [
  "text",
  "tools",
  "parallel-tools",
  "reasoning",
  "reasoning;tools=1",
  "refusal",
  "length",
  "structured",
  "long;events=20",
  "cached",
  "ping",
  "crlf",
  "retry-line"
]

describe("the official OpenAI client", () => {
  it.layer(Simulator.layerServer())((it) => {
    for (const scenario of [...scenarios, "parallel-tools;interleave=1", "many-choices", "logprobs"]) {
      it.effect(`reads ${scenario} streamed as it reads it buffered`, () =>
        Effect.gen(function*() {
          const client = yield* openai
          const body = { model: `sim-${scenario}`, messages: [user] }
          const streamed = yield* Effect.promise(() =>
            client.chat.completions.stream({ ...body, stream_options: { include_usage: true } }).finalChatCompletion()
          )
          const buffered = yield* Effect.promise(() => client.chat.completions.create(body))
          const facts = ({ choices, usage }: OpenAI.ChatCompletion) => ({
            usage,
            choices: choices.map(({ finish_reason, message }) => ({
              finish_reason,
              content: message.content,
              refusal: message.refusal,
              calls: message.tool_calls?.map((call) => call.type === "function" ? [call.function.name, call.function.arguments] : [])
            }))
          })
          const [left, right] = [facts(streamed), facts(buffered)].map((all) =>
            JSON.parse(JSON.stringify(all).replaceAll("\"content\":\"\"", "\"content\":null"))
          )
          assert.deepStrictEqual(left, right)
        }))
    }
    it.effect("raises the provider's errors by status and in the stream", () =>
      Effect.gen(function*() {
        const client = yield* openai
        const create = (model: string) =>
          Effect.flip(Effect.tryPromise({
            try: () => client.chat.completions.stream({ model, messages: [user] }).finalChatCompletion(),
            catch: (error) => error instanceof OpenAI.APIError ? `${error.status} ${error.code} ${error.message}` : String(error)
          }))
        assert.match(yield* create("sim-error;status=429"), /^429 rate_limit_exceeded/)
        assert.match(yield* create("sim-stream-error;after=2"), /server had an error/)
        assert.match(yield* create("sim-reset;after=2"), /terminated|ECONNRESET|aborted|Connection/i)
      }))
  })
})

describe("the official OpenAI client for responses", () => {
  it.layer(Simulator.layerServer())((it) => {
    for (const scenario of [...scenarios, "reasoning;redacted=1", "parallel-tools;interleave=1", "logprobs", "agent", "content-filter"]) {
      it.effect(`reads ${scenario} streamed as it reads it buffered`, () =>
        Effect.gen(function*() {
          const client = yield* openai
          const body = { model: `sim-${scenario}`, input: "Hi", include: ["reasoning.encrypted_content" as const] }
          const streamed = yield* Effect.promise(() => client.responses.stream(body).finalResponse())
          const buffered = yield* Effect.promise(() => client.responses.create(body))
          // Ids bear the number of the answer; the streaming helper adds what it parsed
          const facts = ({ output, output_text, status, incomplete_details, usage }: OpenAI.Responses.Response) =>
            JSON.parse(
              JSON.stringify({ output, output_text, status, incomplete_details, usage }).replaceAll(/sim0\d{7}x/g, ""),
              (key, value) => key.startsWith("parsed") ? undefined : value
            )
          assert.deepStrictEqual(facts(streamed), facts(buffered))
        }))
    }
    it.effect("sends its own output back, thoughts and calls included, and is understood", () =>
      Effect.gen(function*() {
        const client = yield* openai
        const asked = { model: "sim-reasoning;tools=1", include: ["reasoning.encrypted_content" as const], store: false }
        const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: "Hi" }]
        const first = yield* Effect.promise(() => client.responses.create({ ...asked, input }))
        const [call] = first.output.filter((item) => item.type === "function_call")
        const result = { type: "function_call_output" as const, call_id: call?.call_id ?? "", output: "sunny" }
        const history = first.output.filter((item) => item.type === "reasoning" || item.type === "function_call")
        const second = yield* Effect.promise(() => client.responses.create({ ...asked, input: [...input, ...history, result] }))
        assert.strictEqual(second.output_text, "The tools said: \"sunny\".")
      }))
    it.effect("raises the provider's errors by status and in the stream", () =>
      Effect.gen(function*() {
        const client = yield* openai
        const create = (model: string) =>
          Effect.flip(Effect.tryPromise({
            try: () => client.responses.stream({ model, input: "Hi" }).finalResponse(),
            catch: (error) => error instanceof OpenAI.APIError ? `${error.status} ${error.code} ${error.message}` : String(error)
          }))
        assert.match(yield* create("sim-error;status=429"), /^429 rate_limit_exceeded/)
        assert.match(yield* create("sim-stream-error;after=2"), /server_error/)
        assert.match(yield* create("sim-stream-error;after=0;status=429"), /rate_limit_exceeded/)
        assert.match(yield* create("sim-reset;after=2"), /terminated|ECONNRESET|aborted|Connection/i)
      }))
  })
})

describe("the official Anthropic client", () => {
  it.layer(Simulator.layerServer())((it) => {
    for (const scenario of [...scenarios, "reasoning;redacted=1", "stop-sequence"]) {
      it.effect(`reads ${scenario} streamed as it reads it buffered`, () =>
        Effect.gen(function*() {
          const client = yield* anthropic
          const body = { model: `sim-${scenario}`, max_tokens: 1000, messages: [user] }
          const streamed = yield* Effect.promise(() => client.messages.stream(body).finalMessage())
          const buffered = yield* Effect.promise(() => client.messages.create(body))
          const facts = ({ content, stop_reason, stop_sequence, usage }: Anthropic.Message) => ({
            stop_reason,
            stop_sequence,
            usage: [usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens],
            content: content.map((block) => block.type === "tool_use" ? [block.name, block.input] : block.type === "text" ? block.text : JSON.stringify(block))
          })
          assert.deepStrictEqual(facts(streamed), facts(buffered))
        }))
    }
    it.effect("raises the provider's errors by status and in the stream", () =>
      Effect.gen(function*() {
        const client = yield* anthropic
        const create = (model: string) =>
          Effect.flip(Effect.tryPromise({
            try: () => client.messages.stream({ model, max_tokens: 10, messages: [user] }).finalMessage(),
            catch: (error) => String(error)
          }))
        assert.match(yield* create("sim-error;status=529"), /529.*overloaded_error/)
        assert.match(yield* create("sim-stream-error;after=2"), /overloaded_error/)
        assert.match(yield* create("sim-truncated"), /stream|message_stop|ended/i)
      }))
  })
})
