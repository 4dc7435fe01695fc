import { assert, describe, it } from "@effect/vitest"
import type { Part, Source } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, FunctionTool, Tool, Turn } from "@sluice/protocol/CanonicalRequest"
import { DialectId, type JsonObject } from "@sluice/protocol/Wire"
import { dialect, id } from "../../src/messages/Dialect.ts"
import { blockAt, foreign, keyOf, losses } from "./support.ts"

const elsewhere = DialectId.make("openai-chat")
const said = (text: string): Part => ({ type: "text", text })
const user = (...parts: ReadonlyArray<Part>): Turn => ({ role: "user", parts })
const assistant = (...parts: ReadonlyArray<Part>): Turn => ({ role: "assistant", parts })
const call = (callId: string, args = "{}"): Part => ({ type: "tool-call", kind: "function", id: callId, name: "f", arguments: args })
const result = (callId: string, text = "ok"): Part => ({ type: "tool-result", kind: "function", id: callId, parts: [said(text)] })
const tool = (...parts: ReadonlyArray<Part>): Turn => ({ role: "tool", parts })

const encode = (request: Partial<CanonicalRequest>) => dialect.request.encode(foreign(request))
const messages = (...turns: ReadonlyArray<Turn>) => encode({ turns }).body["messages"]
const lost = (request: Partial<CanonicalRequest>) => losses(encode(request).losses)

describe("turns of another dialect", () => {
  it("with parallel calls get their results in one message, in the order of the results", () => {
    assert.deepStrictEqual(messages(user(said("go")), assistant(call("a"), call("b")), tool(result("b")), tool(result("a"))), [
      { role: "user", content: "go" },
      { role: "assistant", content: [{ type: "tool_use", id: "a", name: "f", input: {} }, { type: "tool_use", id: "b", name: "f", input: {} }] },
      {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: "b", content: "ok" }, { type: "tool_result", tool_use_id: "a", content: "ok" }]
      }
    ])
  })

  it("have results first where the user spoke before or between them", () => {
    const results = {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "a", content: "ok" }, { type: "tool_result", tool_use_id: "b", content: "ok" }]
    }
    assert.deepStrictEqual(
      (messages(assistant(call("a"), call("b")), tool(result("a")), user(said("wait")), tool(result("b"))) as ReadonlyArray<JsonObject>).slice(1),
      [results, { role: "user", content: "wait" }]
    )
    assert.deepStrictEqual((messages(assistant(call("a")), user(said("here"), result("a"))) as ReadonlyArray<JsonObject>)[1], {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "a", content: "ok" }, { type: "text", text: "here" }]
    })
  })

  it("that are items of one answer become one message", () => {
    assert.deepStrictEqual(messages(user(said("go")), assistant(said("one")), assistant(call("a")), tool(result("a"))), [
      { role: "user", content: "go" },
      { role: "assistant", content: [{ type: "text", text: "one" }, { type: "tool_use", id: "a", name: "f", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: "ok" }] }
    ])
  })

  it("are not sent when they are empty or blank", () => {
    const turns = [user(said("go")), assistant(said("")), user(said(" \n"))]
    assert.deepStrictEqual(messages(...turns), [{ role: "user", content: "go" }])
    assert.deepStrictEqual(lost({ turns }), ["/turns/1;dropped;hint", "/turns/2/parts/0;dropped;hint", "/turns/2;dropped;hint"])
  })

  it("of the system in mid-conversation stay so only for models that take them", () => {
    const turns: ReadonlyArray<Turn> = [user(said("go")), { role: "developer", parts: [said("rule")] }]
    assert.deepStrictEqual(encode({ turns }).body["messages"], [{ role: "user", content: "go" }, { role: "user", content: "rule" }])
    assert.deepStrictEqual(lost({ turns }), ["/turns/1/role;approximated;hint"])
    const newer = encode({ turns, model: "claude-opus-4-8" })
    assert.deepStrictEqual(newer.body["messages"], [{ role: "user", content: "go" }, { role: "system", content: "rule" }])
    assert.deepStrictEqual(newer.losses, [])
  })

  it("that are all instructions are asked as the user", () => {
    const encoded = encode({ turns: [], instructions: [{ role: "system", parts: [said("Tell a joke.")] }] })
    assert.deepStrictEqual(encoded.body["messages"], [{ role: "user", content: "Tell a joke." }])
    assert.isUndefined(encoded.body["system"])
  })

  it("give several instructions as blocks of one system", () => {
    const { body } = encode({ instructions: [{ role: "system", parts: [said("one")] }, { role: "developer", parts: [said("two")] }] })
    assert.deepStrictEqual(body["system"], [{ type: "text", text: "one" }, { type: "text", text: "two" }])
  })
})

