/** The official OpenAI SDK's Responses API against the gateway, with an upstream of each protocol, buffered and streamed. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import OpenAI from "openai"
import type { Response, ResponseCreateParamsNonStreaming, ResponseInputItem } from "openai/resources/responses/responses"
import * as Rig from "./Rig.ts"
import { type Cell, describeSdk, maxTokens, type Question, resultOf, type Sdk, type Tool } from "./Sdk.ts"

const connect = (baseURL: string, apiKey: string): OpenAI => new OpenAI({ baseURL: `${baseURL}/v1`, apiKey, maxRetries: 0 })

const paramsOf = (
  { image, model, prompt, schema, think }: Question,
  history: ReadonlyArray<ResponseInputItem> = [],
  tools: ReadonlyArray<Tool> = []
): ResponseCreateParamsNonStreaming => ({
  model,
  max_output_tokens: maxTokens,
  store: false,
  input: [
    {
      type: "message",
      role: "user",
      content: [
        { type: "input_text", text: prompt },
        ...(image === undefined ? [] : [{ type: "input_image" as const, detail: "auto" as const, image_url: `data:image/png;base64,${image}` }])
      ]
    },
    ...history
  ],
  tools: tools.map(({ name, schema: parameters }) => ({ type: "function", name, strict: false, parameters: { ...parameters } })),
  ...(schema === undefined ? {} : { text: { format: { type: "json_schema", name: "answer", strict: true, schema: { ...schema } } } }),
  ...(think === true ? { reasoning: { effort: "medium", summary: "auto" } } : {})
})

/** One answer, whichever way it comes: the SDK itself puts a stream together. */
const respond = (client: OpenAI, params: ResponseCreateParamsNonStreaming, { onText, signal, stream }: Question): Promise<Response> => {
  const options = signal === undefined ? {} : { signal }
  if (!stream) return client.responses.create(params, options)
  const run = client.responses.stream({ ...params, stream: true }, options)
  if (onText !== undefined) run.on("response.output_text.delta", onText)
  return run.finalResponse()
}

/** A stream that broke off is for this SDK an answer like any other, whose status and error its caller has to look at. */
class Failed extends Error {}

const whole = (answer: Response): Response => {
  if (answer.status === "failed") throw new Failed(answer.error?.message)
  return answer
}

const textOf = ({ output }: Response): string =>
  output.flatMap((item) => item.type === "message" ? item.content.map((part) => part.type === "output_text" ? part.text : "") : []).join("")

const thinkingOf = ({ output }: Response): string =>
  output.flatMap((item) => item.type === "reasoning" ? [...item.summary, ...item.content ?? []].map(({ text }) => text) : []).join("")

const sdk: Sdk = {
  name: "OpenAI SDK, responses",
  connect: (url, key) => {
    const client = connect(url, key)
    return {
      ask: async (question) => {
        const answer = whole(await respond(client, paramsOf(question), question))
        return {
          text: textOf(answer),
          thinking: thinkingOf(answer),
          finish: answer.status ?? "",
          usage: { input: answer.usage?.input_tokens ?? 0, output: answer.usage?.output_tokens ?? 0 }
        }
      },
      converse: async (question, tools) => {
        const first = await respond(client, paramsOf(question, [], tools), question)
        const calls = first.output.filter((item) => item.type === "function_call")
        const results = calls.map((call): ResponseInputItem => ({ type: "function_call_output", call_id: call.call_id, output: resultOf(call) }))
        const second = await respond(client, paramsOf(question, [...calls, ...results], tools), question)
        return {
          calls: calls.map(({ arguments: input, call_id: id, name }) => ({ id, name, input: JSON.parse(input) })),
          text: textOf(second)
        }
      }
    }
  },
  stopped: "completed",
  statusOf: (error) => error instanceof OpenAI.APIError ? error.status : undefined,
  isAbort: (error) => error instanceof OpenAI.APIUserAbortError,
  isBroken: (error) => error instanceof OpenAI.OpenAIError || (error instanceof Failed && error.message !== "")
}

const own = ({ it, stream, upstream }: Cell): void => {
  it.effect("an answer that ran out of room is incomplete and says why", () =>
    Effect.gen(function*() {
      const { url } = yield* Rig.Rig
      const question: Question = { model: `${upstream}/sim-length`, stream, prompt: "Go on." }
      const answer = yield* Effect.promise(() => respond(connect(url, "sk-test"), paramsOf(question), question))
      assert.strictEqual(answer.status, "incomplete")
      assert.strictEqual(answer.incomplete_details?.reason, "max_output_tokens")
    }))
}

describeSdk(sdk, own)
