/**
 * A whole gateway between real sockets, before upstreams that answer with exactly the bytes a test gives them. Model names `openai/X`,
 * `responses/X`, `anthropic/X` and `gemini/X` lead to an upstream of that protocol, which answers what the test has for X.
 */
import { NodeHttpServer } from "@effect/platform-node"
import * as ApiKeys from "@sluice/gateway/ApiKeys"
import type { Fuses } from "@sluice/gateway/Fuse"
import type { Settings } from "@sluice/gateway/Gateway"
import * as HttpGateway from "@sluice/gateway/HttpGateway"
import { type Entry, Ledger } from "@sluice/gateway/Ledger"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import type { LimitRules } from "@sluice/gateway/LimitRules"
import * as Allowance from "@sluice/gateway/Limits"
import * as LimitStoreMemory from "@sluice/gateway/LimitStoreMemory"
import type { ModelEntry } from "@sluice/gateway/ModelEntry"
import type { Prices } from "@sluice/gateway/Prices"
import type { Extensions, Interceptors, Normalizers, UsageSinks } from "@sluice/gateway/Registries"
import type { Thinking } from "@sluice/gateway/Thinking"
import type { Limits } from "@sluice/gateway/Timeouts"
import type { UsageOutbox } from "@sluice/gateway/UsageOutbox"
import type { Json } from "@sluice/protocol/Wire"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { HttpServer } from "effect/http"
import { createServer, type ServerResponse } from "node:http"
import * as FourProviders from "../end-to-end/FourProviders.ts"

/** What an upstream answers. */
export interface Answer {
  readonly status?: number
  readonly headers?: { readonly [name: string]: string }
  /** What is written, each part by itself; a promise when it is there. */
  readonly body?: ReadonlyArray<string | Uint8Array | Promise<string>>
  /** How it ends: politely unless said otherwise; `held` stays open until the gateway leaves. */
  readonly ending?: "reset" | "held"
}

/** What an upstream was asked. */
export interface Asked {
  readonly model: string
  readonly path: string
  readonly headers: { readonly [name: string]: string | ReadonlyArray<string> | undefined }
  readonly body: string
  /** The gateway left before the answer was over. */
  isAborted: boolean
}

/** What a test may change. */
export interface Options {
  readonly answers: { readonly [model: string]: Answer }
  readonly limits?: Partial<Limits>
  readonly settings?: Partial<Settings>
  readonly models?: ReadonlyArray<ModelEntry>
  readonly retries?: number
  readonly parts?: Layer.Layer<never, never, Extensions | Interceptors | Normalizers | UsageSinks>
  /** How thinking is asked for; absent = by the rules of the gateway. */
  readonly thinking?: Layer.Layer<Thinking>
  /** The fuses of the parts; absent = the gateway has its own. */
  readonly fuses?: Layer.Layer<Fuses>
  /** Absent = no costs. */
  readonly prices?: Layer.Layer<Prices>
  /** What limits the key `sk-test`; absent = nothing does. */
  readonly rules?: LimitRules
  /** In memory unless said otherwise. */
  readonly ledger?: Layer.Layer<Ledger> | Layer.Layer<Ledger | UsageOutbox>
}

/** What a test sees of the running gateway. */
export class Verbatim extends Context.Service<Verbatim, {
  /** Without a slash at its end. */
  readonly url: string
  readonly ledger: Ledger["Service"]
  /** The requests that reached an upstream for a model, oldest first. */
  readonly asked: (model: string) => ReadonlyArray<Asked>
}>()("test/Verbatim") {}

class Upstream extends Context.Service<Upstream, { readonly url: string; readonly log: ReadonlyArray<Asked> }>()("test/Verbatim/Upstream") {}

/** Lets what was written leave by itself. */
const flushed = (response: ServerResponse): Promise<void> => new Promise((resolve) => response.write("", () => setImmediate(resolve)))

const modelOf = (path: string, body: string): string => {
  const told = /\/models\/([^:/?]+):/.exec(path)?.[1]
  if (told !== undefined) return decodeURIComponent(told)
  // An empty body names nothing
  const parsed: { readonly model?: string } = body === "" ? {} : JSON.parse(body)
  return parsed.model ?? ""
}

const play = async (answer: Answer, response: ServerResponse): Promise<void> => {
  response.writeHead(answer.status ?? 200, { "content-type": "text/event-stream", ...answer.headers })
  for (const part of answer.body ?? []) {
    response.write(await part)
    await flushed(response)
  }
  if (answer.ending === undefined) response.end()
  if (answer.ending === "reset") response.destroy()
}

