import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describe } from "vitest"
import { Simulator } from "../../src/Simulator.ts"
import { wantedFile, writingArguments } from "../../src/simulator/Agent.ts"
import { ask, askJson } from "./ask.ts"

const prompt = "Please create the file /srv/notes/hello.txt with the content \"Hello there\""
const read = { type: "object", properties: { path: { type: "string" } }, required: ["path"] }
const write = { type: "object", properties: { file_path: { type: "string" }, content: { type: "string" } }, required: ["file_path", "content"] }
const wanted = { file_path: "/srv/notes/hello.txt", content: "Hello there" }
const patch = "*** Begin Patch\n*** Add File: /srv/notes/hello.txt\n+Hello there\n*** End Patch\n"
const model = "sim-agent"

describe("the file a prompt asks for", () => {
  it("is named after `file`, its content after `content`", () => {
    assert.deepStrictEqual(wantedFile(prompt), { path: "/srv/notes/hello.txt", content: "Hello there" })
    assert.deepStrictEqual(wantedFile("Write a file named a.txt, content: one two\nThen stop."), { path: "a.txt", content: "one two" })
    assert.deepStrictEqual(wantedFile("file 'my notes.md' content `x`"), { path: "my notes.md", content: "x" })
    assert.deepStrictEqual(wantedFile("Earlier: file a content b\nNow file c content d"), { path: "c", content: "d" })
  })
  it("is none where one of the two is missing", () => {
    assert.isUndefined(wantedFile("Summarize the file a.txt"))
    assert.isUndefined(wantedFile("Write a title for this conversation"))
  })
})

describe("the arguments of a writing tool", () => {
  const file = { path: "a b", content: "it's" }
  const arguments_ = (properties: object, required: ReadonlyArray<string>) => writingArguments({ type: "object", properties, required }, file)
  it("fill paths and contents by name, and the rest by schema", () => {
    assert.deepStrictEqual(arguments_({ filePath: { type: "string" }, text: { type: "string" }, mode: { enum: ["new"] } }, ["filePath", "text", "mode"]), {
      filePath: "a b",
      text: "it's",
      mode: "new"
    })
  })
  it("name the command of an editor", () => {
    assert.deepStrictEqual(arguments_({ command: { type: "string", enum: ["view", "create"] }, path: { type: "string" }, file_text: { type: "string" } }, []), {
      command: "create",
      path: "a b",
      file_text: "it's"
    })
  })
  it("are a command for a shell, as text or as a list, or a patch", () => {
    const line = "mkdir -p \"$(dirname 'a b')\" && printf %s 'it'\\''s' > 'a b'"
    assert.deepStrictEqual(arguments_({ cmd: { type: "string" } }, ["cmd"]), { cmd: line })
    assert.deepStrictEqual(arguments_({ command: { type: "array", items: { type: "string" } } }, ["command"]), { command: ["bash", "-c", line] })
    assert.deepStrictEqual(arguments_({ input: { type: "string" } }, ["input"]), { input: "*** Begin Patch\n*** Add File: a b\n+it's\n*** End Patch\n" })
  })
})

