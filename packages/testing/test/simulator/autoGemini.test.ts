import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describe } from "vitest"
import { Simulator } from "../../src/Simulator.ts"
import { ask, askJson, request, send } from "./ask.ts"
import { geminiSchemas } from "./officialSchemas.ts"

const weather = { type: "OBJECT", properties: { city: { type: "STRING" }, days: { type: "INTEGER", minimum: 1 } }, required: ["city", "days"] }
const time = { type: "object", properties: { zone: { enum: ["UTC", "CET"] } }, required: ["zone"] }
const tools = [{
  functionDeclarations: [{ name: "weather", description: "w", parameters: weather }, { name: "time", description: "t", parametersJsonSchema: time }]
}]
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

interface Part {
  readonly text?: string
  readonly thought?: boolean
  readonly thoughtSignature?: string
  readonly functionCall?: { readonly id?: string; readonly name: string; readonly args: object }
}

const user = { role: "user", parts: [{ text: "How is it?" }] }

const gemini = (body: object, model = "gemini-2.5-pro") =>
  Effect.map(askJson("gemini", model, { body: { contents: [user], ...body } }), ({ body }) => {
    const [candidate] = body.candidates
    const parts: ReadonlyArray<Part> = candidate.content.parts
    const calls = parts.flatMap((part) => part.functionCall ?? [])
    const text = parts.map((part) => part.thought === true ? "" : part.text ?? "").join("")
    return { candidates: body.candidates, content: candidate.content, finishReason: candidate.finishReason, parts, calls, text, usage: body.usageMetadata }
  })

const mode = (functionCallingConfig: object) => ({ tools, toolConfig: { functionCallingConfig } })

