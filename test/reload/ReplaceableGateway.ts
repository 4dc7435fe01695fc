/** A gateway on a real socket whose parts can be replaced while requests run, over providers that a test holds in its hand. */
import { NodeHttpServer } from "@effect/platform-node"
import * as ApiKeys from "@sluice/gateway/ApiKeys"
import type { Settings } from "@sluice/gateway/Gateway"
import { Generations } from "@sluice/gateway/Generations"
import * as HttpExecutor from "@sluice/gateway/HttpExecutor"
import * as HttpGateway from "@sluice/gateway/HttpGateway"
import { Ledger } from "@sluice/gateway/Ledger"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import * as Lifecycle from "@sluice/gateway/Lifecycle"
import type { ModelEntry } from "@sluice/gateway/ModelEntry"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { OpenAiChat } from "@sluice/openai"
import { Context, Effect, Layer, Schedule } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { createServer } from "node:http"

/** What parts opened and closed, in order: `+name`, `-name`. */
export type Events = Array<string>

/** A provider at this address, and the only one of its generation; it is told when the generation opens and closes. */
export const parts = (name: string, url: string, events: Events) =>
  Layer.merge(
    HttpExecutor.layer({ id: name, dialect: OpenAiChat.dialect, baseUrl: url, credentials: "none", retries: 0 }),
    Layer.effectDiscard(Effect.acquireRelease(Effect.sync(() => void events.push(`+${name}`)), () => Effect.sync(() => void events.push(`-${name}`))))
  )

/** The route of `chat` to a provider, and what becomes of its answers when clients leave. */
export const toProvider = (name: string, onClientGone: NonNullable<ModelEntry["onClientGone"]> = "cancel"): ReadonlyArray<ModelEntry> => [
  { id: "chat", targets: [{ provider: ProviderId.make(name) }], onClientGone }
]

/** What a test sees of the running gateway. */
export interface ReplaceableGateway {
  readonly url: string
  readonly generations: Generations["Service"]
  readonly ledger: Ledger["Service"]
}

/** Starts it for the life of the scope. One key, `sk-test`. */
export const start = Effect.fnUntraced(function*(
  first: ReturnType<typeof parts>,
  options: { readonly models: ReadonlyArray<ModelEntry>; readonly settings?: Partial<Settings> }
) {
  const services = yield* Layer.build(
    HttpRouter.serve(HttpGateway.routes(first, { dialects: [OpenAiChat.dialect], ...options }), { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: "1 second" })),
      Layer.provideMerge([LedgerMemory.layer, Lifecycle.layer, ApiKeys.layer(["sk-test"])]),
      Layer.orDie
    )
  )
  const { address } = Context.get(services, HttpServer.HttpServer)
  return {
    url: `http://127.0.0.1:${address._tag === "UnixPathAddress" ? 0 : address.port}`,
    generations: Context.get(services, Generations),
    ledger: Context.get(services, Ledger)
  } satisfies ReplaceableGateway
})

/** An answer, or what came of it until now. */
export interface Answer {
  readonly status: number
  readonly provider: string | null
  /** All of it, when it has ended. */
  readonly text: Effect.Effect<string>
  /** Completes with the first piece of it. */
  readonly begun: Effect.Effect<string>
  readonly leave: Effect.Effect<void>
}

/** Asks for `chat`. */
export const ask = (url: string, stream: boolean): Effect.Effect<Answer> =>
  Effect.promise(async () => {
    const aborting = new AbortController()
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
      body: JSON.stringify({ model: "chat", stream, messages: [{ role: "user", content: "Who are you?" }] }),
      signal: aborting.signal
    })
    const [first, whole] = response.clone().body?.tee() ?? []
    void whole?.cancel()
    return {
      status: response.status,
      provider: response.headers.get("x-sluice-provider"),
      text: Effect.promise(() => response.text()),
      begun: Effect.promise(async () => new TextDecoder().decode((await first?.getReader().read())?.value)),
      leave: Effect.sync(() => aborting.abort())
    }
  })

/** Asks again until it is so. */
export const eventually = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => condition() ? Effect.void : Effect.fail("pending" as const)).pipe(
    Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 2_000 }),
    Effect.orDie
  )
