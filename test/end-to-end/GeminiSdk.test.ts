/** The official Google SDK against the gateway, with an upstream of each protocol, buffered and streamed. */
import { assert } from "@effect/vitest"
import { ApiError, type Content, type FunctionCall, type GenerateContentConfig, GoogleGenAI, type Part, Type } from "@google/genai"
import { Effect } from "effect"
import * as Rig from "./Rig.ts"
import { type Cell, describeSdk, maxTokens, type Question, resultOf, type Sdk } from "./Sdk.ts"

const connect = (baseUrl: string, apiKey: string): GoogleGenAI =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl, apiVersion: "v1beta", retryOptions: { attempts: 1 } } })

const contentsOf = ({ image, prompt }: Question, history: ReadonlyArray<Content> = []): Array<Content> => [
  { role: "user", parts: [{ text: prompt }, ...(image === undefined ? [] : [{ inlineData: { mimeType: "image/png", data: image } }])] },
  ...history
]

const configOf = ({ schema, signal, think }: Question): GenerateContentConfig => ({
  maxOutputTokens: maxTokens,
  ...(signal === undefined ? {} : { abortSignal: signal }),
  ...(schema === undefined ? {} : { responseMimeType: "application/json", responseJsonSchema: schema }),
  ...(think === true ? { thinkingConfig: { includeThoughts: true, thinkingBudget: 1024 } } : {})
})

interface Answer {
  readonly parts: ReadonlyArray<Part>
  readonly finish: string
  readonly usage: { readonly input: number; readonly output: number }
}

/** One answer, whichever way it comes. */
const generate = async (
  { models }: GoogleGenAI,
  { model, onText, stream }: Pick<Question, "model" | "onText" | "stream">,
  contents: Array<Content>,
  config: GenerateContentConfig
): Promise<Answer> => {
  const chunks = stream ? await models.generateContentStream({ model, contents, config }) : [await models.generateContent({ model, contents, config })]
  const parts: Array<Part> = []
  let finish = ""
  let usage = { input: 0, output: 0 }
  for await (const { candidates, usageMetadata } of chunks) {
    const [candidate] = candidates ?? []
    parts.push(...candidate?.content?.parts ?? [])
    finish = candidate?.finishReason ?? finish
    if (usageMetadata !== undefined) {
      const { candidatesTokenCount = 0, promptTokenCount = 0, thoughtsTokenCount = 0 } = usageMetadata
      usage = { input: promptTokenCount, output: candidatesTokenCount + thoughtsTokenCount }
    }
    if (textOf(parts) !== "") onText?.()
  }
  return { parts, finish, usage }
}

const said = (parts: ReadonlyArray<Part>, thought: boolean): string => parts.map((part) => (part.thought === true) === thought ? part.text ?? "" : "").join("")

const textOf = (parts: ReadonlyArray<Part>): string => said(parts, false)

const responseOf = (call: FunctionCall): Part => ({
  functionResponse: { ...(call.id === undefined ? {} : { id: call.id }), name: call.name ?? "", response: { output: resultOf({ name: call.name ?? "" }) } }
})

const sdk: Sdk = {
  name: "Google SDK",
  connect: (url, key) => {
    const client = connect(url, key)
    return {
      ask: async (question) => {
        const { finish, parts, usage } = await generate(client, question, contentsOf(question), configOf(question))
        return { text: textOf(parts), thinking: said(parts, true), finish, usage }
      },
      converse: async (question, tools) => {
        const functionDeclarations = tools.map(({ name, schema }) => ({ name, parametersJsonSchema: schema }))
        const config = { ...configOf(question), tools: [{ functionDeclarations }] }
        const { parts } = await generate(client, question, contentsOf(question), config)
        const calls = parts.flatMap(({ functionCall }) => functionCall === undefined ? [] : [functionCall])
        const history: Array<Content> = [{ role: "model", parts: [...parts] }, { role: "user", parts: calls.map(responseOf) }]
        const second = await generate(client, question, contentsOf(question, history), config)
        // A call without an id is known by its place
        return {
          calls: calls.map(({ args, id, name = "" }, index) => ({ id: id ?? String(index), name, input: args })),
          text: textOf(second.parts)
        }
      }
    }
  },
  stopped: "STOP",
  statusOf: (error) => error instanceof ApiError ? error.status : undefined,
  isAbort: (error) => error instanceof Error && error.name === "AbortError",
  isBroken: (error) => error instanceof ApiError
}

const own = ({ it, stream, upstream }: Cell): void => {
  it.effect("tools and answers described in Google's own words for schemas", () =>
    Effect.gen(function*() {
      const { url } = yield* Rig.Rig
      const client = connect(url, "sk-test")
      const schema = { type: Type.OBJECT, properties: { name: { type: Type.STRING }, age: { type: Type.INTEGER } }, required: ["name", "age"] }
      const ask = (model: string, config: GenerateContentConfig) =>
        Effect.promise(() => generate(client, { model: `${upstream}/${model}`, stream }, [{ role: "user", parts: [{ text: "Who?" }] }], config))
      const tool = yield* ask("sim-tools", { tools: [{ functionDeclarations: [{ name: "meet", parameters: schema }] }] })
      assert.hasAllKeys(tool.parts.find(({ functionCall }) => functionCall?.name === "meet")?.functionCall?.args, ["name", "age"])
      const answer = yield* ask("sim-structured", { responseMimeType: "application/json", responseSchema: schema })
      assert.hasAllKeys(JSON.parse(textOf(answer.parts)), ["name", "age"])
    }))
}

describeSdk(sdk, own)
