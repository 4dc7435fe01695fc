import { assert, describe, it } from "@effect/vitest"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import { dialect } from "../../src/messages/Dialect.ts"
import { asking, blockAt, losses, read } from "./support.ts"

const refusal = (body: Json) => {
  const result = dialect.request.decode({ body, headers: {}, path: {} })
  return Result.isFailure(result) ? result.failure : undefined
}

const everything: JsonObject = {
  model: "claude-sonnet-4-5",
  max_tokens: 4000,
  system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral", ttl: "1h" } }],
  messages: [
    {
      role: "user",
      content: [
        { type: "text", text: "Look", cache_control: null },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
        { type: "image", source: { type: "sprite", id: 7 } },
        { type: "document", source: { type: "text", media_type: "text/plain", data: "words" }, title: "t", context: "c", citations: { enabled: true } },
        { type: "document", source: { type: "content", content: [{ type: "text", text: "inner" }] } },
        { type: "search_result", source: "https://a.b", title: "T", content: [{ type: "text", text: "found" }], citations: { enabled: true } },
        { type: "container_upload", file_id: "file_1" }
      ]
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "hm", signature: "sig" },
        { type: "redacted_thinking", data: "cipher" },
        {
          type: "text",
          text: "calling",
          citations: [{ type: "char_location", cited_text: "w", document_index: 0, document_title: null, start_char_index: 0, end_char_index: 1 }]
        },
        { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" } },
        { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] },
        { type: "mcp_tool_use", id: "m1", name: "n", server_name: "s", input: {} },
        { type: "tool_use", id: "toolu_1", name: "f", input: { a: [1] }, caller: { type: "direct" } }
      ]
    },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "toolu_1", is_error: false, content: [{ type: "text", text: "r" }, { type: "tool_reference", tool_name: "g" }] },
        { type: "text", text: "and?" }
      ]
    },
    { role: "system", content: [{ type: "tool_addition", tool: { type: "tool_reference", name: "g" } }] },
    { role: "narrator", content: "Meanwhile" },
    { role: "assistant", content: "" }
  ],
  tools: [
    {
      name: "f",
      description: "d",
      input_schema: { type: "object" },
      strict: true,
      defer_loading: true,
      eager_input_streaming: true,
      input_examples: [{}],
      cache_control: { type: "ephemeral" }
    },
    { type: "web_search_20250305", name: "web_search", max_uses: 3 },
    { type: "mcp_toolset", mcp_server_name: "s" }
  ],
  tool_choice: { type: "auto", disable_parallel_tool_use: true },
  thinking: { type: "adaptive", display: "omitted" },
  output_config: { effort: "high", format: { type: "json_schema", schema: { type: "object" } }, task_budget: { type: "tokens", total: 2000 } },
  metadata: { user_id: "u", trace: "t" },
  stop_sequences: ["END"],
  service_tier: "auto",
  container: { id: "c", skills: [] },
  context_management: { edits: [] },
  mcp_servers: [{ type: "url", url: "https://m", name: "s" }],
  cache_control: { type: "ephemeral" },
  temperature: 1,
  top_k: 5,
  stream: true,
  speed: "fast"
}

