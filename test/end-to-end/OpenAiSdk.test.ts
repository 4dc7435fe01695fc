/** The official OpenAI SDK against the gateway, with an upstream of either protocol, buffered and streamed. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import OpenAI from "openai"
import * as Rig from "./Rig.ts"

const tools: Array<OpenAI.ChatCompletionTool> = [
  { type: "function", function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } } },
  { type: "function", function: { name: "get_time", parameters: { type: "object", properties: { zone: { type: "string" } }, required: ["zone"] } } }
]

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

const clientOf = Effect.map(Rig.Rig, ({ url }) => new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-test", maxRetries: 0 }))

type Params = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, "stream">

/** One answer, whichever way it comes: the SDK itself puts a stream together. */
const ask = (client: OpenAI, params: Params, stream: boolean): Promise<OpenAI.ChatCompletion> =>
  stream ? client.chat.completions.stream({ ...params, stream_options: { include_usage: true } }).finalChatCompletion() : client.chat.completions.create(params)

const user = (content: OpenAI.ChatCompletionUserMessageParam["content"]): OpenAI.ChatCompletionUserMessageParam => ({ role: "user", content })

/** What the message holds beside the SDK's types: thinking, under the name the compatible providers gave it. */
const thinkingOf = (message: object | undefined): unknown =>
  message === undefined ? undefined : Reflect.get(message, "reasoning_content") ?? Reflect.get(message, "reasoning")

const rejection = (promise: Promise<unknown>) => Effect.promise(() => promise.then(() => undefined, (error: unknown) => error))