describe("auto on gemini", () => {
  it.layer(Simulator.layer)((it) => {
    it.effect("quotes the user", () => Effect.map(gemini({}), ({ text }) => assert.strictEqual(text, "You said: How is it?")))
    it.effect("calls tools of either kind of schema, and quotes their results in the next turn", () =>
      Effect.gen(function*() {
        const { calls, content, finishReason } = yield* gemini({ tools })
        assert.strictEqual(finishReason, "STOP")
        assert.deepStrictEqual(calls, [{ name: "weather", args: { city: "sample city", days: 1 } }, { name: "time", args: { zone: "UTC" } }])
        const results = calls.map((call, n) => ({ functionResponse: { name: call.name, response: { output: `result ${n}` } } }))
        const next = yield* gemini({ tools, contents: [user, content, { role: "user", parts: results }] })
        assert.strictEqual(next.text, "The tools said: \"result 0\" and \"result 1\".")
      }))
    it.effect("keeps to the calling mode", () =>
      Effect.gen(function*() {
        const none = yield* gemini(mode({ mode: "NONE" }))
        const forced = yield* gemini(mode({ mode: "ANY", allowedFunctionNames: ["time"] }))
        const any = yield* gemini(mode({ mode: "ANY" }))
        assert.deepStrictEqual([none, forced, any].map(({ calls }) => calls.map((call) => call.name)), [[], ["time"], ["weather", "time"]])
      }))
    it.effect("gives calls ids when the scenario asks for them", () =>
      Effect.gen(function*() {
        const bare = yield* gemini({}, "sim-parallel-tools")
        const named = yield* gemini({}, "sim-parallel-tools;ids=1")
        assert.deepStrictEqual(bare.calls.map((call) => call.id), [undefined, undefined])
        assert.strictEqual(new Set(named.calls.map((call) => call.id)).size, 2)
        const streamed = yield* ask("gemini", "sim-parallel-tools;ids=1", { stream: true })
        assert.strictEqual(streamed.text.match(/"functionCall":\{"id":"sim/g)?.length, 2)
      }))
    it.effect("signs the first call after a thought, or else the last part, and accepts both back", () =>
      Effect.gen(function*() {
        const thinking = { generationConfig: { thinkingConfig: { includeThoughts: true, thinkingLevel: "HIGH" } } }
        const called = yield* gemini({ ...thinking, tools }, "gemini-3-pro")
        const said = yield* gemini(thinking, "gemini-3-pro")
        assert.deepStrictEqual(called.parts.map((part) => [part.thought ?? false, part.thoughtSignature !== undefined]), [
          [true, false],
          [false, true],
          [false, false]
        ])
        assert.deepStrictEqual(said.parts.map((part) => part.thoughtSignature !== undefined), [false, true])
        const results = called.calls.map((call) => ({ functionResponse: { name: call.name, response: { output: "ok" } } }))
        const next = yield* gemini(
          { ...thinking, tools, contents: [user, said.content, user, called.content, { role: "user", parts: results }] },
          "gemini-3-pro"
        )
        assert.strictEqual(next.text, "The tools said: \"ok\" and \"ok\".")
        const streamed = yield* ask("gemini", "sim-reasoning", { stream: true })
        assert.match(streamed.text, /\{"parts":\[\{"text":"","thoughtSignature":"[^"]+"\}\],"role":"model"\},"finishReason":"STOP"/)
      }))
    it.effect("satisfies a response schema of either kind", () =>
      Effect.gen(function*() {
        for (const schema of [{ responseSchema: weather }, { responseJsonSchema: { ...weather, type: "object" } }]) {
          const { text } = yield* gemini({ generationConfig: { responseMimeType: "application/json", ...schema } })
          assert.hasAllKeys(JSON.parse(text), ["city", "days"])
        }
      }))
    it.effect("counts images", () =>
      Effect.gen(function*() {
        const { text } = yield* gemini({ contents: [{ role: "user", parts: [{ text: "What?" }, { inlineData: { mimeType: "image/png", data: pixel } }] }] })
        assert.strictEqual(text, "I see 1 image. You said: What?")
      }))
    it.effect("stops at the most tokens and at stop sequences, and gives as many candidates as asked", () =>
      Effect.gen(function*() {
        const short = yield* gemini({ generationConfig: { maxOutputTokens: 2 } })
        const stopped = yield* gemini({ generationConfig: { stopSequences: ["How"] } })
        const several = yield* gemini({ generationConfig: { candidateCount: 3 } })
        assert.deepStrictEqual([short.text, short.finishReason, short.usage.candidatesTokenCount], ["You said", "MAX_TOKENS", 2])
        assert.deepStrictEqual([stopped.text, stopped.finishReason], ["You said: ", "STOP"])
        assert.deepStrictEqual(several.candidates.map((candidate: { index: number }) => candidate.index), [0, 1, 2])
      }))
    it.effect("escapes the line separators that JSON leaves alone", () =>
      Effect.gen(function*() {
        const reply = yield* ask("gemini", "gemini-2.5-pro", { stream: true, body: { contents: [{ parts: [{ text: "a\u2028b\u2029c" }] }] } })
        assert.include(reply.text, "\\u2028")
        assert.notMatch(reply.text, /[\u2028\u2029]/)
      }))
    it.effect("blocks the prompt where the model refuses, without a candidate", () =>
      Effect.gen(function*() {
        const { body } = yield* askJson("gemini", "sim-refusal")
        assert.deepStrictEqual([body.promptFeedback.blockReason, body.candidates, body.usageMetadata.candidatesTokenCount], [
          "PROHIBITED_CONTENT",
          undefined,
          undefined
        ])
      }))
  })
})

describe("other operations of gemini", () => {
  it.layer(Simulator.layer)((it) => {
    const text = { contents: [{ role: "user", parts: [{ text: "x".repeat(100) }] }] }
    it.effect("counts tokens as generation does, of contents or of a whole request", () =>
      Effect.gen(function*() {
        for (const body of [text, { generateContentRequest: { model: "models/gemini-2.5-pro", ...text } }]) {
          const incoming = { ...request("gemini", "gemini-2.5-pro"), path: "/v1beta/models/gemini-2.5-pro:countTokens", body: JSON.stringify(body) }
          const count = JSON.parse((yield* send(incoming)).text)
          assert.deepStrictEqual([count.totalTokens, geminiSchemas.count(count)], [25, []])
        }
        const { usage } = yield* gemini(text)
        assert.strictEqual(usage.promptTokenCount, 25)
      }))
    it.effect("answers under /v1, and takes the key from the query", () =>
      Effect.gen(function*() {
        const incoming = request("gemini", "sim-text", { stream: true })
        const reply = yield* send({ ...incoming, path: incoming.path.replace("v1beta", "v1"), query: "key=test&alt=sse", headers: {} })
        const bad = yield* send({ ...incoming, query: "key=bad&alt=sse", headers: {} })
        assert.deepStrictEqual([reply.status, reply.text.startsWith("data: {"), bad.status], [200, true, 400])
      }))
    it.effect("reads the model from the path, encoded or not", () =>
      Effect.gen(function*() {
        const plain = yield* send({ ...request("gemini", "x"), path: "/v1beta/models/sim-long;events=3:generateContent" })
        const encoded = yield* askJson("gemini", "sim-error;status=429;retryAfter=Wed, 21 Oct 2026 07:28:00 GMT")
        assert.strictEqual(JSON.parse(plain.text).modelVersion, "sim-long;events=3")
        assert.deepStrictEqual([encoded.status, encoded.headers["retry-after"]], [429, "Wed, 21 Oct 2026 07:28:00 GMT"])
      }))
    it.effect("lists models, told apart by the path or the key", () =>
      Effect.gen(function*() {
        const list = { method: "GET", query: "", body: "", headers: { "x-goog-api-key": "k" } }
        const beta = JSON.parse((yield* send({ ...list, path: "/v1beta/models" })).text)
        const stable = JSON.parse((yield* send({ ...list, path: "/v1/models" })).text)
        assert.deepStrictEqual(beta, stable)
        assert.deepStrictEqual([beta.models[0].name, geminiSchemas.models(beta)], ["models/sim-auto", []])
      }))
    it.effect("writes an array piece by piece", () =>
      Effect.gen(function*() {
        const { text, headers } = yield* ask("gemini-array", "sim-text;events=3", { stream: true })
        assert.strictEqual(headers["content-type"], "application/json")
        assert.match(text, /^\[\{.*\},\n\{.*\},\n\{.*\},\n\{.*\}\n\]$/)
      }))
  })
})
