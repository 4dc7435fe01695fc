/** The official OpenAI SDK's chat completions against the gateway, with an upstream of each protocol, buffered and streamed. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import OpenAI from "openai"
import * as Rig from "./Rig.ts"
import { type Cell, describeSdk, maxTokens, type Question, rejection, resultOf, type Sdk, time, type Tool, weather } from "./Sdk.ts"

type Message = OpenAI.ChatCompletionMessageParam

const connect = (baseURL: string, apiKey: string): OpenAI => new OpenAI({ baseURL: `${baseURL}/v1`, apiKey, maxRetries: 0 })

/** What a message or a delta holds beside the SDK's types: thinking, under the name the compatible providers gave it. */
const thinkingOf = (message: object | undefined): string => message === undefined ? "" : String(Reflect.get(message, "reasoning_content") ?? "")

const paramsOf = ({ image, model, prompt, schema, think }: Question, messages: Array<Message> = []) => ({
  model,
  max_completion_tokens: maxTokens,
  messages: [
    {
      role: "user",
      content: image === undefined ? prompt : [{ type: "text", text: prompt }, { type: "image_url", image_url: { url: `data:image/png;base64,${image}` } }]
    } satisfies Message,
    ...messages
  ],
  ...(schema === undefined ? {} : { response_format: { type: "json_schema" as const, json_schema: { name: "answer", strict: true, schema: { ...schema } } } }),
  ...(think === true ? { reasoning_effort: "medium" as const } : {})
})

const toolsOf = (tools: ReadonlyArray<Tool>): Array<OpenAI.ChatCompletionTool> =>
  tools.map(({ name, schema }) => ({ type: "function", function: { name, parameters: { ...schema } } }))

/** One answer, whichever way it comes: the SDK itself puts a stream together, but for the thinking. */
const complete = async (client: OpenAI, params: OpenAI.ChatCompletionCreateParamsNonStreaming, { onText, signal, stream }: Question) => {
  const options = signal === undefined ? {} : { signal }
  if (!stream) {
    const completion = await client.chat.completions.create(params, options)
    return { completion, thinking: thinkingOf(completion.choices[0]?.message) }
  }
  const run = client.chat.completions.stream({ ...params, stream: true, stream_options: { include_usage: true } }, options)
  const thoughts: Array<string> = []
  run.on("chunk", ({ choices: [choice] }) => void thoughts.push(thinkingOf(choice?.delta)))
  if (onText !== undefined) run.on("content", onText)
  return { completion: await run.finalChatCompletion(), thinking: thoughts.join("") }
}

const sdk: Sdk = {
  name: "OpenAI SDK, chat completions",
  connect: (url, key) => {
    const client = connect(url, key)
    return {
      ask: async (question) => {
        const { completion: { choices: [choice], usage }, thinking } = await complete(client, paramsOf(question), question)
        return {
          text: choice?.message.content ?? "",
          thinking,
          finish: choice?.finish_reason ?? "",
          usage: { input: usage?.prompt_tokens ?? 0, output: usage?.completion_tokens ?? 0 }
        }
      },
      converse: async (question, offered) => {
        const tools = toolsOf(offered)
        const { completion } = await complete(client, { ...paramsOf(question), tools }, question)
        const message = completion.choices[0]?.message
        assert.strictEqual(completion.choices[0]?.finish_reason, "tool_calls")
        const calls = (message?.tool_calls ?? []).filter((call) => call.type === "function")
        const results = calls.map((call): Message => ({ role: "tool", tool_call_id: call.id, content: resultOf(call.function) }))
        const history: Array<Message> = [{ role: "assistant", content: message?.content ?? null, tool_calls: calls }, ...results]
        const { completion: second } = await complete(client, { ...paramsOf(question, history), tools }, question)
        return {
          calls: calls.map((call) => ({ id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) })),
          text: second.choices[0]?.message.content ?? ""
        }
      }
    }
  },
  stopped: "stop",
  statusOf: (error) => error instanceof OpenAI.APIError ? error.status : undefined,
  isAbort: (error) => error instanceof OpenAI.APIUserAbortError,
  isBroken: (error) => error instanceof OpenAI.OpenAIError
}

const user = (content: string): Message => ({ role: "user", content })

const client = Effect.map(Rig.Rig, ({ url }) => connect(url, "sk-test"))

const own = ({ it, stream, upstream }: Cell): void => {
  it.effect("the runner of tools comes to the end", () =>
    Effect.gen(function*() {
      const { chat } = yield* client
      const tools = [weather, time].map(({ name, schema }) => ({
        type: "function" as const,
        function: { name, description: name, parameters: { ...schema }, parse: JSON.parse, function: () => resultOf({ name }) }
      }))
      const params = { model: `${upstream}/sim-parallel-tools`, messages: [user("Weather and time in Paris?")], tools }
      const text = yield* Effect.promise(() =>
        stream ? chat.completions.runTools({ ...params, stream: true }).finalContent() : chat.completions.runTools(params).finalContent()
      )
      assert.include(text, resultOf(weather))
      assert.include(text, resultOf(time))
    }))

  if (stream) {
    it.effect("thinking comes before the text", () =>
      Effect.gen(function*() {
        const { chat } = yield* client
        const kinds = yield* Effect.promise(async () => {
          const kinds: Array<string> = []
          for await (const { choices } of await chat.completions.create({ model: `${upstream}/sim-reasoning`, stream: true, messages: [user("Think.")] })) {
            const delta = choices[0]?.delta
            const kind = thinkingOf(delta) !== "" ? "thinking" : delta?.content ? "text" : undefined
            if (kind !== undefined && kinds.at(-1) !== kind) kinds.push(kind)
          }
          return kinds
        })
        assert.deepStrictEqual(kinds, ["thinking", "text"])
      }))
    return
  }

  it.effect("stop reasons", () =>
    Effect.gen(function*() {
      const { chat } = yield* client
      const reasonOf = (scenario: string) =>
        Effect.promise(async () => {
          const { choices } = await chat.completions.create({ model: `${upstream}/sim-${scenario}`, messages: [user("Go on.")], stop: ["END"] })
          return choices[0]?.finish_reason
        })
      assert.strictEqual(yield* reasonOf("length"), "length")
      assert.strictEqual(yield* reasonOf("stop-sequence"), "stop")
      assert.strictEqual(yield* reasonOf("refusal"), upstream === "openai" || upstream === "responses" ? "stop" : "content_filter")
    }))

  it.effect("errors are told by their classes", () =>
    Effect.gen(function*() {
      const { chat } = yield* client
      const { url } = yield* Rig.Rig
      const errorOf = (status: number) => rejection(chat.completions.create({ model: `${upstream}/sim-error;status=${status}`, messages: [user("Hello")] }))
      assert.instanceOf(yield* errorOf(400), OpenAI.BadRequestError)
      assert.instanceOf(yield* errorOf(404), OpenAI.NotFoundError)
      assert.instanceOf(yield* errorOf(429), OpenAI.RateLimitError)
      assert.instanceOf(yield* errorOf(500), OpenAI.InternalServerError)
      const stranger = connect(url, "sk-wrong").chat.completions.create({ model: "openai/sim-text", messages: [user("Hello")] })
      assert.instanceOf(yield* rejection(stranger), OpenAI.AuthenticationError)
    }))
}

describeSdk(sdk, own)
