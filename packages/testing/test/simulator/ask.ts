/** Requests to the in-process simulator, as every test of its answers needs them. */
import { Effect, Stream } from "effect"
import { type Incoming, Simulator } from "../../src/Simulator.ts"

/** The protocols under test; Gemini's streams come in two framings. */
export type ProtocolName = "chat" | "messages" | "responses" | "gemini" | "gemini-array"

/** All of them, for tests that hold in each. */
export const protocolNames: ReadonlyArray<ProtocolName> = ["chat", "messages", "responses", "gemini", "gemini-array"]

/** What a request of a test says beyond its model. */
export interface Question {
  readonly stream?: boolean
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

const fixed = {
  "chat": { path: "/v1/chat/completions", headers: { authorization: "Bearer test" }, body: { messages: [{ role: "user", content: "Hi there" }] } },
  "messages": {
    path: "/v1/messages",
    headers: { "x-api-key": "test", "anthropic-version": "2023-06-01" },
    body: { max_tokens: 4096, messages: [{ role: "user", content: "Hi there" }] }
  },
  "responses": { path: "/v1/responses", headers: { authorization: "Bearer test" }, body: { input: "Hi there" } },
  "gemini": { path: "", headers: { "x-goog-api-key": "test" }, body: { contents: [{ role: "user", parts: [{ text: "Hi there" }] }] } },
  "gemini-array": { path: "", headers: { "x-goog-api-key": "test" }, body: { contents: [{ role: "user", parts: [{ text: "Hi there" }] }] } }
} as const

/** A whole request of a protocol; `body` fields replace the usual ones, undefined removes them. */
export const request = (protocol: ProtocolName, model: string, question: Question = {}): Incoming => {
  const { path, headers, body } = fixed[protocol]
  const common = { method: "POST", headers: { "content-type": "application/json", ...headers, ...question.headers } }
  if (protocol === "gemini" || protocol === "gemini-array") {
    const method = question.stream === true ? "streamGenerateContent" : "generateContent"
    return {
      ...common,
      path: `/v1beta/models/${encodeURIComponent(model)}:${method}`,
      query: question.stream === true && protocol === "gemini" ? "alt=sse" : "",
      body: JSON.stringify({ ...body, ...question.body })
    }
  }
  const stream = question.stream === undefined ? {} : { stream: question.stream }
  return { ...common, path, query: "", body: JSON.stringify({ model, ...body, ...stream, ...question.body }) }
}

/** Sends a request and reads the whole reply as text. */
export const send = Effect.fnUntraced(function*(incoming: Incoming) {
  const simulator = yield* Simulator
  const response = yield* simulator.handle(incoming)
  const text = yield* Stream.mkString(Stream.decodeText(response.body))
  return { status: response.status, headers: response.headers, text }
})

/** Asks a model and reads the whole reply as text. */
export const ask = (protocol: ProtocolName, model: string, question: Question = {}) => send(request(protocol, model, question))

/** Asks a model and reads the reply as JSON. */
export const askJson = (protocol: ProtocolName, model: string, question: Question = {}) =>
  Effect.map(ask(protocol, model, question), (reply) => ({ ...reply, body: JSON.parse(reply.text) }))