describe("agent", () => {
  it.layer(Simulator.layer)((it) => {
    it.effect("on chat completions writes once, then says so", () =>
      Effect.gen(function*() {
        const tools = [
          { type: "function", function: { name: "read_file", parameters: read } },
          { type: "function", function: { name: "write_file", parameters: write } }
        ]
        const user = { role: "user", content: prompt }
        const first = yield* askJson("chat", model, { body: { tools, messages: [user] } })
        const [choice] = first.body.choices
        const [call] = choice.message.tool_calls
        assert.deepStrictEqual([choice.message.tool_calls.length, call.function.name, JSON.parse(call.function.arguments)], [1, "write_file", wanted])
        const result = { role: "tool", tool_call_id: call.id, content: "ok" }
        const second = yield* askJson("chat", model, { body: { tools, messages: [user, choice.message, result] } })
        assert.deepStrictEqual([second.body.choices[0].message.content, second.body.choices[0].finish_reason], ["The file is written.", "stop"])
      }))
    it.effect("on messages writes once, then says so", () =>
      Effect.gen(function*() {
        const tools = [{ name: "Bash", input_schema: { type: "object", properties: { command: { type: "string" } } } }, { name: "Write", input_schema: write }]
        const user = { role: "user", content: [{ type: "text", text: "<reminder>Keep to the content rules.</reminder>\n" }, { type: "text", text: prompt }] }
        const first = yield* askJson("messages", model, { body: { tools, messages: [user] } })
        const [use] = first.body.content
        assert.deepStrictEqual([first.body.content.length, use.name, use.input, first.body.stop_reason], [1, "Write", wanted, "tool_use"])
        const result = { role: "user", content: [{ type: "tool_result", tool_use_id: use.id, content: "ok" }] }
        const second = yield* askJson("messages", model, { body: { tools, messages: [user, { role: "assistant", content: first.body.content }, result] } })
        assert.deepStrictEqual([second.body.content[0].text, second.body.stop_reason], ["The file is written.", "end_turn"])
      }))
    it.effect("on responses patches with a custom tool, else uses the shell", () =>
      Effect.gen(function*() {
        const user = { role: "user", content: prompt }
        const shell = { type: "function", name: "exec_command", parameters: { type: "object", properties: { cmd: { type: "string" } }, required: ["cmd"] } }
        const tools = [shell, { type: "custom", name: "apply_patch" }]
        const first = yield* askJson("responses", model, { body: { tools, input: [user] } })
        const [call] = first.body.output
        assert.deepStrictEqual([first.body.output.length, call.type, call.input], [
          1,
          "custom_tool_call",
          patch
        ])
        const result = { type: "custom_tool_call_output", call_id: call.call_id, output: "ok" }
        const second = yield* askJson("responses", model, { body: { tools, input: [user, call, result] } })
        assert.strictEqual(second.body.output[0].content[0].text, "The file is written.")
        const other = yield* askJson("responses", model, { body: { tools: [shell], input: [user] } })
        assert.match(JSON.parse(other.body.output[0].arguments).cmd, /printf %s 'Hello there' > '\/srv\/notes\/hello.txt'$/)
      }))
    it.effect("on chat completions patches with a custom tool", () =>
      Effect.gen(function*() {
        const tools = [{ type: "custom", custom: { name: "apply_patch" } }]
        const user = { role: "user", content: prompt }
        const first = yield* askJson("chat", model, { body: { tools, messages: [user] } })
        const { message } = first.body.choices[0]
        assert.deepStrictEqual(message.tool_calls.map(({ custom, type }: { readonly custom: object; readonly type: string }) => [type, custom]), [
          ["custom", { name: "apply_patch", input: patch }]
        ])
        const result = { role: "tool", tool_call_id: message.tool_calls[0].id, content: "ok" }
        const second = yield* askJson("chat", model, { body: { tools, messages: [user, message, result] } })
        assert.strictEqual(second.body.choices[0].message.content, "The file is written.")
        const { text } = yield* ask("chat", model, { stream: true, body: { tools, messages: [user] } })
        const pieces = [...text.matchAll(/"custom":\{(?:"name":"apply_patch",)?"input":("(?:[^"\\]|\\.)*")/g)].map(([, piece = ""]) => JSON.parse(piece))
        assert.strictEqual(pieces.join(""), patch)
      }))
    it.effect("writes a program for a tool that runs JavaScript, in its namespace or by its flat name", () =>
      Effect.gen(function*() {
        const program = `text(await tools.apply_patch(${JSON.stringify(patch)}))`
        const description = "Run JavaScript code to compose tool calls"
        const exec = { type: "custom", name: "exec", description }
        const bring = { type: "additional_tools", role: "developer", tools: [{ type: "namespace", name: "functions", description: "", tools: [exec] }] }
        const { body } = yield* askJson("responses", model, { body: { input: [bring, { role: "user", content: prompt }] } })
        const { input, name, namespace, type } = body.output[0]
        assert.deepStrictEqual([type, namespace, name, input], ["custom_tool_call", "functions", "exec", program])
        const schema = { type: "object", properties: { input: { type: "string" } }, required: ["input"] }
        const tools = [{ name: "functions__exec", description, input_schema: schema }]
        const other = yield* askJson("messages", model, { body: { tools, messages: [{ role: "user", content: prompt }] } })
        assert.deepStrictEqual(other.body.content[0].input, { input: program })
      }))
    it.effect("on gemini writes once, then says so", () =>
      Effect.gen(function*() {
        const tools = [{ functionDeclarations: [{ name: "write_file", description: "w", parametersJsonSchema: write }] }]
        const user = { role: "user", parts: [{ text: prompt }] }
        const first = yield* askJson("gemini", model, { body: { tools, contents: [user] } })
        const { content } = first.body.candidates[0]
        assert.deepStrictEqual(content.parts, [{ functionCall: { name: "write_file", args: wanted } }])
        const result = { role: "user", parts: [{ functionResponse: { name: "write_file", response: { output: "ok" } } }] }
        const second = yield* askJson("gemini", model, { body: { tools, contents: [user, content, result] } })
        assert.strictEqual(second.body.candidates[0].content.parts[0].text, "The file is written.")
      }))
    it.effect("thinks before it calls where thinking is on, as the next request must show", () =>
      Effect.gen(function*() {
        const tools = [{ name: "Write", input_schema: write }]
        const body = { tools, max_tokens: 4096, thinking: { type: "enabled", budget_tokens: 1024 }, messages: [{ role: "user", content: prompt }] }
        const first = yield* askJson("messages", model, { body })
        assert.deepStrictEqual(first.body.content.map(({ type }: { readonly type: string }) => type), ["thinking", "tool_use"])
        const result = { role: "user", content: [{ type: "tool_result", tool_use_id: first.body.content[1].id, content: "ok" }] }
        const second = yield* askJson("messages", model, {
          body: { ...body, messages: [...body.messages, { role: "assistant", content: first.body.content }, result] }
        })
        assert.deepStrictEqual([second.status, second.body.content.at(-1).text], [200, "The file is written."])
      }))
    it.effect("takes instructions behind the prompt or behind a result for neither", () =>
      Effect.gen(function*() {
        const instruction = "You work on Linux."
        const chatTools = [{ type: "function", function: { name: "write_file", parameters: write } }]
        const user = { role: "user", content: prompt }
        const first = yield* askJson("chat", model, { body: { tools: chatTools, messages: [user, { role: "system", content: instruction }] } })
        const [choice] = first.body.choices
        const messages = [
          user,
          choice.message,
          { role: "tool", tool_call_id: choice.message.tool_calls[0].id, content: "ok" },
          { role: "developer", content: instruction }
        ]
        const second = yield* askJson("chat", model, { body: { tools: chatTools, messages } })
        assert.strictEqual(second.body.choices[0].message.content, "The file is written.")

        const tools = [{ type: "function", name: "write_file", parameters: write }]
        const developer = { role: "developer", content: instruction }
        const responses = yield* askJson("responses", model, { body: { tools, input: [user, developer] } })
        const [call] = responses.body.output
        const input = [user, call, { type: "function_call_output", call_id: call.call_id, output: "ok" }, developer]
        const answered = yield* askJson("responses", model, { body: { tools, input } })
        assert.strictEqual(answered.body.output[0].content[0].text, "The file is written.")
      }))
    it.effect("reads neighbouring contents of Gemini as one, as the service does", () =>
      Effect.gen(function*() {
        const tools = [{ functionDeclarations: [{ name: "write_file", description: "w", parametersJsonSchema: write }] }]
        const contents = [{ role: "user", parts: [{ text: prompt }] }, { role: "user", parts: [{ text: "You work on Linux." }] }]
        const { body } = yield* askJson("gemini", model, { body: { tools, contents } })
        assert.strictEqual(body.candidates[0].content.parts[0].functionCall?.name, "write_file")
      }))
    it.effect("has nothing to do for titles, without tools and where tools are forbidden", () =>
      Effect.gen(function*() {
        const tools = [{ type: "function", function: { name: "write_file", parameters: write } }]
        const title = yield* askJson("chat", model, { body: { tools } })
        const bare = yield* askJson("chat", model, { body: { messages: [{ role: "user", content: prompt }] } })
        const forbidden = yield* askJson("chat", model, { body: { tools, tool_choice: "none", messages: [{ role: "user", content: prompt }] } })
        for (const { body } of [title, bare, forbidden]) assert.strictEqual(body.choices[0].message.content, "There is nothing to do.")
      }))
  })
})
