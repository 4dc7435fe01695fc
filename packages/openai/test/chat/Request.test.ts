import { describe, it } from "@effect/vitest"
import * as Loss from "@sluice/protocol/Loss"
import { Result } from "effect"
import { assert } from "vitest"
import { dialect } from "../../src/chat/Dialect.ts"
import { decode, elsewhere, encode, lossesOf, request } from "./Chat.ts"

const failure = (body: Parameters<typeof dialect.request.decode>[0]["body"]) => {
  const decoded = dialect.request.decode({ body, headers: {}, path: {} })
  return Result.isFailure(decoded) ? decoded.failure : assert.fail("the body was accepted")
}

describe("a request of this dialect", () => {
  it("leaves as the very same body when nothing was edited", () => {
    const body = request({ stop: "x", max_tokens: 5, seed: null, vendor: { a: 1 }, n: 2, tools: [{ type: "function", function: { name: "f", x: 1 } }] })
    assert.strictEqual(encode(decode(body)).body, body)
    assert.deepStrictEqual(encode(decode(body)).losses, [])
  })

  it("shows an edit in the words it used and changes nothing else", () => {
    const body = request({ vendor: 1, max_tokens: 5, stop: "x", stream_options: { include_usage: true, other: 2 } })
    const decoded = decode(body)
    assert.deepStrictEqual(encode({ ...decoded, maxOutputTokens: 9 }).body, { ...body, max_tokens: 9 })
    assert.deepStrictEqual(encode({ ...decoded, stop: ["y"] }).body, { ...body, stop: "y" })
    assert.deepStrictEqual(encode({ ...decoded, stop: ["y", "z"] }).body, { ...body, stop: ["y", "z"] })
    assert.deepStrictEqual(encode({ ...decoded, streamOptions: {} }).body, { ...body, stream_options: { other: 2 } })
    const { stop: _, ...unset } = decoded
    assert.deepStrictEqual(encode(unset).body, {
      model: "gpt-4o",
      messages: [{ role: "user", content: "hi" }],
      vendor: 1,
      max_tokens: 5,
      stream_options: { include_usage: true, other: 2 }
    })
  })

  it("keeps both names of the token limit in step", () => {
    const body = request({ max_tokens: 5, max_completion_tokens: 6 })
    assert.strictEqual(decode(body).maxOutputTokens, 6)
    assert.deepStrictEqual(encode({ ...decode(body), maxOutputTokens: 7 }).body, { ...body, max_tokens: 7, max_completion_tokens: 7 })
  })

  it("names the keys that have no home and where the fields stood", () => {
    const decoded = decode(request({ provider: { order: ["a"] }, temperature: 1 }))
    assert.deepStrictEqual(decoded.foreign, ["provider"])
    assert.strictEqual(decoded.places?.["temperature"], "/temperature")
    assert.strictEqual(decoded.turns[0]?.at, "/messages/0")
    assert.strictEqual(decoded.turns[0]?.parts[0]?.at, "/messages/0/content")
  })

  it("treats null as not said", () => {
    const decoded = decode(request({ temperature: null, tools: null, stop: null, response_format: null, stream: null }))
    assert.deepStrictEqual(
      [decoded.temperature, decoded.tools, decoded.stop, decoded.responseFormat, decoded.stream],
      [undefined, undefined, undefined, undefined, undefined]
    )
  })

  it("forwards the beta header to its own kind only", () => {
    const decoded = decode(request(), { "openai-beta": "x" })
    assert.deepStrictEqual(encode(decoded).headers, { "openai-beta": "x" })
    const encoded = encode({ model: "m", turns: [], headers: { "anthropic-beta": "y" } })
    assert.deepStrictEqual(encoded.headers, {})
    assert.deepStrictEqual(lossesOf(encoded), ["/headers dropped"])
  })
})

describe("a body that is no chat request", () => {
  it("is refused with the path that is wrong and what was expected there", () => {
    assert.deepInclude(failure({}), { class: "bad-request", param: "/model", message: "/model: is missing" })
    assert.strictEqual(failure(request({ temperature: "hot" })).param, "/temperature")
    assert.strictEqual(failure({ model: "m", messages: [{ role: "user", content: [{ type: "text", text: 4 }] }] }).param, "/messages/0/content/0/text")
    assert.strictEqual(failure(request({ tools: [{ type: "function" }] })).param, "/tools/0/function")
    assert.strictEqual(failure([]).class, "bad-request")
  })
})

