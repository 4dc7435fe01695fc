/** The official Google SDK against the gateway, with an upstream of each protocol, buffered and streamed. */
import { assert, describe, layer } from "@effect/vitest"
import { type Content, type FunctionDeclaration, type GenerateContentConfig, type GenerateContentResponse, GoogleGenAI, type Part, Type } from "@google/genai"
import { Effect } from "effect"
import * as Rig from "./Rig.ts"

const tools: Array<FunctionDeclaration> = [
  { name: "get_weather", parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ["city"] } },
  { name: "get_time", parameters: { type: Type.OBJECT, properties: { zone: { type: Type.STRING } }, required: ["zone"] } }
]

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

const clientOf = Effect.map(
  Rig.Rig,
  ({ url }) => new GoogleGenAI({ apiKey: "sk-test", httpOptions: { baseUrl: url, apiVersion: "v1beta", retryOptions: { attempts: 1 } } })
)

interface Answer {
  readonly parts: ReadonlyArray<Part>
  readonly last: GenerateContentResponse | undefined
}

const textOf = ({ parts }: Answer): string => parts.map((part) => part.thought === true ? "" : part.text ?? "").join("")

/** One answer, whichever way it comes. */
const ask = async (client: GoogleGenAI, model: string, contents: Array<Content>, config: GenerateContentConfig, stream: boolean): Promise<Answer> => {
  if (!stream) {
    const last = await client.models.generateContent({ model, contents, config })
    return { parts: last.candidates?.[0]?.content?.parts ?? [], last }
  }
  const parts: Array<Part> = []
  let last: GenerateContentResponse | undefined
  for await (const chunk of await client.models.generateContentStream({ model, contents, config })) {
    parts.push(...chunk.candidates?.[0]?.content?.parts ?? [])
    last = chunk
  }
  return { parts, last }
}

const user = (...parts: Array<Part>): Content => ({ role: "user", parts })

const rejection = (promise: Promise<unknown>) => Effect.promise(() => promise.then(() => undefined, (error: unknown) => error))

for (const upstream of Rig.upstreams) {
  for (const stream of [false, true]) {
    describe(`Google SDK, ${upstream} upstream, ${stream ? "streamed" : "buffered"}`, () => {
      layer(Rig.layer(), { excludeTestServices: true })((it) => {
        it.effect("text, with usage and a finish", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const answer = yield* Effect.promise(() => ask(client, `${upstream}/sim-text`, [user({ text: "Hello" })], { maxOutputTokens: 500 }, stream))
            assert.match(textOf(answer), /^Hello from the simulator/)
            assert.strictEqual(answer.last?.candidates?.[0]?.finishReason, "STOP")
            assert.isAbove(answer.last?.usageMetadata?.promptTokenCount ?? 0, 0)
            assert.isAbove(answer.last?.usageMetadata?.candidatesTokenCount ?? 0, 0)
          }))

        it.effect("two parallel tools, whose results go back", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const model = `${upstream}/sim-parallel-tools`
            const question = user({ text: "Weather and time in Paris?" })
            const config = { maxOutputTokens: 500, tools: [{ functionDeclarations: tools }] }
            const first = yield* Effect.promise(() => ask(client, model, [question], config, stream))
            const calls = first.parts.flatMap(({ functionCall }) => functionCall === undefined ? [] : [functionCall])
            assert.deepStrictEqual(calls.map(({ name }) => name), ["get_weather", "get_time"])
            const results = calls.map((call, index): Part => ({
              functionResponse: { ...(call.id === undefined ? {} : { id: call.id }), name: call.name ?? "", response: { output: `result number ${index + 1}` } }
            }))
            const second = yield* Effect.promise(() =>
              ask(client, model, [question, { role: "model", parts: [...first.parts] }, user(...results)], config, stream)
            )
            assert.include(textOf(second), "result number 1")
            assert.include(textOf(second), "result number 2")
          }))

        it.effect("an image", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const contents = [user({ text: "What is this?" }, { inlineData: { mimeType: "image/png", data: pixel } })]
            const answer = yield* Effect.promise(() => ask(client, `${upstream}/sim-auto`, contents, { maxOutputTokens: 500 }, stream))
            assert.match(textOf(answer), /1 image/)
          }))

        it.effect("thinking", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const config = { maxOutputTokens: 4000, thinkingConfig: { includeThoughts: true, thinkingBudget: 1024 } }
            const answer = yield* Effect.promise(() => ask(client, `${upstream}/sim-reasoning`, [user({ text: "Think." })], config, stream))
            assert.isTrue(answer.parts.some((part) => part.thought === true && (part.text ?? "") !== ""))
            assert.isNotEmpty(textOf(answer))
          }))

        it.effect("structured output", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            const responseSchema = { type: Type.OBJECT, properties: { name: { type: Type.STRING }, age: { type: Type.INTEGER } }, required: ["name", "age"] }
            const config = { maxOutputTokens: 500, responseMimeType: "application/json", responseSchema }
            const answer = yield* Effect.promise(() => ask(client, `${upstream}/sim-structured`, [user({ text: "Who?" })], config, stream))
            assert.containsAllKeys(JSON.parse(textOf(answer)), ["name", "age"])
          }))

        it.effect("errors are the SDK's own class, with the status", () =>
          Effect.gen(function*() {
            const client = yield* clientOf
            for (const [status, expected] of [[400, 400], [404, 404], [429, 429], [500, 502]] as const) {
              const error = yield* rejection(ask(client, `${upstream}/sim-error;status=${status}`, [user({ text: "Hello" })], { maxOutputTokens: 100 }, stream))
              assert.strictEqual(error instanceof Error && "status" in error ? error.status : undefined, expected)
            }
          }))
      })
    })
  }
}