describe("calls", () => {
  it("keep one id on call and result, in Anthropic's letters", () => {
    const { body } = encode({ turns: [user(said("go")), assistant(call("functions.f:0")), tool(result("functions.f:0"))] })
    const used = keyOf(blockAt(body, 1, 0), "id")
    assert.match(String(used), /^[a-zA-Z0-9_-]+$/)
    assert.strictEqual(keyOf(blockAt(body, 2, 0), "tool_use_id"), used)
  })

  it("with arguments that are no object say so, and with null have none", () => {
    const input = (args: string) => keyOf(blockAt(encode({ turns: [user(said("go")), assistant(call("a", args))] }).body, 1, 0), "input")
    assert.deepStrictEqual(input("{\"a\":1}"), { a: 1 })
    assert.deepStrictEqual(input(""), {})
    assert.deepStrictEqual(input("null"), {})
    assert.deepStrictEqual(input("{\"city\":\"Par"), { arguments: "{\"city\":\"Par" })
    assert.deepStrictEqual(lost({ turns: [user(said("go")), assistant(call("a", "[1]"))] }), ["/turns/1/parts/0/arguments;approximated;hint"])
  })

  it("of custom tools carry their text as one parameter", () => {
    const custom: Part = { type: "tool-call", kind: "custom", id: "a", name: "patch", arguments: "*** Begin" }
    const written = messages(user(said("go")), assistant(custom)) as ReadonlyArray<JsonObject>
    assert.deepStrictEqual(written[1], { role: "assistant", content: [{ type: "tool_use", id: "a", name: "patch", input: { input: "*** Begin" } }] })
  })
})

describe("thinking", () => {
  it("of others is dropped as a hint, Anthropic's own is sent", () => {
    const own: Part = { type: "reasoning", form: "raw", text: "hm", signature: { by: id, value: "sig" } }
    const sealed: Part = { type: "reasoning", form: "raw", text: "", encrypted: { by: id, value: "cipher" } }
    const turns = [user(said("go")), assistant({ type: "reasoning", form: "raw", text: "unsigned" }, own, sealed, said("done"))]
    assert.deepStrictEqual((encode({ turns }).body["messages"] as ReadonlyArray<JsonObject>)[1], {
      role: "assistant",
      content: [{ type: "thinking", thinking: "hm", signature: "sig" }, { type: "redacted_thinking", data: "cipher" }, { type: "text", text: "done" }]
    })
    assert.deepStrictEqual(lost({ turns }), ["/turns/1/parts/0;dropped;hint"])
  })

  it("is told as a budget or a level, as the model knows it", () => {
    const high: Partial<CanonicalRequest> = { reasoning: { effort: { mode: "level", level: "high" } }, maxOutputTokens: 50_000 }
    assert.deepStrictEqual(encode(high).body["thinking"], { type: "enabled", budget_tokens: 24_576 })
    const newer = encode({ ...high, model: "claude-opus-4-7" }).body
    assert.deepStrictEqual([newer["thinking"], newer["output_config"]], [{ type: "adaptive" }, { effort: "high" }])
    const budget: Partial<CanonicalRequest> = { model: "claude-opus-4-7", reasoning: { effort: { mode: "budget", tokens: 5000 } } }
    assert.deepStrictEqual(encode(budget).body["output_config"], { effort: "medium" })
    assert.deepStrictEqual(encode({ reasoning: { effort: { mode: "none" } } }).body["thinking"], { type: "disabled" })
  })

  it("has a budget between 1024 and the longest answer, and none where there is no room", () => {
    const thinking = (tokens: number, maxOutputTokens: number) =>
      encode({ reasoning: { effort: { mode: "budget", tokens } }, maxOutputTokens }).body["thinking"]
    assert.deepStrictEqual(thinking(100, 5000), { type: "enabled", budget_tokens: 1024 })
    assert.deepStrictEqual(thinking(9000, 5000), { type: "enabled", budget_tokens: 4999 })
    assert.isUndefined(thinking(9000, 1000))
  })

  it("gives way to a forced tool, and to an answer under way that did not begin with it", () => {
    const reasoning: CanonicalRequest["reasoning"] = { effort: { mode: "level", level: "low" } }
    const tools: CanonicalRequest["tools"] = [{ type: "function", name: "f", parameters: { type: "object" } }]
    assert.isUndefined(encode({ reasoning, tools, toolChoice: { type: "required" } }).body["thinking"])
    const underWay = { reasoning, tools, maxOutputTokens: 9000, turns: [user(said("go")), assistant(call("a")), tool(result("a"))] }
    assert.isUndefined(encode(underWay).body["thinking"])
    assert.deepStrictEqual(encode({ ...underWay, model: "claude-opus-4-7" }).body["thinking"], { type: "adaptive" })
  })
})

