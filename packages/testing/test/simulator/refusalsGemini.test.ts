import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describe } from "vitest"
import { Simulator } from "../../src/Simulator.ts"
import { sealOf } from "../../src/simulator/Signatures.ts"
import { ask, askJson } from "./ask.ts"
import { geminiSchemas } from "./officialSchemas.ts"

const user = { role: "user", parts: [{ text: "Hi" }] }
const call = (name: string, more: object = {}) => ({ functionCall: { name, args: {}, ...more } })
const answer = (name: string, more: object = {}) => ({ functionResponse: { name, response: { output: "done" }, ...more } })
const says = (...parts: ReadonlyArray<object>) => ({ role: "model", parts })
const hears = (...parts: ReadonlyArray<object>) => ({ role: "user", parts })
const look = { name: "look", description: "looks", parameters: { type: "OBJECT", properties: { at: { type: "STRING" } } } }
const tools = (declaration: object) => ({ tools: [{ functionDeclarations: [declaration] }] })
const parameters = (schema: object) => tools({ ...look, parameters: schema })
const config = (generationConfig: object) => ({ generationConfig })
const calling = (functionCallingConfig: object) => ({ ...tools(look), toolConfig: { functionCallingConfig } })

/** What Gemini refuses, and a word of why. */
const refusals: ReadonlyArray<readonly [name: string, body: object, reason: RegExp]> = [
  ["no contents", { contents: undefined }, /contents is not specified/],
  ["a field of OpenAI", { messages: [] }, /Unknown name "messages": Cannot find field/],
  ["a field of OpenAI in the config", config({ max_tokens: 5 }), /"max_tokens" at 'generation_config'/],
  ["an unknown role", { contents: [{ role: "assistant", parts: [{ text: "x" }] }] }, /valid role: user, model/],
  ["a content without parts", { contents: [{ role: "user", parts: [] }] }, /parts must not be empty/],
  ["a part without data", { contents: [hears({ thought: true })] }, /oneof field 'data'/],
  ["a part with two kinds of data", { contents: [hears({ text: "x", ...call("look") })] }, /oneof/],
  ["an unknown part", { contents: [hears({ type: "text", text: "x" })] }, /"type" at 'contents\[0\].parts\[0\]'/],
  ["data that is no base64", { contents: [hears({ inlineData: { mimeType: "image/png", data: "data:image/png;base64,AA" } })] }, /Base64/],
  ["args that are no object", { contents: [user, says(call("look", { args: "{}" })), hears(answer("look"))] }, /function_call.args.*Struct/],
  ["a response that is no object", { contents: [user, says(call("look")), hears(answer("look", { response: "done" }))] }, /function_response.response.*Struct/],
  ["a response that is a list", { contents: [user, says(call("look")), hears(answer("look", { response: ["done"] }))] }, /function_response.response.*Struct/],
  ["a response without a name", { contents: [user, says(call("look")), hears(answer(""))] }, /Name cannot be empty/],
  ["fewer responses than calls", { contents: [user, says(call("look"), call("look")), hears(answer("look"))] }, /number of function response parts/],
  ["more responses than calls", { contents: [user, says(call("look")), hears(answer("look"), answer("look"))] }, /number of function response parts/],
  ["a call without a response", { contents: [user, says(call("look")), user] }, /number of function response parts/],
  ["a call at the end", { contents: [user, says(call("look"))] }, /number of function response parts/],
  ["a response without a call", { contents: [user, says({ text: "x" }), hears(answer("look"))] }, /immediately after a function call turn/],
  ["a call before the user", { contents: [says(call("look")), hears(answer("look"))] }, /immediately after a user turn/],
  ["a response of another name", { contents: [user, says(call("look")), hears(answer("call_1"))] }, /names/],
  ["a response of another id", { contents: [user, says(call("look", { id: "a" })), hears(answer("look", { id: "b" }))] }, /ids/],
  [
    "two responses of one id",
    { contents: [user, says(call("look", { id: "a" }), call("look", { id: "b" })), hears(answer("look", { id: "a" }), answer("look", { id: "a" }))] },
    /ids/
  ],
  ["a forged signature", { contents: [user, says({ text: "x", thoughtSignature: "Zm9yZ2Vk" }), user] }, /Corrupted thought signature/],
  [
    "$schema",
    parameters({ ...look.parameters, $schema: "https://json-schema.org/draft/2020-12/schema" }),
    /"\$schema" at 'tools\[0\].function_declarations\[0\].parameters'/
  ],
  ["additionalProperties", parameters({ ...look.parameters, additionalProperties: false }), /"additionalProperties"/],
  ["a $ref inside", parameters({ type: "OBJECT", properties: { at: { $ref: "#/$defs/x" } } }), /"\$ref" at '.*parameters.properties\[0\].value'/],
  ["a list of types", parameters({ type: "OBJECT", properties: { at: { type: ["string", "null"] } } }), /cannot start list/],
  ["an unknown type", parameters({ type: "map" }), /"map"/],
  ["an enum of numbers", parameters({ type: "OBJECT", properties: { at: { type: "INTEGER", enum: [1] } } }), /TYPE_STRING/],
  ["an enum of a type that is no string", parameters({ type: "OBJECT", properties: { at: { type: "INTEGER", enum: ["1"] } } }), /only allowed for STRING/],
  ["an array without items", parameters({ type: "OBJECT", properties: { at: { type: "ARRAY" } } }), /items: missing field/],
  ["a required property that is not there", parameters({ ...look.parameters, required: ["other"] }), /property is not defined/],
  ["a function name with a space", tools({ ...look, name: "look here" }), /Invalid function name/],
  ["two functions of one name", { tools: [{ functionDeclarations: [look, look] }] }, /Duplicate/],
  ["a tool of OpenAI", { tools: [{ type: "function", function: look }] }, /"type" at 'tools\[0\]'/],
  ["both kinds of parameters", tools({ ...look, parametersJsonSchema: { type: "object" } }), /both/],
  ["an unknown mode", calling({ mode: "REQUIRED" }), /REQUIRED/],
  ["allowed names without ANY", calling({ mode: "AUTO", allowedFunctionNames: ["look"] }), /ANY/],
  ["an allowed name that is not declared", calling({ mode: "ANY", allowedFunctionNames: ["other"] }), /other/],
  ["temperature 3", config({ temperature: 3 }), /temperature/],
  ["a count that is text", config({ maxOutputTokens: "many" }), /TYPE_INT32/],
  ["six stop sequences", config({ stopSequences: ["a", "b", "c", "d", "e", "f"] }), /stop_sequences/],
  ["a schema without its media type", config({ responseSchema: { type: "STRING" } }), /only allowed when/],
  ["an unknown media type", config({ responseMimeType: "text/html" }), /mimetypes/],
  ["a budget beside a level", config({ thinkingConfig: { thinkingBudget: 100, thinkingLevel: "LOW" } }), /only one of/],
  ["a body that is a list", { toJSON: () => [] }, /JSON/]
]

