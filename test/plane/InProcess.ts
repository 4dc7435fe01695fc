/**
 * A whole gateway without sockets, for tests that make many: its one provider answers from memory as the model's name says, and calls
 * are handed to the pipeline as the HTTP front hands them over.
 */
import * as Authenticator from "@sluice/gateway/Authenticator"
import * as ByteSource from "@sluice/gateway/ByteSource"
import type { Gateway } from "@sluice/gateway/Gateway"
import * as Generations from "@sluice/gateway/Generations"
import * as HttpExecutor from "@sluice/gateway/HttpExecutor"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import * as Lifecycle from "@sluice/gateway/Lifecycle"
import * as Pipeline from "@sluice/gateway/Pipeline"
import { ProviderId } from "@sluice/gateway/ProviderId"
import type { Extensions, Interceptors } from "@sluice/gateway/Registries"
import { defaults } from "@sluice/gateway/Timeouts"
import type { UpstreamReply } from "@sluice/gateway/UpstreamClient"
import { OpenAiChat } from "@sluice/openai"
import { fail } from "@sluice/protocol/GatewayError"
import type { Json } from "@sluice/protocol/Wire"
import { Effect, Layer, Stream } from "effect"
import type { HttpServerResponse } from "effect/http"
import { answer, ended, said } from "../exchanges/Streams.ts"

const encoder = new TextEncoder()
const stream = { "content-type": "text/event-stream" }
const json = { "content-type": "application/json" }

const chunks = (texts: ReadonlyArray<string>, end?: ByteSource.SourceEnd) => ByteSource.fromChunks(texts.map((text) => encoder.encode(text)), end)

/** Gives this and nothing more, ever. */
const stalled = (text: string): ByteSource.ByteSource => {
  const { push, source } = ByteSource.make()
  push(encoder.encode(text))
  return source
}

/** A source with a bug, which shows when it is asked the second time. */
const buggy = (): ByteSource.ByteSource => {
  let asked = 0
  return {
    ...stalled(""),
    take: () => {
      if (asked++ > 0) throw new Error("a bug")
      return [encoder.encode(said("Hello"))]
    },
    await: Effect.void
  }
}

/** What the provider answers to a model of this name. */
const replies: { readonly [model: string]: () => UpstreamReply } = {
  stream: () => ({ status: 200, headers: stream, body: chunks([said("Hello"), said(" there"), ...ended]) }),
  whole: () => ({ status: 200, headers: json, body: chunks([answer("Hello there")]) }),
  cut: () => ({ status: 200, headers: stream, body: chunks([said("Hello")], ByteSource.reset("gone")) }),
  refuses: () => ({ status: 400, headers: json, body: chunks([JSON.stringify({ error: { message: "No." } })]) }),
  stalls: () => ({ status: 200, headers: stream, body: stalled(said("Hello")) }),
  silent: () => ({ status: 200, headers: stream, body: stalled("") }),
  buggy: () => ({ status: 200, headers: stream, body: buggy() })
}

/** The models the provider knows. */
export type Model = "stream" | "whole" | "cut" | "refuses" | "stalls" | "silent" | "buggy" | "dies"

const provider = HttpExecutor.install({
  id: ProviderId.make("up"),
  dialect: OpenAiChat.dialect,
  limits: defaults,
  retries: 0,
  open: ({ model }) => {
    if (model === "dies") return Effect.die(new Error("a bug"))
    const reply = replies[model]
    return reply === undefined ? fail({ class: "model-not-found", message: "Not here." }) : Effect.sync(reply)
  }
})

/** The gateway with these parts, and the ledger and life it has. Callers are who the test says. */
export const layer = (parts: Layer.Layer<never, never, Extensions | Interceptors>) =>
  Generations.layer(Layer.merge(provider, parts), { dialects: [OpenAiChat.dialect], models: [{ id: "*", targets: [{ provider: ProviderId.make("up") }] }] })
    .pipe(
      Layer.provideMerge(Layer.mergeAll(
        LedgerMemory.layer,
        Lifecycle.layer,
        Layer.succeed(Authenticator.Authenticator, { authenticate: () => Effect.succeed({ id: "key-1" }) })
      ))
    )

const endpoint = OpenAiChat.dialect.endpoints.find(({ operation }) => operation === "generate")

/** Hands a call to the pipeline; the scope is the request's. */
export const handle = (
  gateway: Gateway,
  model: Model,
  options: { readonly stream?: boolean; readonly headers?: { readonly [name: string]: string }; readonly more?: { readonly [key: string]: Json } } = {}
) => {
  const body = JSON.stringify({ model, stream: options.stream ?? true, messages: [{ role: "user", content: "Hi" }], ...options.more })
  if (endpoint === undefined) return Effect.die("no endpoint")
  return Pipeline.handle(gateway, {
    dialect: OpenAiChat.dialect,
    endpoint,
    method: "POST",
    path: endpoint.path,
    headers: options.headers ?? {},
    secret: undefined,
    told: {},
    text: () => Effect.succeed(body)
  })
}

/** Reads the body of a reply to its end. */
export const text = ({ body }: HttpServerResponse.HttpServerResponse): Effect.Effect<string, unknown> => {
  switch (body._tag) {
    case "Stream":
      return Stream.mkString(Stream.decodeText(body.stream))
    case "Uint8Array":
      return Effect.succeed(new TextDecoder().decode(body.body))
    default:
      return Effect.succeed("")
  }
}
