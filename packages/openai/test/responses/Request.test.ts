import { describe, it } from "@effect/vitest"
import type { CanonicalRequest, Tool } from "@sluice/protocol/CanonicalRequest"
import { DialectId, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { Result } from "effect"
import { assert } from "vitest"
import * as Chat from "../../src/chat/Dialect.ts"
import { dialect, id } from "../../src/responses/Dialect.ts"

const elsewhere = DialectId.make("elsewhere")

const decode = (body: Json): CanonicalRequest =>
  Result.getOrThrowWith(dialect.request.decode({ body, headers: {}, path: {} }), (failure) => new Error(failure.message))

const encode = (request: CanonicalRequest) => dialect.request.encode(request)

const refused = (body: Json): string | undefined => {
  const decoded = dialect.request.decode({ body, headers: {}, path: {} })
  return Result.isFailure(decoded) ? decoded.failure.param : undefined
}

/** What a coding agent sends: developer messages, sealed thinking, a namespace, a search without a name, tools inside the input. */
const agent: JsonObject = {
  model: "gpt-5-codex",
  instructions: "You are an agent.",
  input: [
    { type: "message", role: "developer", content: [{ type: "input_text", text: "<permissions>" }] },
    { type: "additional_tools", role: "developer", tools: [{ type: "function", name: "late", parameters: {}, strict: false }] },
    { type: "message", role: "user", content: [{ type: "input_text", text: "List the files" }] },
    { type: "reasoning", summary: [{ type: "summary_text", text: "Think." }], content: null, encrypted_content: "gAAA" },
    { type: "function_call", name: "shell", arguments: "{\"command\":[\"ls\"]}", call_id: "call_1" },
    { type: "function_call_output", call_id: "call_1", output: "a.txt" },
    { type: "custom_tool_call", name: "apply_patch", input: "*** Begin Patch", call_id: "call_2" },
    { type: "custom_tool_call_output", call_id: "call_2", output: [{ type: "input_text", text: "done" }] },
    { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "x" } },
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "One file." }], phase: "final_answer" },
    { type: "item_reference", id: "msg_9" }
  ],
  tools: [
    { type: "function", name: "shell", description: "Runs", strict: false, parameters: { type: "object" } },
    { type: "custom", name: "apply_patch", description: "Patches", format: { type: "grammar", syntax: "lark", definition: "start: /a/" } },
    { type: "namespace", name: "mcp__files", description: "Files", tools: [{ type: "function", name: "read", parameters: {}, defer_loading: true }] },
    { type: "web_search", external_web_access: false }
  ],
  tool_choice: "auto",
  parallel_tool_calls: false,
  reasoning: { effort: "high", summary: "auto" },
  store: false,
  stream: true,
  include: ["reasoning.encrypted_content"],
  prompt_cache_key: "key",
  client_metadata: { a: "b" },
  text: { verbosity: "low" }
}