/** What is allowed in spite of a likeness to what is not. */
const allowed: ReadonlyArray<readonly [name: string, body: object]> = [
  ["a content without a role", { contents: [{ parts: [{ text: "x" }] }] }],
  ["one object where lists are specified", { contents: { role: "user", parts: { text: "x" } } }],
  ["names in snake case", {
    system_instruction: { parts: [{ text: "x" }] },
    generation_config: { max_output_tokens: 5, thinking_config: { thinking_budget: 0 } }
  }],
  ["types in lower case", parameters({ type: "object", properties: { at: { type: "string", nullable: true } } })],
  [
    "JSON Schema in its own field",
    tools({ name: "look", description: "x", parametersJsonSchema: { $schema: "x", type: "object", additionalProperties: false } })
  ],
  ["two calls of one name without ids", { contents: [user, says(call("look"), call("look")), hears(answer("look"), answer("look"))] }],
  ["responses in contents of their own", { contents: [user, says(call("a"), call("b")), hears(answer("a")), { role: "function", parts: [answer("b")] }] }],
  ["responses without the ids of their calls", { contents: [user, says(call("look", { id: "a" })), hears(answer("look"))] }],
  ["the simulator's own signature, and the one that skips the check", {
    contents: [
      user,
      says({ ...call("look"), thoughtSignature: sealOf("Hm") }),
      hears(answer("look")),
      says({ ...call("look"), thoughtSignature: "skip_thought_signature_validator" }),
      hears(answer("look"))
    ]
  }],
  ["an allowed name with ANY", calling({ mode: "ANY", allowedFunctionNames: ["look"] })],
  ["a tool the service runs", { tools: [{ googleSearch: {} }] }]
]

