/** The official Anthropic SDK against the gateway, with an upstream of either protocol, buffered and streamed. */
import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Rig from "./Rig.ts"

const tools: Array<Anthropic.Tool> = [
  { name: "get_weather", input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
  { name: "get_time", input_schema: { type: "object", properties: { zone: { type: "string" } }, required: ["zone"] } }
]

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

const clientOf = Effect.map(Rig.Rig, ({ url }) => new Anthropic({ baseURL: url, apiKey: "sk-test", maxRetries: 0 }))

type Params = Omit<Anthropic.MessageCreateParamsNonStreaming, "stream">

/** One answer, whichever way it comes: the SDK itself puts a stream together. */
const ask = (client: Anthropic, params: Params, stream: boolean): Promise<Anthropic.Message> =>
  stream ? client.messages.stream(params).finalMessage() : client.messages.create(params)

const user = (content: Anthropic.MessageParam["content"]): Anthropic.MessageParam => ({ role: "user", content })

const textOf = (message: Anthropic.Message): string => message.content.map((block) => block.type === "text" ? block.text : "").join("")

const rejection = (promise: Promise<unknown>) => Effect.promise(() => promise.then(() => undefined, (error: unknown) => error))

for (const upstream of Rig.upstreams) {
  for (const stream of [false, true]) {
    describe(`Anthropic SDK, ${upstream} upstream, ${stream ? "streamed" : "buffered"}`, () => {
      layer(Rig.layer(), { excludeTestServices: true })((it) => {
        it.effect("text, with usage and the model that answered", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const answer = yield* Effect.promise(() => ask(client, { model: `${upstream}/sim-text`, max_tokens: 500, messages: [user("Hello")] }, stream))
            assert.isNotEmpty(textOf(answer))
            assert.strictEqual(answer.stop_reason, "end_turn")
            assert.isAbove(answer.usage.input_tokens, 0)
            assert.isAbove(answer.usage.output_tokens, 0)
            const [entry] = yield* Rig.settled(1)
            assert.strictEqual(entry?.usage.input, answer.usage.input_tokens)
            assert.strictEqual((entry?.usage.output ?? 0) + (entry?.usage.reasoning ?? 0), answer.usage.output_tokens)
          }))

        it.effect("a system prompt and several turns", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const answer = yield* Effect.promise(() =>
              ask(client, {
                model: `${upstream}/sim-auto`,
                max_tokens: 500,
                system: [{ type: "text", text: "Be brief." }],
                messages: [user("One"), { role: "assistant", content: "Two" }, user("Three")]
              }, stream)
            )
            assert.include(textOf(answer), "Three")
          }))

        it.effect("two parallel tools, whose results go back", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const model = `${upstream}/sim-parallel-tools`
            const first = yield* Effect.promise(() => ask(client, { model, max_tokens: 500, messages: [user("Weather and time in Paris?")], tools }, stream))
            assert.strictEqual(first.stop_reason, "tool_use")
            const calls = first.content.filter((block) => block.type === "tool_use")
            assert.deepStrictEqual(calls.map(({ name }) => name), ["get_weather", "get_time"])
            assert.strictEqual(new Set(calls.map(({ id }) => id)).size, 2)
            const second = yield* Effect.promise(() =>
              ask(client, {
                model,
                max_tokens: 500,
                tools,
                messages: [
                  user("Weather and time in Paris?"),
                  { role: "assistant", content: first.content },
                  user(
                    calls.map((call, index): Anthropic.ToolResultBlockParam => ({
                      type: "tool_result",
                      tool_use_id: call.id,
                      content: `result number ${index + 1}`
                    }))
                  )
                ]
              }, stream)
            )
            assert.include(textOf(second), "result number 1")
            assert.include(textOf(second), "result number 2")
          }))

        it.effect("an image", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const answer = yield* Effect.promise(() =>
              ask(client, {
                model: `${upstream}/sim-auto`,
                max_tokens: 500,
                messages: [user([{ type: "image", source: { type: "base64", media_type: "image/png", data: pixel } }, { type: "text", text: "What is this?" }])]
              }, stream)
            )
            assert.match(textOf(answer), /1 image/)
          }))

        it.effect("thinking", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const answer = yield* Effect.promise(() =>
              ask(client, {
                model: `${upstream}/sim-reasoning`,
                max_tokens: 4000,
                thinking: { type: "enabled", budget_tokens: 1024 },
                messages: [user("Think.")]
              }, stream)
            )
            assert.strictEqual(answer.content[0]?.type, "thinking")
            assert.strictEqual(answer.content.at(-1)?.type, "text")
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
                max_tokens: 500,
                messages: [user("Who?")],
                output_config: { format: { type: "json_schema", schema } }
              }, stream)
            )
            assert.hasAllKeys(JSON.parse(textOf(answer)), ["name", "age"])
          }))

        it.effect("stop reasons", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const reasonOf = (scenario: string) =>
              Effect.promise(async () =>
                (await ask(client, { model: `${upstream}/sim-${scenario}`, max_tokens: 500, stop_sequences: ["END"], messages: [user("Go on.")] }, stream))
                  .stop_reason
              )
            assert.strictEqual(yield* reasonOf("length"), "max_tokens")
            assert.strictEqual(yield* reasonOf("stop-sequence"), upstream === "anthropic" ? "stop_sequence" : "end_turn")
            assert.strictEqual(yield* reasonOf("refusal"), "refusal")
          }))

        it.effect("errors are the SDK's own classes", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const errorOf = (status: number) =>
              rejection(ask(client, { model: `${upstream}/sim-error;status=${status}`, max_tokens: 100, messages: [user("Hello")] }, stream))
            assert.instanceOf(yield* errorOf(400), Anthropic.BadRequestError)
            assert.instanceOf(yield* errorOf(404), Anthropic.NotFoundError)
            assert.instanceOf(yield* errorOf(429), Anthropic.RateLimitError)
            assert.instanceOf(yield* errorOf(500), Anthropic.InternalServerError)
            assert.instanceOf(yield* errorOf(529), Anthropic.InternalServerError)
            const { url } = yield* Rig.Rig
            const stranger = new Anthropic({ baseURL: url, apiKey: "sk-wrong", maxRetries: 0 })
            const refused = yield* rejection(ask(stranger, { model: "anthropic/sim-text", max_tokens: 100, messages: [user("Hello")] }, stream))
            assert.instanceOf(refused, Anthropic.AuthenticationError)
            assert.isString(refused instanceof Anthropic.APIError ? refused.requestID : undefined)
          }))

        if (!stream) return

        it.effect("an error in mid-stream is thrown, not swallowed", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const error = yield* rejection(ask(client, { model: `${upstream}/sim-stream-error;after=3`, max_tokens: 100, messages: [user("Hello")] }, true))
            assert.instanceOf(error, Anthropic.AnthropicError)
          }))

        it.effect("abort in mid-stream leaves a cancelled entry", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const { ledger } = yield* Rig.Rig
            const model = `${upstream}/sim-long;events=10000;delay=2;tag=abort`
            yield* Effect.promise(async () => {
              const answer = await client.messages.create({ model, max_tokens: 100_000, stream: true, messages: [user("Count.")] })
              for await (const event of answer) {
                if (event.type !== "content_block_delta") continue
                answer.controller.abort()
                break
              }
            })
            const own = yield* ledger.query({ limit: 100, model }).pipe(
              Effect.flatMap(([entry]) => entry?.status === "cancelled" ? Effect.succeed(entry) : Effect.fail("pending" as const)),
              Effect.retry({ times: 500 }),
              Effect.orDie
            )
            assert.strictEqual(own.outcome, "Cancelled(client)")
          }))
      })
    })
  }
}
