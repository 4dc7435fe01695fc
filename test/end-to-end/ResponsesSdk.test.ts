/** The official OpenAI SDK's Responses API against the gateway, with an upstream of each protocol, buffered and streamed. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import OpenAI from "openai"
import type { Response, ResponseCreateParamsNonStreaming, ResponseInputItem, Tool } from "openai/resources/responses/responses"
import * as Rig from "./Rig.ts"

const tools: Array<Tool> = [
  { type: "function", name: "get_weather", strict: false, parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
  { type: "function", name: "get_time", strict: false, parameters: { type: "object", properties: { zone: { type: "string" } }, required: ["zone"] } }
]

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

const clientOf = Effect.map(Rig.Rig, ({ url }) => new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-test", maxRetries: 0 }))

type Params = Omit<ResponseCreateParamsNonStreaming, "stream">

/** One answer, whichever way it comes: the SDK itself puts a stream together. */
const ask = (client: OpenAI, params: Params, stream: boolean): Promise<Response> =>
  stream ? client.responses.stream(params).finalResponse() : client.responses.create(params)

const textOf = (answer: Response): string =>
  answer.output.flatMap((item) => item.type === "message" ? item.content.map((part) => part.type === "output_text" ? part.text : "") : []).join("")

const rejection = (promise: Promise<unknown>) => Effect.promise(() => promise.then(() => undefined, (error: unknown) => error))

for (const upstream of Rig.upstreams) {
  for (const stream of [false, true]) {
    describe(`Responses SDK, ${upstream} upstream, ${stream ? "streamed" : "buffered"}`, () => {
      layer(Rig.layer(), { excludeTestServices: true })((it) => {
        it.effect("text, with usage and a status", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const answer = yield* Effect.promise(() =>
              ask(client, { model: `${upstream}/sim-text`, input: "Hello", max_output_tokens: 500, store: false }, stream)
            )
            assert.match(textOf(answer), /^Hello from the simulator/)
            assert.strictEqual(answer.status, "completed")
            assert.isAbove(answer.usage?.input_tokens ?? 0, 0)
            assert.isAbove(answer.usage?.output_tokens ?? 0, 0)
          }))

        it.effect("two parallel tools, whose results go back", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const model = `${upstream}/sim-parallel-tools`
            const question: ResponseInputItem = { type: "message", role: "user", content: "Weather and time in Paris?" }
            const shared = { model, tools, max_output_tokens: 500, store: false }
            const first = yield* Effect.promise(() => ask(client, { ...shared, input: [question] }, stream))
            const calls = first.output.filter((item) => item.type === "function_call")
            assert.deepStrictEqual(calls.map(({ name }) => name), ["get_weather", "get_time"])
            for (const call of calls) assert.isObject(JSON.parse(call.arguments))
            const results = calls.map((call, index): ResponseInputItem => ({
              type: "function_call_output",
              call_id: call.call_id,
              output: `result number ${index + 1}`
            }))
            const second = yield* Effect.promise(() => ask(client, { ...shared, input: [question, ...calls, ...results] }, stream))
            assert.include(textOf(second), "result number 1")
            assert.include(textOf(second), "result number 2")
          }))

        it.effect("an image", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const input: Array<ResponseInputItem> = [{
              type: "message",
              role: "user",
              content: [{ type: "input_text", text: "What is this?" }, { type: "input_image", detail: "auto", image_url: `data:image/png;base64,${pixel}` }]
            }]
            const answer = yield* Effect.promise(() => ask(client, { model: `${upstream}/sim-auto`, input, max_output_tokens: 500, store: false }, stream))
            assert.match(textOf(answer), /1 image/)
          }))

        it.effect("thinking", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const answer = yield* Effect.promise(() =>
              ask(client, {
                model: `${upstream}/sim-reasoning`,
                input: "Think.",
                reasoning: { effort: "medium", summary: "auto" },
                max_output_tokens: 4000,
                store: false
              }, stream)
            )
            assert.strictEqual(answer.output[0]?.type, "reasoning")
            assert.isNotEmpty(textOf(answer))
          }))

        it.effect("structured output", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const schema = {
              type: "object",
              properties: { name: { type: "string" }, age: { type: "integer" } },
              required: ["name", "age"],
              additionalProperties: false
            }
            const answer = yield* Effect.promise(() =>
              ask(client, {
                model: `${upstream}/sim-structured`,
                input: "Who?",
                text: { format: { type: "json_schema", name: "person", strict: true, schema } },
                max_output_tokens: 500,
                store: false
              }, stream)
            )
            assert.containsAllKeys(JSON.parse(textOf(answer)), ["name", "age"])
          }))

        it.effect("an answer that ran out of room is incomplete and says why", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const answer = yield* Effect.promise(() =>
              ask(client, { model: `${upstream}/sim-length`, input: "Go on.", max_output_tokens: 500, store: false }, stream)
            )
            assert.strictEqual(answer.status, "incomplete")
            assert.strictEqual(answer.incomplete_details?.reason, "max_output_tokens")
          }))

        it.effect("errors are the SDK's own classes", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const errorOf = (status: number) =>
              rejection(ask(client, { model: `${upstream}/sim-error;status=${status}`, input: "Hello", max_output_tokens: 100, store: false }, stream))
            assert.instanceOf(yield* errorOf(400), OpenAI.BadRequestError)
            assert.instanceOf(yield* errorOf(404), OpenAI.NotFoundError)
            assert.instanceOf(yield* errorOf(429), OpenAI.RateLimitError)
            assert.instanceOf(yield* errorOf(500), OpenAI.InternalServerError)
          }))
      })
    })
  }
}