describe("outputs that name no call", () => {
  it("answer the oldest call nothing else answers, and stay so on the wire", () => {
    const body = {
      model: "m",
      input: [
        { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
        { type: "custom_tool_call", call_id: "c2", name: "sh", input: "ls" },
        { type: "function_call_output", output: "one" },
        { type: "custom_tool_call_output", call_id: null, output: "two" }
      ]
    }
    const request = decode(body)
    assert.deepStrictEqual(request.turns.flatMap(({ parts }) => parts.flatMap((part) => part.type === "tool-result" ? [[part.id, part.kind]] : [])), [
      ["c1", "function"],
      ["c2", "custom"]
    ])
    assert.strictEqual(encode(request).body, body)
  })
})

describe("the request of a coding agent", () => {
  const request = decode(agent)

  it("goes back as the very same object", () => {
    assert.strictEqual(encode(request).body, agent)
    assert.deepStrictEqual(encode(request).losses, [])
  })

  it("has its instructions before its turns, and every item as a turn", () => {
    assert.deepStrictEqual(request.instructions?.map(({ role }) => role), ["system", "developer"])
    assert.deepStrictEqual(request.turns.map(({ role }) => role), [
      "foreign",
      "user",
      "assistant",
      "assistant",
      "tool",
      "assistant",
      "tool",
      "assistant",
      "assistant",
      "foreign"
    ])
  })

  it("keeps sealed thinking with the last of its words", () => {
    assert.deepInclude(request.turns[2]?.parts[0], { type: "reasoning", form: "summary", text: "Think.", encrypted: { by: id, value: "gAAA" } })
  })

  it("names the keys that only this protocol has", () => {
    assert.deepStrictEqual(request.foreign, ["client_metadata"])
  })

  it("is written item by item once a turn is added, the others untouched", () => {
    const edited = { ...request, turns: [...request.turns, { role: "user" as const, parts: [{ type: "text" as const, text: "Go on" }] }] }
    const { input, ...rest } = encode(edited).body
    const { input: before, ...others } = agent
    assert.deepStrictEqual(rest, others)
    assert.deepStrictEqual(input, [...(Array.isArray(before) ? before : []), { type: "message", role: "user", content: "Go on" }])
  })

  it("becomes one assistant message with its calls in another protocol", () => {
    const { body, losses } = Chat.dialect.request.encode(request)
    const messages = Array.isArray(body["messages"]) ? body["messages"] : []
    assert.deepStrictEqual(messages.map((message: JsonObject) => message["role"]), [
      "system",
      "developer",
      "user",
      "assistant",
      "tool",
      "assistant",
      "tool",
      "assistant"
    ])
    assert.deepStrictEqual(losses.filter(({ weight }) => weight === "meaning").map(({ at }) => at), ["/input/10"])
  })
})

describe("tools that wait to be found", () => {
  const later: Tool = { type: "function", name: "f", deferred: true }
  const search: Tool = { type: "provider", dialect: id, name: "tool_search", value: { type: "tool_search" } }

  it("are loaded at once, unless OpenAI's own search can find them", () => {
    const alone = encode({ model: "m", turns: [], tools: [later] })
    assert.deepStrictEqual(alone.body["tools"], [{ type: "function", name: "f", strict: false, parameters: null }])
    assert.deepStrictEqual(alone.losses.map(({ at, reason, weight }) => [at, reason, weight]), [["/tools/0/deferred", "dropped", "hint"]])
    const searched = encode({ model: "m", turns: [], tools: [later, search] })
    assert.deepInclude(Array.isArray(searched.body["tools"]) ? searched.body["tools"][0] : undefined, { name: "f", defer_loading: true })
    assert.deepStrictEqual(searched.losses, [])
  })
})

describe("what a request refers to at the provider", () => {
  it.each([
    ["previous_response_id", "resp_1", "meaning"],
    ["conversation", "conv_1", "meaning"],
    ["background", true, "meaning"],
    ["background", false, "hint"],
    ["truncation", "auto", "hint"]
  ])("%s %s is lost in another protocol as %s", (key, value, weight) => {
    const body = { model: "m", input: "hi", [key]: value }
    assert.deepStrictEqual(Chat.dialect.request.encode(decode(body)).losses.map((loss) => [loss.at, loss.weight]), [[`/${key}`, weight]])
  })
})

describe("input that is a text", () => {
  it("is one user turn, and stays a text when it is edited", () => {
    const request = decode({ model: "m", input: "hi" })
    const turns = request.turns.map((turn) => ({ ...turn, parts: [{ type: "text" as const, text: "edited" }] }))
    assert.deepStrictEqual(encode({ ...request, turns }).body, { model: "m", input: "edited" })
  })
})

describe("a request from elsewhere", () => {
  const user = { role: "user" as const, parts: [{ type: "text" as const, text: "hi" }] }

  it("says its first instruction as instructions, the others as messages", () => {
    const instructions = [
      { role: "system" as const, parts: [{ type: "text" as const, text: "Be kind." }] },
      { role: "developer" as const, parts: [{ type: "text" as const, text: "Be brief." }] }
    ]
    assert.deepStrictEqual(encode({ model: "m", instructions, turns: [user] }).body, {
      model: "m",
      instructions: "Be kind.",
      input: [{ type: "message", role: "developer", content: "Be brief." }, { type: "message", role: "user", content: "hi" }]
    })
  })

  it("says results first, and calls and words in their order", () => {
    const { body, losses } = encode({
      model: "m",
      turns: [
        user,
        {
          role: "assistant",
          parts: [
            { type: "text", text: "Let me see." },
            { type: "tool-call", kind: "function", id: "call_1", name: "look", arguments: "{}" },
            { type: "reasoning", form: "raw", text: "hm", signature: { by: elsewhere, value: "s" } }
          ]
        },
        { role: "user", parts: [{ type: "text", text: "And?" }, { type: "tool-result", id: "call_1", kind: "function", isError: true, parts: [] }] }
      ]
    })
    assert.deepStrictEqual(body["input"], [
      { type: "message", role: "user", content: "hi" },
      { type: "message", role: "assistant", content: "Let me see." },
      { type: "function_call", call_id: "call_1", name: "look", arguments: "{}" },
      { type: "function_call_output", call_id: "call_1", output: "" },
      { type: "message", role: "user", content: "And?" }
    ])
    assert.deepStrictEqual(losses.map(({ canonical, reason }) => `${canonical} ${reason}`), [
      "/turns/1/parts/2 dropped",
      "/turns/2/parts/1/isError dropped"
    ])
  })

  it("keeps a function from becoming strict by silence", () => {
    const { body, losses } = encode({ model: "m", turns: [user], tools: [{ type: "function", name: "f" }] })
    assert.deepStrictEqual(body["tools"], [{ type: "function", name: "f", parameters: null, strict: false }])
    assert.deepStrictEqual(losses, [])
  })

  it("gives media the keys this protocol has for them", () => {
    const parts = [
      { type: "image" as const, source: { type: "base64" as const, mime: "image/png", data: "AAAA" } },
      { type: "document" as const, source: { type: "url" as const, url: "https://example.com/a.pdf" } },
      { type: "document" as const, source: { type: "base64" as const, mime: "application/pdf", data: "JVBE" } }
    ]
    const { body, losses } = encode({ model: "m", turns: [{ role: "user", parts }] })
    assert.deepStrictEqual(body["input"], [{
      type: "message",
      role: "user",
      content: [
        { type: "input_image", detail: "auto", image_url: "data:image/png;base64,AAAA" },
        { type: "input_file", file_url: "https://example.com/a.pdf" },
        { type: "input_file", file_data: "data:application/pdf;base64,JVBE", filename: "document.pdf" }
      ]
    }])
    assert.deepStrictEqual(losses.map(({ canonical, reason }) => `${canonical} ${reason}`), ["/turns/0/parts/2/title defaulted"])
  })

  it("clamps what the service refuses, and asks for log probabilities by name", () => {
    const { body } = encode({ model: "m", turns: [user], maxOutputTokens: 3, logprobs: { enabled: true, top: 2 } })
    assert.deepInclude(body, { max_output_tokens: 16, top_logprobs: 2, include: ["message.output_text.logprobs"] })
    assert.strictEqual(encode({ model: "m", turns: [user], temperature: 2.5 }).body["temperature"], 2)
  })

  it("turns a thinking budget into a level, and a wish to see it into a summary", () => {
    const { body, losses } = encode({ model: "m", turns: [user], reasoning: { effort: { mode: "budget", tokens: 5000 }, visibility: "summary" } })
    assert.deepStrictEqual(body["reasoning"], { effort: "medium", summary: "auto" })
    assert.deepStrictEqual(losses.map(({ canonical, reason }) => `${canonical} ${reason}`), ["/reasoning approximated"])
  })
})

describe("a body of the wrong form", () => {
  it.each([
    ["/model", { input: "hi" }],
    ["/input/0/content/0/text", { model: "m", input: [{ role: "user", content: [{ type: "input_text" }] }] }],
    ["/input/0/call_id", { model: "m", input: [{ type: "function_call", name: "f", arguments: "{}" }] }],
    ["/temperature", { model: "m", input: "hi", temperature: "hot" }]
  ])("is refused with %s", (param, body) => {
    assert.strictEqual(refused(body), param)
  })

  it("is not one that only has items and content of tomorrow", () => {
    const body = { model: "m", input: [{ type: "dream", x: 1 }, { role: "user", content: [{ type: "input_smell", y: 2 }] }, { role: "critic", content: "no" }] }
    assert.strictEqual(encode(decode(body)).body, body)
  })
})

describe("an edit of one field", () => {
  it.each<[string, Partial<CanonicalRequest>, JsonObject]>([
    ["verbosity", { verbosity: "high" }, { text: { verbosity: "high" } }],
    ["the form of the answer", { responseFormat: { type: "json" } }, { text: { verbosity: "low", format: { type: "json_object" } } }],
    ["the effort", { reasoning: { effort: { mode: "none" }, visibility: "summary", summary: "auto" } }, { reasoning: { effort: "none", summary: "auto" } }],
    ["the choice", { toolChoice: { type: "allowed", mode: "auto", names: ["shell"] } }, {
      tool_choice: { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "shell" }] }
    }]
  ])("of %s changes nothing else", (_, edit, expected) => {
    assert.deepStrictEqual(encode({ ...decode(agent), ...edit }).body, { ...agent, ...expected })
  })
})