describe("a request of this dialect", () => {
  it("comes back as the very same body, without losses", () => {
    const encoded = dialect.request.encode(read(everything))
    assert.strictEqual(encoded.body, everything)
    assert.deepStrictEqual(encoded.losses, [])
  })

  it("shows an edit of one part and nothing else", () => {
    const request = read(everything)
    const turns = request.turns.map((turn, index) =>
      index !== 0 ? turn : { ...turn, parts: turn.parts.map((part) => part.type === "text" ? { ...part, text: "Look here" } : part) }
    )
    const before = everything["messages"] as ReadonlyArray<JsonObject>
    const { body } = dialect.request.encode({ ...request, turns })
    const messages = body["messages"] as ReadonlyArray<JsonObject>
    assert.deepStrictEqual(blockAt(body, 0, 0), { type: "text", text: "Look here", cache_control: null })
    assert.strictEqual(messages[1], before[1])
    assert.strictEqual(body["tools"], everything["tools"])
  })

  it("keeps text as text while it is edited, and becomes blocks when it must", () => {
    const request = read(asking({ system: "old" }))
    const turn = request.turns[0]
    assert(turn !== undefined)
    const longer = { ...request, turns: [{ ...turn, parts: [...turn.parts, { type: "text" as const, text: "more" }] }] }
    assert.deepStrictEqual(dialect.request.encode(longer).body["messages"], [{
      role: "user",
      content: [{ type: "text", text: "Hi" }, { type: "text", text: "more" }]
    }])
    const edited = { ...request, instructions: [{ role: "system" as const, parts: [{ type: "text" as const, text: "new" }] }] }
    assert.strictEqual(dialect.request.encode(edited).body["system"], "new")
  })

  it("edits effort and format inside output_config without touching its other keys", () => {
    const { body } = dialect.request.encode({ ...read(everything), reasoning: { effort: { mode: "level", level: "low" }, visibility: "hidden" } })
    assert.deepStrictEqual(body["output_config"], { ...everything["output_config"] as JsonObject, effort: "low" })
    const old = dialect.request.encode({
      ...read(asking({ output_format: { type: "json_schema", schema: {} } })),
      responseFormat: { type: "json-schema", schema: { type: "string" } }
    })
    assert.deepStrictEqual(old.body["output_format"], { type: "json_schema", schema: { type: "string" } })
  })

  it("takes its headers along", () => {
    const decoded = dialect.request.decode({ body: asking(), headers: { "anthropic-beta": "a,b" }, path: {} })
    assert(Result.isSuccess(decoded))
    assert.deepStrictEqual(dialect.request.encode(decoded.success).headers, { "anthropic-beta": "a,b" })
  })

  it("does not write a model into a body whose path named it", () => {
    const body: Json = { anthropic_version: "vertex-2023-10-16", max_tokens: 1, messages: [{ role: "user", content: "Hi" }] }
    const decoded = dialect.request.decode({ body, headers: {}, path: { model: "claude-x" } })
    assert(Result.isSuccess(decoded))
    assert.strictEqual(decoded.success.model, "claude-x")
    assert.strictEqual(dialect.request.encode(decoded.success).body, body)
  })
})

describe("decoding", () => {
  it("reads one message as one turn, and results alone as a turn of the tool", () => {
    const request = read(everything)
    assert.deepStrictEqual(request.turns.map(({ role }) => role), ["user", "assistant", "user", "system", "foreign", "assistant"])
    assert.strictEqual(read(asking({ messages: [{ role: "user", content: [{ type: "tool_result", tool_use_id: "t" }] }] })).turns[0]?.role, "tool")
  })

  it("reads references to tools as data, which go back as the very same blocks", () => {
    const found = { type: "tool_reference", tool_name: "g", cache_control: { type: "ephemeral" } }
    const added = { type: "tool_addition", tool: { type: "tool_reference", name: "g" } }
    const messages = [
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: [found] }] },
      { role: "system", content: [added] }
    ]
    const request = read(asking({ messages }))
    const [result] = request.turns[0]?.parts ?? []
    assert.deepInclude(result?.type === "tool-result" ? result.parts[0] : undefined, { type: "json", value: found, cache: {} })
    assert.deepInclude(request.turns[1]?.parts[0], { type: "json", value: added })
    const edited = { ...request, turns: [...request.turns, { role: "user" as const, parts: [{ type: "text" as const, text: "Go on" }] }] }
    assert.deepStrictEqual((dialect.request.encode(edited).body["messages"] as ReadonlyArray<Json>).slice(0, 2), messages)
    assert.strictEqual(dialect.request.encode(request).body["messages"], messages)
  })

  it("names the client's place of every turn, part, tool and field", () => {
    const request = read(everything)
    assert.strictEqual(request.turns[1]?.parts[6]?.at, "/messages/1/content/6")
    assert.strictEqual(request.tools?.[1]?.at, "/tools/1")
    assert.strictEqual(request.places?.["maxOutputTokens"], "/max_tokens")
    assert.strictEqual(request.places?.["instructions"], "/system")
  })

  it("lists the keys that have no canonical home", () => {
    const request = read(everything)
    assert.deepStrictEqual(request.foreign, ["context_management", "speed", "output_config", "metadata"])
    assert.deepStrictEqual(request.tools?.[0]?.foreign, ["eager_input_streaming", "input_examples"])
  })

  it("reads tool choice and the wish for parallel calls from one key", () => {
    assert.deepStrictEqual(read(asking({ tool_choice: { type: "any", disable_parallel_tool_use: true } })).toolChoice, { type: "required" })
    assert.strictEqual(read(asking({ tool_choice: { type: "auto", disable_parallel_tool_use: true } })).parallelToolCalls, false)
    assert.deepStrictEqual(read(asking({ tool_choice: { type: "tool", name: "f" } })).toolChoice, { type: "named", kind: "function", name: "f" })
  })

  it("reads every form of thinking", () => {
    const effort = (keys: JsonObject) => read(asking(keys)).reasoning
    assert.deepStrictEqual(effort({ thinking: { type: "enabled", budget_tokens: 2000 } }), { effort: { mode: "budget", tokens: 2000 } })
    assert.deepStrictEqual(effort({ thinking: { type: "adaptive" } }), { effort: { mode: "auto" } })
    assert.deepStrictEqual(effort({ thinking: { type: "disabled" } }), { effort: { mode: "none" } })
    assert.deepStrictEqual(effort({ output_config: { effort: "low" } }), { effort: { mode: "level", level: "low" } })
    assert.deepStrictEqual(effort({ thinking: { type: "enabled", budget_tokens: 2000, display: "summarized" } }), {
      effort: { mode: "budget", tokens: 2000 },
      visibility: "summary"
    })
    assert.isUndefined(effort({}))
  })
})

