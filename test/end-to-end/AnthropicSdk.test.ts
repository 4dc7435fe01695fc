/** The official Anthropic SDK against the gateway, with an upstream of each protocol, buffered and streamed. */
import Anthropic from "@anthropic-ai/sdk"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import * as Rig from "./Rig.ts"
import { type Cell, describeSdk, maxTokens, type Question, rejection, resultOf, type Sdk, time, type Tool, weather } from "./Sdk.ts"

type Message = Anthropic.MessageParam

const connect = (baseURL: string, apiKey: string): Anthropic => new Anthropic({ baseURL, apiKey, maxRetries: 0 })

const paramsOf = (
  { image, model, prompt, schema, think }: Question,
  history: ReadonlyArray<Message> = [],
  tools: ReadonlyArray<Tool> = []
): Anthropic.MessageCreateParamsNonStreaming => ({
  model,
  max_tokens: maxTokens,
  messages: [
    {
      role: "user",
      content: [
        ...(image === undefined ? [] : [{ type: "image" as const, source: { type: "base64" as const, media_type: "image/png" as const, data: image } }]),
        { type: "text", text: prompt }
      ]
    },
    ...history
  ],
  tools: tools.map(({ name, schema: input_schema }) => ({ name, input_schema: { ...input_schema } })),
  ...(schema === undefined ? {} : { output_config: { format: { type: "json_schema", schema: { ...schema } } } }),
  ...(think === true ? { thinking: { type: "enabled", budget_tokens: 1024 } } : {})
})

/** One answer, whichever way it comes: the SDK itself puts a stream together. */
const create = (
  client: Anthropic,
  params: Anthropic.MessageCreateParamsNonStreaming,
  { onText, signal, stream }: Pick<Question, "onText" | "signal" | "stream">
): Promise<Anthropic.Message> => {
  const options = signal === undefined ? {} : { signal }
  if (!stream) return client.messages.create(params, options)
  const run = client.messages.stream(params, options)
  if (onText !== undefined) run.on("text", onText)
  return run.finalMessage()
}

const textOf = ({ content }: Anthropic.Message): string => content.map((block) => block.type === "text" ? block.text : "").join("")

const thinkingOf = ({ content }: Anthropic.Message): string => content.map((block) => block.type === "thinking" ? block.thinking : "").join("")

const sdk: Sdk = {
  name: "Anthropic SDK",
  connect: (url, key) => {
    const client = connect(url, key)
    return {
      ask: async (question) => {
        const answer = await create(client, paramsOf(question), question)
        return {
          text: textOf(answer),
          thinking: thinkingOf(answer),
          finish: answer.stop_reason ?? "",
          usage: { input: answer.usage.input_tokens, output: answer.usage.output_tokens }
        }
      },
      converse: async (question, tools) => {
        const first = await create(client, paramsOf(question, [], tools), question)
        assert.strictEqual(first.stop_reason, "tool_use")
        const calls = first.content.filter((block) => block.type === "tool_use")
        const results = calls.map((call): Anthropic.ToolResultBlockParam => ({ type: "tool_result", tool_use_id: call.id, content: resultOf(call) }))
        const history: Array<Message> = [{ role: "assistant", content: first.content }, { role: "user", content: results }]
        return { calls, text: textOf(await create(client, paramsOf(question, history, tools), question)) }
      }
    }
  },
  stopped: "end_turn",
  statusOf: (error) => error instanceof Anthropic.APIError ? error.status : undefined,
  isAbort: (error) => error instanceof Anthropic.APIUserAbortError,
  isBroken: (error) => error instanceof Anthropic.AnthropicError
}

const user = (content: string): Message => ({ role: "user", content })

const client = Effect.map(Rig.Rig, ({ url }) => connect(url, "sk-test"))

const own = ({ it, stream, upstream }: Cell): void => {
  it.effect("a system prompt and several turns", () =>
    Effect.gen(function*() {
      const messages = [user("One"), { role: "assistant" as const, content: "Two" }, user("Three")]
      const params = { model: `${upstream}/sim-auto`, max_tokens: 500, system: [{ type: "text" as const, text: "Be brief." }], messages }
      const anthropic = yield* client
      assert.include(textOf(yield* Effect.promise(() => create(anthropic, params, { stream }))), "Three")
    }))

  // It asks for a thread first, and sends the whole history where there is none
  it.effect("the runner of tools comes to the end", () =>
    Effect.gen(function*() {
      const anthropic = yield* client
      const message = yield* Effect.promise(() =>
        anthropic.beta.messages.toolRunner({
          model: `${upstream}/sim-parallel-tools`,
          max_tokens: 500,
          messages: [{ role: "user", content: "Weather and time in Paris?" }],
          tools: [weather, time].map(({ name, schema }) => ({
            type: "custom" as const,
            name,
            input_schema: { ...schema },
            run: () => resultOf({ name }),
            parse: (content: unknown) => content
          })),
          stream
        }).runUntilDone()
      )
      const text = message.content.map((block) => block.type === "text" ? block.text : "").join("")
      assert.include(text, resultOf(weather))
      assert.include(text, resultOf(time))
    }))

  it.effect("stop reasons", () =>
    Effect.gen(function*() {
      const anthropic = yield* client
      const reasonOf = (scenario: string) =>
        Effect.promise(async () => {
          const params = { model: `${upstream}/sim-${scenario}`, max_tokens: 500, stop_sequences: ["END"], messages: [user("Go on.")] }
          return (await create(anthropic, params, { stream })).stop_reason
        })
      assert.strictEqual(yield* reasonOf("length"), "max_tokens")
      assert.strictEqual(yield* reasonOf("stop-sequence"), upstream === "anthropic" ? "stop_sequence" : "end_turn")
      assert.strictEqual(yield* reasonOf("refusal"), "refusal")
    }))

  it.effect("errors are told by their classes, with the id of the request", () =>
    Effect.gen(function*() {
      const anthropic = yield* client
      const { url } = yield* Rig.Rig
      const params = (model: string) => ({ model, max_tokens: 100, messages: [user("Hello")] })
      const errorOf = (status: number) => rejection(create(anthropic, params(`${upstream}/sim-error;status=${status}`), { stream }))
      assert.instanceOf(yield* errorOf(400), Anthropic.BadRequestError)
      assert.instanceOf(yield* errorOf(404), Anthropic.NotFoundError)
      assert.instanceOf(yield* errorOf(429), Anthropic.RateLimitError)
      assert.instanceOf(yield* errorOf(500), Anthropic.InternalServerError)
      assert.instanceOf(yield* errorOf(529), Anthropic.InternalServerError)
      const refused = yield* rejection(create(connect(url, "sk-wrong"), params("anthropic/sim-text"), { stream }))
      assert.instanceOf(refused, Anthropic.AuthenticationError)
      assert.isString(refused instanceof Anthropic.APIError ? refused.requestID : undefined)
    }))
}

describeSdk(sdk, own)