const upstream = (answers: Options["answers"]): Layer.Layer<Upstream> =>
  Layer.effect(
    Upstream,
    Effect.acquireRelease(
      Effect.callback<{ readonly url: string; readonly log: Array<Asked>; readonly close: () => void }>((resume) => {
        const log: Array<Asked> = []
        const server = createServer((request, response) => {
          let body = ""
          request.setEncoding("utf8").on("data", (chunk: string) => body += chunk).on("end", () => {
            const path = request.url ?? ""
            const asked: Asked = { model: modelOf(path, body), path, headers: request.headers, body, isAborted: false }
            log.push(asked)
            response.on("close", () => asked.isAborted = !response.writableEnded)
            void play(answers[asked.model] ?? { status: 404, headers: { "content-type": "application/json" }, body: ["{}"] }, response)
          })
        })
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const port = typeof address === "object" ? address?.port : undefined
          const close = (): void => {
            server.closeAllConnections()
            server.close()
          }
          resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, log, close }))
        })
      }),
      ({ close }) => Effect.sync(close)
    )
  )

const executors = (options: Options) => Layer.unwrap(Effect.map(Upstream, ({ url }) => FourProviders.executors(url, options)))

/** The gateway and its upstreams. One key, `sk-test`. */
export const layer = (options: Options): Layer.Layer<Verbatim> =>
  Layer.effect(
    Verbatim,
    Effect.gen(function*() {
      const { address } = yield* HttpServer.HttpServer
      const { log } = yield* Upstream
      return {
        url: `http://127.0.0.1:${address._tag === "UnixPathAddress" ? 0 : address.port}`,
        ledger: yield* Ledger,
        asked: (model: string) => log.filter((asked) => asked.model === model)
      }
    })
  ).pipe(
    Layer.provide(HttpGateway.serve(Layer.merge(executors(options), options.parts ?? Layer.empty), {
      dialects: FourProviders.dialects,
      models: [...FourProviders.prefixes, ...(options.models ?? [])],
      ...(options.settings === undefined ? {} : { settings: options.settings })
    })),
    Layer.provide(Allowance.layer().pipe(Layer.provide(LimitStoreMemory.layer))),
    Layer.provide([
      NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: "1 second" }),
      upstream(options.answers),
      options.prices ?? Layer.empty,
      options.fuses ?? Layer.empty,
      options.thinking ?? Layer.empty,
      options.ledger ?? LedgerMemory.layer,
      ApiKeys.layerKeys([{
        key: Redacted.make("sk-test"),
        principal: { id: "key-1", ...(options.rules === undefined ? {} : { limits: options.rules }) }
      }])
    ]),
    Layer.orDie
  )

/** A reply as the client got it. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

const paths = { openai: "/v1/chat/completions", responses: "/v1/responses", anthropic: "/v1/messages" } as const

/** What a client of a protocol sends at the least. */
const least = {
  openai: { messages: [{ role: "user", content: "Hello" }] },
  responses: { input: "Hello" },
  anthropic: { max_tokens: 100, messages: [{ role: "user", content: "Hello" }] }
} as const

/** Sends a request of a client's protocol and reads the reply to its end, or to where it breaks. */
export const ask = (client: keyof typeof paths, model: string, more: { readonly [key: string]: Json } = {}): Effect.Effect<Reply, never, Verbatim> =>
  Effect.flatMap(Verbatim, ({ url }) => send(`${url}${paths[client]}`, JSON.stringify({ model, ...least[client], ...more })))

/** Sends a body as it is. */
export const send = (url: string, body: string, headers: { readonly [name: string]: string } = {}): Effect.Effect<Reply> =>
  Effect.promise(async () => {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: "Bearer sk-test", "anthropic-version": "2023-06-01", "content-type": "application/json", ...headers },
      body
    })
    return { status: response.status, headers: response.headers, text: await response.text() }
  })

/** The entries of a model name, newest first, once there are so many and all of them have ended. */
export const entriesOf = (model: string, count = 1): Effect.Effect<ReadonlyArray<Entry>, never, Verbatim> =>
  Effect.gen(function*() {
    const { ledger } = yield* Verbatim
    const entries = yield* ledger.query({ limit: 1000, model })
    const isPending = entries.length < count || entries.some(({ status }) => status === "open")
    return isPending ? yield* Effect.fail("pending" as const) : entries
  }).pipe(Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 2000 }), Effect.orDie)

/** The one entry of a model name, once it has ended. */
export const entryOf = (model: string): Effect.Effect<Entry, never, Verbatim> =>
  Effect.flatMap(entriesOf(model), (entries) => {
    const [only, second] = entries
    return only !== undefined && second === undefined ? Effect.succeed(only) : Effect.die(`${entries.length} entries of ${model}`)
  })

/** A server-sent event. */
export const sse = (value: Json | string, name?: string): string =>
  `${name === undefined ? "" : `event: ${name}\n`}data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`