describe("a refusal", () => {
  it("names the place of a wrong type, as a pointer and in Anthropic's way", () => {
    const failure = refusal(asking({ messages: [{ role: "user", content: [{ type: "text", text: 5 }] }] }))
    assert.strictEqual(failure?.class, "bad-request")
    assert.strictEqual(failure?.param, "/messages/0/content/0/text")
    assert.strictEqual(failure?.message, "messages.0.content.0.text: Expected string")
  })

  it("looks into results, documents, sources and tools", () => {
    const at = (block: Json) => refusal(asking({ messages: [{ role: "user", content: [block] }] }))?.param
    assert.strictEqual(at({ type: "tool_result", tool_use_id: "t", content: [{ type: "image" }] }), "/messages/0/content/0/content/0/source")
    assert.strictEqual(at({ type: "image", source: { type: "base64", media_type: "image/png" } }), "/messages/0/content/0/source/data")
    assert.strictEqual(at({ type: "document", source: { type: "content", content: [{ type: "text" }] } }), "/messages/0/content/0/source/content/0/text")
    assert.strictEqual(refusal(asking({ tools: [{ name: "f", input_schema: "any" }] }))?.param, "/tools/0/input_schema")
  })

  it("of a schema that is true or false is left to the provider", () => {
    const body = asking({ tools: [{ name: "f", input_schema: true }, { name: "g", input_schema: false }] })
    const request = read(body)
    assert.deepStrictEqual(request.tools?.map((tool) => tool.type === "function" ? tool.parameters : tool.type), [undefined, { not: {} }])
    assert.strictEqual(dialect.request.encode(request).body, body)
  })

  it("asks for model and messages, and for an object", () => {
    assert.strictEqual(refusal({ messages: [] })?.message, "model: Field required")
    assert.strictEqual(refusal({ model: "m" })?.message, "messages: Field required")
    assert.strictEqual(refusal([])?.class, "bad-request")
  })

  it("of message threads tells the SDK to send the whole conversation", () => {
    const failure = refusal(asking({ thread: { type: "create" } }))
    assert(failure !== undefined)
    assert.strictEqual(failure.code, "thread_unsupported_request")
    assert.deepStrictEqual(dialect.errors.encode(failure, { status: 400, requestId: "req_1", message: failure.message }), {
      type: "error",
      error: { type: "invalid_request_error", message: failure.message, details: { error_code: "thread_unsupported_request" } },
      request_id: "req_1"
    })
    assert.isUndefined(refusal(asking({ thread: null })))
  })

  it("is never given for what is unknown", () => {
    assert.isUndefined(refusal(everything))
    assert.deepStrictEqual(losses(dialect.request.encode(read(everything)).losses), [])
  })
})