describe("the response format", () => {
  it("is read in all three forms", () => {
    assert.deepStrictEqual(decode(request({ response_format: { type: "text" } })).responseFormat, { type: "text" })
    assert.deepStrictEqual(decode(request({ response_format: { type: "json_object" } })).responseFormat, { type: "json" })
    assert.deepStrictEqual(
      decode(request({ response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object" }, strict: true } } })).responseFormat,
      { type: "json-schema", name: "n", schema: { type: "object" }, strict: true }
    )
  })

  it("gets a name where the caller gave none, because OpenAI requires one", () => {
    const encoded = encode({ model: "m", turns: [], responseFormat: { type: "json-schema", schema: {} } })
    assert.deepStrictEqual(encoded.body["response_format"], { type: "json_schema", json_schema: { name: "response", schema: {} } })
    assert.deepStrictEqual(lossesOf(encoded), ["/responseFormat/name defaulted"])
  })
})

describe("a request from another dialect", () => {
  it("is written in the words of the specification", () => {
    const { body, losses } = encode({
      model: "m",
      turns: [{ role: "user", parts: [{ type: "text", text: "hi" }] }],
      maxOutputTokens: 10,
      stop: ["a"],
      candidates: 2,
      logprobs: { enabled: true, top: 3 },
      prediction: [{ type: "text", text: "p" }],
      serviceTier: "flex",
      webSearch: { search_context_size: "low" }
    })
    assert.deepStrictEqual(body, {
      model: "m",
      messages: [{ role: "user", content: "hi" }],
      max_completion_tokens: 10,
      stop: ["a"],
      n: 2,
      logprobs: true,
      top_logprobs: 3,
      prediction: { type: "content", content: "p" },
      service_tier: "flex",
      web_search_options: { search_context_size: "low" }
    })
    assert.deepStrictEqual(losses, [])
  })

  it("reports every field without a place: hints are lost, meaning weighs more", () => {
    const encoded = encode({
      model: "m",
      turns: [],
      topK: 3,
      previousResponse: "r",
      serviceTier: "standard_only",
      cachedContent: "c",
      stop: ["1", "2", "3", "4", "5"]
    })
    const weights = Object.fromEntries(encoded.losses.map((loss) => [loss.canonical, `${loss.reason} ${loss.weight}`]))
    assert.deepStrictEqual(weights, {
      "/topK": "dropped hint",
      "/stop": "approximated hint",
      "/serviceTier": "dropped hint",
      "/previousResponse": "dropped meaning",
      "/cachedContent": "dropped meaning"
    })
  })

  it("reports keys of the other wire that have no canonical home", () => {
    const encoded = encode({ model: "m", turns: [], wire: { dialect: elsewhere, value: {} }, at: "", foreign: ["context_management"] })
    assert.deepStrictEqual(encoded.losses.map(({ at, reason }) => [at, reason]), [["/context_management", "dropped"]])
  })

  it("gives the other side what was said less the losses", () => {
    const said = { model: "m", turns: [{ role: "user" as const, parts: [{ type: "text" as const, text: "a" }] }], topK: 1, audioOutput: { voice: "v" } }
    const encoded = encode(said)
    assert.deepStrictEqual(Loss.apply(encoded.losses, said), { model: "m", turns: said.turns })
    assert.deepStrictEqual(encoded.body, { model: "m", messages: [{ role: "user", content: "a" }] })
  })

  it("keeps the temperature from 0 to 2, which inside the dialect is the provider's business", () => {
    const cooled = encode({ model: "m", turns: [], temperature: -5 })
    assert.deepStrictEqual([cooled.body["temperature"], lossesOf(cooled)], [0, ["/temperature approximated"]])
    assert.strictEqual(encode({ ...decode(request({ temperature: 1 })), temperature: 3 }).body["temperature"], 3)
  })

  it("does not choose among no tools", () => {
    const encoded = encode({ model: "m", turns: [], toolChoice: { type: "required" }, parallelToolCalls: true })
    assert.deepStrictEqual(encoded.losses.map(({ canonical, weight }) => [canonical, weight]), [["/toolChoice", "meaning"], ["/parallelToolCalls", "hint"]])
    assert.deepStrictEqual(encoded.body, { model: "m", messages: [] })
  })
})