describe("gemini refuses", () => {
  it.layer(Simulator.layer)((it) => {
    for (const [name, body, reason] of refusals) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const reply = yield* askJson("gemini", "sim-text", { body })
          assert.deepStrictEqual([reply.status, reply.body.error.code, reply.body.error.status], [400, 400, "INVALID_ARGUMENT"])
          assert.match(reply.body.error.message, reason)
        }))
    }
    it.effect("cached content, which is nowhere", () =>
      Effect.gen(function*() {
        const reply = yield* askJson("gemini", "sim-text", { body: { cachedContent: "cachedContents/x" } })
        assert.deepStrictEqual([reply.status, reply.body.error.status], [403, "PERMISSION_DENIED"])
      }))
    it.effect("calls without a signature where Gemini 3 thinks, in the turn at hand only", () =>
      Effect.gen(function*() {
        const thinking = config({ thinkingConfig: { thinkingLevel: "LOW" } })
        const turn = [user, says(call("look")), hears(answer("look"))]
        const bare = yield* askJson("gemini", "gemini-3-pro", { body: { ...thinking, contents: turn } })
        assert.deepStrictEqual([bare.status, /thought_signature/.test(bare.body.error?.message)], [400, true])
        const older = yield* ask("gemini", "gemini-3-pro", { body: { ...thinking, contents: [...turn, says({ text: "x" }), user] } })
        const former = yield* ask("gemini", "gemini-2.5-pro", { body: { ...config({ thinkingConfig: { thinkingBudget: 100 } }), contents: turn } })
        assert.deepStrictEqual([older.status, former.status], [200, 200])
      }))
  })
})

describe("gemini accepts", () => {
  it.layer(Simulator.layer)((it) => {
    for (const [name, body] of allowed) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const reply = yield* ask("gemini", "sim-text", { body })
          assert.strictEqual(reply.status, 200, reply.text)
          assert.deepStrictEqual(geminiSchemas.body(JSON.parse(reply.text)), [])
        }))
    }
  })
})

describe("errors of gemini", () => {
  it.layer(Simulator.layer)((it) => {
    it.effect("have the words of Google; in an array where the stream is one", () =>
      Effect.gen(function*() {
        const words = { 400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE" }
        for (const [status, word] of Object.entries(words)) {
          const buffered = yield* askJson("gemini", `sim-error;status=${status}`)
          const streamed = yield* askJson("gemini", `sim-error;status=${status}`, { stream: true })
          const array = yield* askJson("gemini-array", `sim-error;status=${status}`, { stream: true })
          assert.deepStrictEqual([buffered.body, [buffered.body]], [streamed.body, array.body])
          assert.deepStrictEqual([buffered.status, buffered.body.error.code, buffered.body.error.status], [Number(status), Number(status), word])
        }
      }))
    it.effect("name the wait of a 429 in RetryInfo, and in a header only when one is asked for", () =>
      Effect.gen(function*() {
        const delay = (body: { error: { details: ReadonlyArray<{ retryDelay?: string }> } }) =>
          body.error.details.find((detail) => detail.retryDelay)?.retryDelay
        const usual = yield* askJson("gemini", "sim-error;status=429")
        const asked = yield* askJson("gemini", "sim-error;status=503;retryAfter=7")
        const short = yield* askJson("gemini", "sim-error;status=429;retryAfterMs=250")
        const quota = yield* askJson("gemini", "sim-quota")
        assert.deepStrictEqual([delay(usual.body), delay(asked.body), delay(short.body), delay(quota.body)], ["1s", "7s", "0.25s", "34.4s"])
        assert.deepStrictEqual([usual.headers["retry-after"], asked.headers["retry-after"], short.headers["retry-after-ms"]], [undefined, "7", "250"])
      }))
    it.effect("tell quota, overflow and unknown models apart", () =>
      Effect.gen(function*() {
        const seen = []
        for (const scenario of ["quota", "context-overflow", "unknown-model", "no-such-scenario"]) {
          const { status, body } = yield* askJson("gemini", `sim-${scenario}`)
          seen.push([status, body.error.status])
        }
        assert.deepStrictEqual(seen, [[429, "RESOURCE_EXHAUSTED"], [400, "INVALID_ARGUMENT"], [404, "NOT_FOUND"], [404, "NOT_FOUND"]])
      }))
    it.effect("name a key that is missing or bad", () =>
      Effect.gen(function*() {
        const missing = yield* askJson("gemini", "sim-text", { headers: { "x-goog-api-key": "" } })
        const bad = yield* askJson("gemini", "sim-text", { headers: { "x-goog-api-key": "bad-key" } })
        assert.deepStrictEqual([missing.status, missing.body.error.status], [403, "PERMISSION_DENIED"])
        assert.deepStrictEqual([bad.status, bad.body.error.status, bad.body.error.details[0].reason], [400, "INVALID_ARGUMENT", "API_KEY_INVALID"])
      }))
    it.effect("inside a stream are a chunk of their own", () =>
      Effect.gen(function*() {
        const events = yield* ask("gemini", "sim-stream-error;status=503", { stream: true })
        const array = yield* ask("gemini-array", "sim-stream-error;status=503", { stream: true })
        assert.match(events.text, /\n\ndata: \{"error":\{"code":503,"message":"[^"]+","status":"UNAVAILABLE"\}\}\n\n$/)
        assert.strictEqual(JSON.parse(array.text).at(-1).error.code, 503)
      }))
  })
})