describe("media", () => {
  it("cross as base64, address and data address", () => {
    const image = (source: Source): Part => ({ type: "image", source })
    const written = messages(user(
      image({ type: "base64", data: "iVBORw0KGgoA" }),
      image({ type: "url", url: "https://a.b/c.png" }),
      image({ type: "url", url: "data:image/gif;base64,R0lGOD" })
    ))
    assert.deepStrictEqual(written, [{
      role: "user",
      content: [
        { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgoA" } },
        { type: "image", source: { type: "url", url: "https://a.b/c.png" } },
        { type: "image", source: { type: "base64", media_type: "image/gif", data: "R0lGOD" } }
      ]
    }])
  })

  it("as text documents are read, other documents than PDF and other providers' files are lost meaning", () => {
    const file = (source: Source): Part => ({ type: "document", source, title: "n" })
    assert.deepStrictEqual(messages(user(file({ type: "base64", mime: "text/csv", data: "YSxi" }))), [{
      role: "user",
      content: [{ type: "document", source: { type: "text", media_type: "text/plain", data: "a,b" }, title: "n" }]
    }])
    const turns = [user(said("x"), file({ type: "file", provider: elsewhere, id: "f" }), file({ type: "base64", mime: "application/zip", data: "UEs=" }))]
    assert.deepStrictEqual(lost({ turns }), ["/turns/0/parts/1;dropped;meaning", "/turns/0/parts/2;dropped;meaning"])
  })

  it("of sound and film, and pictures of the assistant, are lost meaning", () => {
    const sound: Part = { type: "audio", source: { type: "base64", mime: "audio/wav", data: "AA==" } }
    const picture: Part = { type: "image", source: { type: "url", url: "https://a.b" } }
    assert.deepStrictEqual(lost({ turns: [user(said("x"), sound), assistant(said("y"), picture)] }), [
      "/turns/0/parts/1;dropped;meaning",
      "/turns/1/parts/1;dropped;meaning"
    ])
  })
})

describe("tools", () => {
  it("have an object at the root of their schema", () => {
    const schema = (parameters?: JsonObject) =>
      (encode({ tools: [{ type: "function", name: "f", ...(parameters === undefined ? {} : { parameters }) }] }).body["tools"] as ReadonlyArray<JsonObject>)[0]
        ?.["input_schema"]
    assert.deepStrictEqual(schema(), { type: "object", properties: {} })
    assert.deepStrictEqual(schema({ properties: { a: {} } }), { type: "object", properties: { a: {} } })
    assert.deepStrictEqual(schema({ anyOf: [{ properties: { a: {} }, required: ["a"] }, { properties: { b: {} } }] }), {
      type: "object",
      properties: { a: {}, b: {} }
    })
  })

  it("that are strict close every object, and lose meaning where more was asked for", () => {
    const strict = (parameters: JsonObject) => encode({ tools: [{ type: "function", name: "f", strict: true, parameters }] })
    const closed = strict({ type: "object", properties: { a: { type: "array", items: { type: "object", properties: {} } } } })
    assert.deepStrictEqual((closed.body["tools"] as ReadonlyArray<JsonObject>)[0]?.["input_schema"], {
      type: "object",
      properties: { a: { type: "array", items: { type: "object", properties: {}, additionalProperties: false } } },
      additionalProperties: false
    })
    assert.deepStrictEqual(losses(closed.losses), ["/tools/0/parameters;approximated;hint"])
    assert.deepStrictEqual(losses(strict({ type: "object", additionalProperties: { type: "string" } }).losses), ["/tools/0/parameters;approximated;meaning"])
  })

  it("that wait to be found are loaded at once, unless Anthropic's own search can find them", () => {
    const later: Tool = { type: "function", name: "f", parameters: { type: "object" }, deferred: true }
    const search: Tool = { type: "provider", dialect: id, name: "tool_search_tool_bm25_20251119", value: { type: "tool_search_tool_bm25_20251119" } }
    const alone = encode({ tools: [later] })
    assert.deepStrictEqual(alone.body["tools"], [{ name: "f", input_schema: { type: "object" } }])
    assert.deepStrictEqual(losses(alone.losses), ["/tools/0/deferred;dropped;hint"])
    const searched = encode({ tools: [later, search] })
    assert.deepStrictEqual((searched.body["tools"] as ReadonlyArray<JsonObject>)[0]?.["defer_loading"], true)
    assert.deepStrictEqual(losses(searched.losses), [])
  })

  it("with names Anthropic refuses are renamed everywhere, and the change is told", () => {
    const name = "mcp.server/tool"
    const encoded = encode({
      tools: [{ type: "function", name, parameters: { type: "object" } }],
      toolChoice: { type: "named", kind: "function", name },
      turns: [user(said("go")), assistant({ type: "tool-call", kind: "function", id: "a", name, arguments: "{}" })]
    })
    const written = String((encoded.body["tools"] as ReadonlyArray<JsonObject>)[0]?.["name"])
    assert.match(written, /^[a-zA-Z0-9_-]{1,128}$/)
    assert.deepStrictEqual(encoded.body["tool_choice"], { type: "tool", name: written })
    assert.deepStrictEqual([...encoded.renamed], [[written, name]])
    assert.deepStrictEqual(losses(encoded.losses), ["/turns/1/parts/0/name;renamed;hint", "/tools/0/name;renamed;hint", "/toolChoice;approximated;hint"])
  })

  it("of another provider are not offered, and forced ones refuse the crossing", () => {
    const tools: CanonicalRequest["tools"] = [{ type: "provider", dialect: elsewhere, name: "web_search", value: { type: "web_search" } }]
    assert.deepStrictEqual(lost({ tools, toolChoice: { type: "required" } }), ["/toolChoice;dropped;meaning", "/tools/0;dropped;hint"])
  })

  it("among which only some are allowed are offered alone", () => {
    const encoded = encode({
      tools: [{ type: "function", name: "f", parameters: { type: "object" } }, { type: "function", name: "g", parameters: { type: "object" } }],
      toolChoice: { type: "allowed", mode: "required", names: ["g"] }
    })
    assert.deepStrictEqual(encoded.body["tools"], [{ name: "g", input_schema: { type: "object" } }])
    assert.deepStrictEqual(encoded.body["tool_choice"], { type: "tool", name: "g" })
  })

  it("that may not be called in parallel say so beside their choice", () => {
    const tools: CanonicalRequest["tools"] = [{ type: "function", name: "f", parameters: { type: "object" } }]
    assert.deepStrictEqual(encode({ tools, parallelToolCalls: false }).body["tool_choice"], { type: "auto", disable_parallel_tool_use: true })
    assert.deepStrictEqual(encode({ tools, parallelToolCalls: false, toolChoice: { type: "required" } }).body["tool_choice"], {
      type: "any",
      disable_parallel_tool_use: true
    })
  })
})

describe("fields", () => {
  it("that Anthropic requires are filled in, with room for thinking", () => {
    const { maxOutputTokens: _, ...request } = foreign({})
    assert.strictEqual(dialect.request.encode(request).body["max_tokens"], 4096)
    assert.strictEqual(dialect.request.encode({ ...request, reasoning: { effort: { mode: "level", level: "medium" } } }).body["max_tokens"], 4096 + 8192)
  })

  it("of sampling end at 1, exclude each other on newer models, and thinking", () => {
    assert.strictEqual(encode({ temperature: 1.7 }).body["temperature"], 1)
    assert.deepStrictEqual(lost({ temperature: 0.5, topP: 0.9 }), ["/topP;dropped;hint"])
    assert.deepStrictEqual(lost({ model: "claude-opus-4-7", temperature: 0.5, topP: 0.9 }), ["/temperature;dropped;hint", "/topP;dropped;hint"])
    assert.deepStrictEqual(lost({ model: "other-model", temperature: 0.5, topP: 0.9, topK: 3 }), [])
  })

  it("without a place are hints, and meaning where the answer would be another", () => {
    assert.deepStrictEqual(lost({ seed: 1, logitBias: { "5": 1 }, metadata: { a: "b" }, store: false, candidates: 1 }), [
      "/seed;dropped;hint",
      "/logitBias;dropped;hint",
      "/metadata;dropped;hint",
      "/store;dropped;hint",
      "/candidates;dropped;hint"
    ])
    assert.deepStrictEqual(lost({ candidates: 2, previousResponse: "r", background: true, modalities: ["text", "audio"] }), [
      "/candidates;dropped;meaning",
      "/previousResponse;dropped;meaning",
      "/background;dropped;meaning",
      "/modalities;dropped;meaning"
    ])
    assert.deepStrictEqual(lost({ responseFormat: { type: "json" } }), ["/responseFormat;dropped;meaning"])
  })

  it("name the client's own place in a loss", () => {
    const { losses: found } = encode({ seed: 1, places: { seed: "/random_seed" }, at: "" })
    assert.strictEqual(found[0]?.at, "/random_seed")
  })

  it("of headers of another dialect are lost", () => {
    const encoded = encode({ headers: { "openai-beta": "x" } })
    assert.deepStrictEqual(encoded.headers, {})
    assert.deepStrictEqual(losses(encoded.losses), ["/headers;dropped;hint"])
  })

  it("of cache hints are kept to four: the last of the tools, the last of the system, and the last of the messages", () => {
    const marked = (text: string): Part => ({ type: "text", text, cache: {} })
    const turns = ["a", "b", "c", "d"].map((text) => user(marked(text)))
    const tool = (name: string): FunctionTool => ({ type: "function", name, parameters: { type: "object" }, cache: {} })
    const instructions: ReadonlyArray<Turn> = [{ role: "system", parts: [marked("s"), marked("t")] }]
    assert.deepStrictEqual(lost({ turns, tools: [tool("f")] }), ["/turns/0/parts/0/cache;dropped;hint"])
    assert.deepStrictEqual(lost({ turns, tools: [tool("f"), tool("g")], instructions }), [
      "/tools/0/cache;dropped;hint",
      "/instructions/0/parts/0/cache;dropped;hint",
      "/turns/0/parts/0/cache;dropped;hint",
      "/turns/1/parts/0/cache;dropped;hint"
    ])
    assert.deepStrictEqual(lost({ turns, cache: {} }), ["/turns/0/parts/0/cache;dropped;hint"])
    assert.deepStrictEqual(lost({ turns: turns.slice(1), tools: [tool("f")] }), [])
  })
})
