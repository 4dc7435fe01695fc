/** Clients of the four protocols on bare HTTP: what each sends to ask the same thing, for tests of what reaches the provider. */
import { AnthropicMessages } from "@sluice/anthropic"
import { GeminiGenerate } from "@sluice/gemini"
import { OpenAiChat, OpenAiResponses } from "@sluice/openai"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Loss from "@sluice/protocol/Loss"
import * as Sse from "@sluice/protocol/Sse"
import { Effect } from "effect"
import * as Rig from "./Rig.ts"

/** The protocols clients speak, by the prefix of their own provider. */
export type Client = (typeof Rig.upstreams)[number]

/** What a client sends, and where. */
export interface Sent {
  readonly path: string
  readonly body: object
}

/** A question in a client's protocol; `rest` is merged into the body. */
export const question = (client: Client, model: string, rest: object = {}, text = "Hello"): Sent => {
  switch (client) {
    case "openai":
      return { path: "/v1/chat/completions", body: { model, messages: [{ role: "user", content: text }], ...rest } }
    case "responses":
      return { path: "/v1/responses", body: { model, input: text, ...rest } }
    case "anthropic":
      return { path: "/v1/messages", body: { model, max_tokens: 64_000, messages: [{ role: "user", content: text }], ...rest } }
    case "gemini":
      return { path: `/v1beta/models/${model}:generateContent`, body: { contents: [{ role: "user", parts: [{ text }] }], ...rest } }
  }
}

/** A reply as it came. */
export interface Reply {
  readonly status: number
  readonly losses: string
  readonly text: string
}

/** Sends a request to the gateway, with the key `sk-test` unless told another. */
export const send = ({ body, path }: Sent, key = "sk-test"): Effect.Effect<Reply, never, Rig.Rig> =>
  Effect.flatMap(Rig.Rig, ({ url }) =>
    Effect.promise(async () => {
      const response = await fetch(`${url}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify(body)
      })
      return { status: response.status, losses: response.headers.get("x-sluice-losses") ?? "", text: await response.text() }
    }))

/** The body that last reached a provider. */
export const received: Effect.Effect<unknown, never, Rig.Rig> = Effect.flatMap(Rig.Rig, ({ simulator }) => Effect.map(simulator.log, (log) => log.at(-1)?.body))

/** What makes a question ask for thinking and offer a tool. */
export const thinkingWithTool = (client: Client): object => {
  const name = "look"
  const description = "Looks something up."
  const schema = { type: "object", properties: { at: { type: "string" } }, required: ["at"] }
  switch (client) {
    case "openai":
      return { reasoning_effort: "high", tools: [{ type: "function", function: { name, description, parameters: schema } }] }
    case "responses":
      return { reasoning: { effort: "high" }, store: false, tools: [{ type: "function", name, description, parameters: schema, strict: false }] }
    case "anthropic":
      return { thinking: { type: "enabled", budget_tokens: 2000 }, tools: [{ name, description, input_schema: schema }] }
    case "gemini":
      return {
        generationConfig: { thinkingConfig: { thinkingBudget: 2000, includeThoughts: true } },
        tools: [{ functionDeclarations: [{ name, description, parametersJsonSchema: schema }] }]
      }
  }
}

/** A parsed body of any protocol. */
type Body = ReturnType<typeof JSON.parse>

/** The calls an answer asks for. */
export const callsOf = (client: Client, answer: Body): ReadonlyArray<{ readonly id: string; readonly name: string }> => {
  switch (client) {
    case "openai":
      return (answer["choices"][0].message.tool_calls ?? []).map((call: Body) => ({ id: call["id"], name: call["function"].name }))
    case "responses":
      return answer["output"].flatMap((item: Body) => item["type"] === "function_call" ? [{ id: item["call_id"], name: item["name"] }] : [])
    case "anthropic":
      return answer["content"].flatMap((block: Body) => block["type"] === "tool_use" ? [{ id: block["id"], name: block["name"] }] : [])
    case "gemini":
      return answer["candidates"][0].content.parts.flatMap((part: Body) =>
        part["functionCall"] === undefined ? [] : [{ id: part["functionCall"].id, name: part["functionCall"].name }]
      )
  }
}

/** The client's next request: the conversation so far, the answer as it came, and the results of its calls, or more words of the user where it has none. */
export const next = (client: Client, { body, path }: Sent, answer: Body, said = "Go on."): Sent => {
  const calls = callsOf(client, answer)
  const before: Body = body
  switch (client) {
    case "openai": {
      const results = calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: "found" }))
      const more = calls.length > 0 ? results : [{ role: "user", content: said }]
      return { path, body: { ...before, messages: [...before["messages"], answer["choices"][0].message, ...more] } }
    }
    case "responses": {
      const results = calls.map(({ id }) => ({ type: "function_call_output", call_id: id, output: "found" }))
      const more = calls.length > 0 ? results : [{ role: "user", content: said }]
      const input = typeof before["input"] === "string" ? [{ role: "user", content: before["input"] }] : before["input"]
      return { path, body: { ...before, input: [...input, ...answer["output"], ...more] } }
    }
    case "anthropic": {
      const results = calls.map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: "found" }))
      const more = { role: "user", content: calls.length > 0 ? results : said }
      return { path, body: { ...before, messages: [...before["messages"], { role: "assistant", content: answer["content"] }, more] } }
    }
    case "gemini": {
      const results = calls.map(({ id, name }) => ({ functionResponse: { ...(id === undefined ? {} : { id }), name, response: { result: "found" } } }))
      const more = { role: "user", parts: calls.length > 0 ? results : [{ text: said }] }
      return { path, body: { ...before, contents: [...before["contents"], answer["candidates"][0].content, more] } }
    }
  }
}

/** The same request as a stream. */
export const streamed = (client: Client, { body, path }: Sent): Sent =>
  client === "gemini" ? { path: `${path.replace(":generateContent", ":streamGenerateContent")}?alt=sse`, body } : { path, body: { ...body, stream: true } }

const dialectOf = (client: Client): Dialect =>
  ({ openai: OpenAiChat.dialect, responses: OpenAiResponses.dialect, anthropic: AnthropicMessages.dialect, gemini: GeminiGenerate.dialect })[client]

/** The body a streamed reply adds up to, as the client's SDK would add it up. */
export const folded = (client: Client, text: string): Body => {
  const dialect = dialectOf(client)
  const splitter = Sse.splitter({ maxEventBytes: 1 << 20 })
  const { events } = splitter.push(new TextEncoder().encode(text))
  const decoder = dialect.events.decoder.start()
  const frames = [...events.flatMap((event) => decoder.step(event)), ...decoder.end("eof")]
  return dialect.response.encode(frames, { request: { model: "", turns: [] }, id: "x", created: 0, sink: Loss.sink() })
}