for (const upstream of Rig.upstreams) {
  for (const stream of [false, true]) {
    describe(`OpenAI SDK, ${upstream} upstream, ${stream ? "streamed" : "buffered"}`, () => {
      layer(Rig.layer(), { excludeTestServices: true })((it) => {
        it.effect("text, with usage and the model that answered", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const answer = yield* Effect.promise(() => ask(client, { model: `${upstream}/sim-text`, messages: [user("Hello")] }, stream))
            const [choice] = answer.choices
            assert.isNotEmpty(choice?.message.content)
            assert.strictEqual(choice?.finish_reason, "stop")
            assert.isAbove(answer.usage?.prompt_tokens ?? 0, 0)
            assert.isAbove(answer.usage?.completion_tokens ?? 0, 0)
            assert.strictEqual(answer.usage?.total_tokens, (answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0))
            const [entry] = yield* Rig.settled(1)
            const total = Object.values(entry?.usage ?? {}).reduce((sum, count) => sum + count, 0)
            assert.strictEqual(total, answer.usage?.total_tokens)
          }))

        it.effect("two parallel tools, whose results go back", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const model = `${upstream}/sim-parallel-tools`
            const first = yield* Effect.promise(() => ask(client, { model, messages: [user("Weather and time in Paris?")], tools }, stream))
            const message = first.choices[0]?.message
            assert.strictEqual(first.choices[0]?.finish_reason, "tool_calls")
            const calls = (message?.tool_calls ?? []).filter((call) => call.type === "function")
            assert.strictEqual(calls.length, 2)
            assert.strictEqual(new Set(calls.map(({ id }) => id)).size, 2)
            for (const call of calls) assert.isObject(JSON.parse(call.function.arguments))
            const second = yield* Effect.promise(() =>
              ask(client, {
                model,
                tools,
                messages: [
                  user("Weather and time in Paris?"),
                  { role: "assistant", content: message?.content ?? null, tool_calls: calls },
                  ...calls.map((call, index): OpenAI.ChatCompletionToolMessageParam => ({
                    role: "tool",
                    tool_call_id: call.id,
                    content: `result number ${index + 1}`
                  }))
                ]
              }, stream)
            )
            assert.include(second.choices[0]?.message.content, "result number 1")
            assert.include(second.choices[0]?.message.content, "result number 2")
          }))

        it.effect("an image", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const answer = yield* Effect.promise(() =>
              ask(client, {
                model: `${upstream}/sim-auto`,
                messages: [user([{ type: "text", text: "What is this?" }, { type: "image_url", image_url: { url: `data:image/png;base64,${pixel}` } }])]
              }, stream)
            )
            assert.match(answer.choices[0]?.message.content ?? "", /1 image/)
          }))

        it.effect("thinking", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const answer = yield* Effect.promise(() => ask(client, { model: `${upstream}/sim-reasoning`, messages: [user("Think.")] }, stream))
            assert.isNotEmpty(answer.choices[0]?.message.content)
            if (!stream) assert.isNotEmpty(thinkingOf(answer.choices[0]?.message))
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
                messages: [user("Who?")],
                response_format: { type: "json_schema", json_schema: { name: "person", strict: true, schema } }
              }, stream)
            )
            const person: object = JSON.parse(answer.choices[0]?.message.content ?? "null")
            assert.hasAllKeys(person, ["name", "age"])
          }))

        it.effect("stop reasons", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const reasonOf = (scenario: string) =>
              Effect.promise(async () => {
                const { choices } = await client.chat.completions.create({ model: `${upstream}/sim-${scenario}`, messages: [user("Go on.")], stop: ["END"] })
                return choices[0]?.finish_reason
              })
            assert.strictEqual(yield* reasonOf("length"), "length")
            assert.strictEqual(yield* reasonOf("stop-sequence"), "stop")
            assert.strictEqual(yield* reasonOf("refusal"), upstream === "openai" || upstream === "responses" ? "stop" : "content_filter")
          }))

        it.effect("errors are the SDK's own classes", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const errorOf = (status: number) => rejection(ask(client, { model: `${upstream}/sim-error;status=${status}`, messages: [user("Hello")] }, stream))
            assert.instanceOf(yield* errorOf(400), OpenAI.BadRequestError)
            assert.instanceOf(yield* errorOf(404), OpenAI.NotFoundError)
            assert.instanceOf(yield* errorOf(429), OpenAI.RateLimitError)
            assert.instanceOf(yield* errorOf(500), OpenAI.InternalServerError)
            assert.instanceOf(yield* errorOf(401), OpenAI.InternalServerError)
            const { url } = yield* Rig.Rig
            const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-wrong", maxRetries: 0 })
            assert.instanceOf(yield* rejection(ask(stranger, { model: "openai/sim-text", messages: [user("Hello")] }, stream)), OpenAI.AuthenticationError)
          }))

        if (!stream) return

        it.effect("thinking comes before the text in the stream", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const kinds = yield* Effect.promise(async () => {
              const kinds: Array<string> = []
              for await (
                const { choices } of await client.chat.completions.create({ model: `${upstream}/sim-reasoning`, stream: true, messages: [user("Think.")] })
              ) {
                const delta = choices[0]?.delta
                const kind = thinkingOf(delta) !== undefined ? "thinking" : delta?.content ? "text" : undefined
                if (kind !== undefined && kinds.at(-1) !== kind) kinds.push(kind)
              }
              return kinds
            })
            assert.deepStrictEqual(kinds, ["thinking", "text"])
          }))

        it.effect("an error in mid-stream is thrown, not swallowed", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const error = yield* rejection(ask(client, { model: `${upstream}/sim-stream-error;after=3`, messages: [user("Hello")] }, true))
            assert.instanceOf(error, OpenAI.OpenAIError)
          }))

        it.effect("abort in mid-stream leaves a cancelled entry", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const { ledger } = yield* Rig.Rig
            yield* Effect.promise(async () => {
              const answer = await client.chat.completions.create({
                model: `${upstream}/sim-long;events=10000;delay=2;tag=abort`,
                stream: true,
                messages: [user("Count.")]
              })
              for await (const _ of answer) {
                answer.controller.abort()
                break
              }
            })
            const own = yield* ledger.query({ limit: 100, model: `${upstream}/sim-long;events=10000;delay=2;tag=abort` }).pipe(
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
