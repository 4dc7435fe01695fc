/** A client of every protocol, which asks one thing and reads the whole answer, and what the upstream saw of it. */
import { AnthropicMessages } from "@sluice/anthropic"
import { GeminiGenerate } from "@sluice/gemini"
import { OpenAiChat, OpenAiResponses } from "@sluice/openai"
import { textOf } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { CanonicalResponse } from "@sluice/protocol/CanonicalResponse"
import { collectFrames } from "@sluice/protocol/Collect"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Sse from "@sluice/protocol/Sse"
import { Effect } from "effect"
import * as Rig from "../end-to-end/Rig.ts"

/** The protocols a client may speak, by the prefix that leads to a provider of the same. */
export const clients = {
  openai: OpenAiChat.dialect,
  responses: OpenAiResponses.dialect,
  anthropic: AnthropicMessages.dialect,
  gemini: GeminiGenerate.dialect
} as const satisfies { readonly [name: string]: Dialect }

/** The name of a protocol. */
export type Client = keyof typeof clients

/** One request. */
export interface Question {
  /** Absent = `openai`. */
  readonly client?: Client
  readonly model: string
  readonly text?: string
  readonly stream?: boolean
  readonly apiKey?: string
  readonly headers?: { readonly [name: string]: string }
  /** What the request says beside its text. */
  readonly request?: Partial<CanonicalRequest>
}

/** What came back. */
export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly raw: string
  /** The answer, where it is one. */
  readonly response: CanonicalResponse
  /** The text of all its text blocks. */
  readonly said: string
}

const bodyOf = (dialect: Dialect, { model, request, stream, text = "Hello" }: Question) =>
  dialect.request.encode({
    model,
    turns: [{ role: "user", parts: [{ type: "text", text }] }],
    maxOutputTokens: 4096,
    ...(stream === true ? { stream } : {}),
    ...request
  })

const pathOf = (dialect: Dialect, { model, stream = false }: Question): string => {
  const endpoint = dialect.endpoints.find((each) =>
    each.operation === "generate" && (each.stream.in === "body" || (each.stream.is === stream && (!stream || each.framing === undefined)))
  )
  const query = endpoint?.query === undefined ? "" : `?${endpoint.query.name}=${endpoint.query.value}`
  return `${endpoint?.path.replace("{model}", encodeURI(model)) ?? ""}${query}`
}

const read = (dialect: Dialect, isStream: boolean, raw: string): CanonicalResponse => {
  if (!isStream) return collectFrames([dialect.response.decode(JSON.parse(raw))])
  const splitter = Sse.splitter({ maxEventBytes: raw.length * 4 + 1 })
  const decoder = dialect.events.decoder.start()
  const events = [...splitter.push(Buffer.from(raw)).events, ...splitter.end({ tolerant: true }).events]
  return collectFrames([...events.flatMap((event) => decoder.step(event)), ...decoder.end("eof")])
}

/** Asks and reads the whole answer. */
export const ask = (question: Question): Effect.Effect<Answered, never, Rig.Rig> =>
  Effect.flatMap(Rig.Rig, ({ url }) =>
    Effect.promise(async () => {
      const dialect = clients[question.client ?? "openai"]
      const { body, headers } = bodyOf(dialect, question)
      const credential = dialect.credential.accepts[0]
      const response = await fetch(`${url}${pathOf(dialect, question)}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          [credential?.header ?? "authorization"]: `${credential?.prefix ?? "Bearer "}${question.apiKey ?? "sk-test"}`,
          ...headers,
          ...question.headers
        },
        body: JSON.stringify(body)
      })
      const raw = await response.text()
      const isStream = question.stream === true && response.ok
      const answer = response.ok ? read(dialect, isStream, raw) : collectFrames([])
      return {
        status: response.status,
        headers: response.headers,
        raw,
        response: answer,
        said: answer.choices.map(({ parts }) => textOf(parts.map(({ part }) => part))).join("")
      }
    }))

/** The bodies of the upstream's requests for a model whose name ends like this, in order. */
export const upstream = (
  ending: string
): Effect.Effect<ReadonlyArray<{ readonly body: unknown; readonly text: string; readonly headers: { readonly [name: string]: string } }>, never, Rig.Rig> =>
  Effect.flatMap(
    Rig.Rig,
    ({ simulator }) =>
      Effect.map(
        simulator.log,
        (log) => log.filter(({ model }) => model.endsWith(ending)).map(({ body, headers }) => ({ body, headers, text: JSON.stringify(body) }))
      )
  )
