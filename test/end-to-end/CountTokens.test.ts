/** The official SDKs count the tokens of a prompt, with an upstream of each protocol: natively where it counts, else by the gateway. */
import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, layer } from "@effect/vitest"
import { GoogleGenAI } from "@google/genai"
import * as Interceptor from "@sluice/gateway/Interceptor"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { TokenCounter } from "@sluice/gateway/TokenCounter"
import { Effect, Layer } from "effect"
import OpenAI from "openai"
import * as Rig from "./Rig.ts"

const tool = {
  name: "get_weather",
  description: "Says what the weather is.",
  input_schema: { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] }
}

const anthropic = Effect.map(Rig.Rig, ({ url }) => new Anthropic({ baseURL: url, apiKey: "sk-test", maxRetries: 0 }))
const openai = Effect.map(Rig.Rig, ({ url }) => new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-test", maxRetries: 0 }))
const google = Effect.map(Rig.Rig, ({ url }) => new GoogleGenAI({ apiKey: "sk-test", httpOptions: { baseUrl: url, retryOptions: { attempts: 1 } } }))

/** A raw call, for what no SDK sends. */
const post = (path: string, body: unknown) =>
  Effect.flatMap(Rig.Rig, ({ url }) =>
    Effect.promise(async () => {
      const headers = { "content-type": "application/json", authorization: "Bearer sk-test" }
      const response = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
      const answered: { readonly totalTokens?: number; readonly input_tokens?: number; readonly error?: { readonly type?: string; readonly message: string } } =
        JSON.parse(
          await response.text()
        )
      return { status: response.status, headers: response.headers, body: answered }
    }))

/** Who counts: only Chat Completions has no endpoint for it. */
const marks = { openai: "counted", responses: "reported", anthropic: "reported", gemini: "reported" } as const

for (const upstream of Rig.upstreams) {
  describe(`counting tokens, ${upstream} upstream`, () => {
    layer(Rig.layer(), { excludeTestServices: true })((it) => {
      const model = `${upstream}/sim-auto`

      it.effect("Anthropic SDK: instructions, turns and tools", () =>
        Effect.gen(function*() {
          const client = yield* anthropic
          const messages = [{ role: "user" as const, content: "What is the weather in Paris today, and what will it be tomorrow?" }]
          const { data, response } = yield* Effect.promise(() =>
            client.messages.countTokens({ model, system: "Answer briefly.", messages, tools: [tool], tool_choice: { type: "auto" } }).withResponse()
          )
          assert.strictEqual(response.headers.get("x-sluice-count"), marks[upstream])
          assert.strictEqual(response.headers.get("x-sluice-attempts"), marks[upstream] === "counted" ? "0" : "1")
          assert.isAbove(data.input_tokens, 20)
          const bare = yield* Effect.promise(() => client.messages.countTokens({ model, messages }))
          assert.isBelow(bare.input_tokens, data.input_tokens)
        }))

      it.effect("OpenAI SDK: text and tools", () =>
        Effect.gen(function*() {
          const client = yield* openai
          const tools = [{ type: "function" as const, name: tool.name, description: tool.description, parameters: tool.input_schema, strict: false }]
          const { data, response } = yield* Effect.promise(() =>
            client.responses.inputTokens.count({ model, input: "What is the weather in Paris today?", instructions: "Answer briefly.", tools }).withResponse()
          )
          assert.strictEqual(response.headers.get("x-sluice-count"), marks[upstream])
          assert.strictEqual(data.object, "response.input_tokens")
          assert.isAbove(data.input_tokens, 10)
        }))

      it.effect("Google SDK: contents", () =>
        Effect.gen(function*() {
          const client = yield* google
          const count = yield* Effect.promise(() => client.models.countTokens({ model, contents: "What is the weather in Paris today?" }))
          assert.isAbove(count.totalTokens ?? 0, 6)
        }))

      it.effect("a whole request inside of Gemini's question counts its tools and instructions", () =>
        Effect.gen(function*() {
          const contents = [{ role: "user", parts: [{ text: "What is the weather in Paris today?" }] }]
          const path = `/v1beta/models/${model}:countTokens`
          const alone = yield* post(path, { contents })
          const whole = yield* post(path, {
            generateContentRequest: {
              model: `models/${model}`,
              contents,
              systemInstruction: { parts: [{ text: "Answer briefly." }] },
              tools: [{ functionDeclarations: [{ name: tool.name, parametersJsonSchema: tool.input_schema }] }]
            }
          })
          assert.deepStrictEqual([alone.status, whole.status], [200, 200])
          assert.isAbove(whole.body.totalTokens ?? 0, alone.body.totalTokens ?? 0)
        }))
    })
  })
}

describe("a count", () => {
  layer(Rig.layer({ models: [{ id: "alias", targets: [{ provider: ProviderId.make("gemini"), model: "sim-auto" }] }] }), { excludeTestServices: true })(
    (it) => {
      it.effect("leaves one row that charges nothing", () =>
        Effect.gen(function*() {
          const client = yield* anthropic
          yield* Effect.promise(() => client.messages.countTokens({ model: "gemini/sim-auto", messages: [{ role: "user", content: "Hello" }] }))
          yield* Effect.promise(() => client.messages.countTokens({ model: "openai/sim-auto", messages: [{ role: "user", content: "Hello" }] }))
          const [local, native] = yield* Rig.settled(2)
          const facts = (entry: typeof local) => [entry?.operation, entry?.outcome, entry?.provider, entry?.upstreamModel, entry?.attempts, entry?.usage]
          assert.deepStrictEqual(facts(native), ["count", "Completed", "gemini", "sim-auto", 1, {}])
          assert.deepStrictEqual(facts(local), ["count", "Completed", "openai", "sim-auto", 0, {}])
          assert.isUndefined(native?.finish)
        }))

      it.effect("names the provider's model also inside the question", () =>
        Effect.gen(function*() {
          const answer = yield* post("/v1beta/models/alias:countTokens", {
            generateContentRequest: { model: "models/alias", contents: [{ parts: [{ text: "Hi" }] }] }
          })
          assert.strictEqual(answer.status, 200)
          const { simulator } = yield* Rig.Rig
          const asked = (yield* simulator.log).at(-1)
          assert.strictEqual(asked?.path, "/v1beta/models/sim-auto:countTokens")
          assert.deepNestedInclude(asked?.body, { "generateContentRequest.model": "models/sim-auto" })
        }))

      it.effect("is refused like any request: no model, no access, no such model, a body that is none", () =>
        Effect.gen(function*() {
          const missing = yield* post("/v1/messages/count_tokens", { messages: [{ role: "user", content: "Hi" }] })
          const unknown = yield* post("/v1/messages/count_tokens", { model: "nowhere", messages: [{ role: "user", content: "Hi" }] })
          const wrong = yield* post("/v1/responses/input_tokens", { model: "openai/sim-auto", input: 3 })
          assert.deepStrictEqual([missing.status, unknown.status, wrong.status], [400, 404, 400])
          assert.strictEqual(missing.body.error?.type, "invalid_request_error")
          const { url } = yield* Rig.Rig
          const stranger = yield* Effect.promise(() => fetch(`${url}/v1/messages/count_tokens`, { method: "POST", body: "{}" }))
          assert.strictEqual(stranger.status, 401)
        }))

      it.effect("carries the provider's refusal to the client", () =>
        Effect.gen(function*() {
          const answer = yield* post("/v1/messages/count_tokens", { model: "gemini/sim-error;status=429", messages: [{ role: "user", content: "Hi" }] })
          assert.strictEqual(answer.status, 429)
          assert.strictEqual(answer.body.error?.type, "rate_limit_error")
        }))

      it.effect("leaves out thinking without a proof, which the provider would refuse, and says so", () =>
        Effect.gen(function*() {
          const answer = yield* post("/v1/messages/count_tokens", {
            model: "anthropic/claude-sonnet-4-5/sim-auto",
            messages: [
              { role: "user", content: "Hi" },
              { role: "assistant", content: [{ type: "thinking", thinking: "Hm.", signature: "" }, { type: "text", text: "Hello" }] },
              { role: "user", content: "And now?" }
            ]
          })
          assert.deepStrictEqual([answer.status, answer.headers.get("x-sluice-count")], [200, "reported"])
          assert.strictEqual(answer.headers.get("x-sluice-losses"), "/messages/1/content/0;dropped")
          const { simulator } = yield* Rig.Rig
          assert.notInclude(JSON.stringify((yield* simulator.log).at(-1)?.body), "thinking")
        }))

      it.effect("refuses what the provider could not read either", () =>
        Effect.gen(function*() {
          const answer = yield* post("/v1/responses/input_tokens", { model: "anthropic/sim-auto", previous_response_id: "resp_1", input: "Hi" })
          assert.strictEqual(answer.status, 400)
          assert.include(answer.body.error?.message ?? "", "/previous_response_id")
        }))
    }
  )
})

describe("a count that interceptors change", () => {
  const parts = Interceptor.layer({
    id: "preface",
    request: (request, { operation }) =>
      Effect.succeed(
        operation === "count" ? { ...request, instructions: [{ role: "system", parts: [{ type: "text", text: "word ".repeat(100) }] }] } : request
      ),
    // Of no meaning to a count, whose endpoints refuse it
    attempt: (request) => Effect.succeed({ ...request, maxOutputTokens: 100, temperature: 0.5 })
  })
  layer(Rig.layer({ parts }), { excludeTestServices: true })((it) => {
    for (const upstream of Rig.upstreams) {
      it.effect(`is one of the changed prompt, ${upstream} upstream`, () =>
        Effect.gen(function*() {
          const model = `${upstream}/sim-auto`
          const asked = [
            ["/v1/messages/count_tokens", { model, messages: [{ role: "user", content: "Hi" }] }],
            ["/v1/responses/input_tokens", { model, input: "Hi" }],
            [`/v1beta/models/${model}:countTokens`, { contents: [{ parts: [{ text: "Hi" }] }] }]
          ] as const
          for (const [path, body] of asked) {
            const answer = yield* post(path, body)
            assert.strictEqual(answer.status, 200, path)
            assert.isAbove(answer.body.input_tokens ?? answer.body.totalTokens ?? 0, 90)
          }
        }))
    }
  })
})

describe("a count whose provider does not count", () => {
  const openai = ProviderId.make("openai")
  const targets = [{ provider: ProviderId.make("anthropic"), model: "sim-error;status=503" }]
  layer(Rig.layer({ models: [{ id: "two", targets, fallbacks: ["responses/sim-auto"] }, { id: "local", targets, fallbacks: ["openai/sim-auto"] }] }), {
    excludeTestServices: true
  })((it) => {
    const ask = (model: string) => post("/v1/messages/count_tokens", { model, messages: [{ role: "user", content: "Hello there" }] })

    it.effect("is made by the gateway where the provider has no such endpoint", () =>
      Effect.gen(function*() {
        for (const scenario of ["sim-error;status=404", "sim-error;status=405", "sim-error;status=501", "sim-html"]) {
          const answer = yield* ask(`anthropic/${scenario}`)
          assert.deepStrictEqual([answer.status, answer.headers.get("x-sluice-count")], [200, "counted"], scenario)
          assert.isAbove(answer.body.input_tokens ?? 0, 5)
        }
      }))

    it.effect("is an error where the model is not there, or the provider is down", () =>
      Effect.gen(function*() {
        for (
          const [scenario, status] of [["sim-unknown-model", 404], ["sim-error;status=500", 502], ["sim-error;status=401", 502], [
            "sim-reset-head",
            502
          ]] as const
        ) {
          assert.strictEqual((yield* ask(`anthropic/${scenario}`)).status, status, scenario)
          assert.strictEqual((yield* ask(`gemini/${scenario}`)).status, status, scenario)
        }
      }))

    it.effect("goes to the next target of the plan, or is made for it", () =>
      Effect.gen(function*() {
        const next = yield* ask("two")
        assert.deepStrictEqual([next.status, next.headers.get("x-sluice-provider"), next.headers.get("x-sluice-count")], [200, "responses", "reported"])
        const local = yield* ask("local")
        assert.deepStrictEqual([local.status, local.headers.get("x-sluice-provider"), local.headers.get("x-sluice-count")], [200, openai, "counted"])
      }))
  })
})

describe("a token counter of one's own", () => {
  const counter = Layer.succeed(TokenCounter)({ count: ({ model, turns }) => Effect.succeed({ input: model.length * 1000 + turns.length }) })
  layer(Rig.layer({ parts: counter }), { excludeTestServices: true })((it) => {
    it.effect("counts in place of the gateway's, told the provider's name of the model", () =>
      Effect.gen(function*() {
        const answer = yield* post("/v1/messages/count_tokens", { model: "openai/sim-auto", messages: [{ role: "user", content: "Hello" }] })
        assert.deepStrictEqual([answer.status, answer.body.input_tokens], [200, "sim-auto".length * 1000 + 1])
      }))
  })
})
