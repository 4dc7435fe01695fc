/** A gateway that is asked within the process, before a provider without a socket that answers what the name of the model says. */
import * as ByteSource from "@sluice/gateway/ByteSource"
import * as CompletionClient from "@sluice/gateway/CompletionClient"
import type { CompletionRequest } from "@sluice/gateway/CompletionModel"
import type { AttemptRequest } from "@sluice/gateway/Executor"
import * as HttpExecutor from "@sluice/gateway/HttpExecutor"
import { type Entry, Ledger } from "@sluice/gateway/Ledger"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import * as Allowance from "@sluice/gateway/Limits"
import * as LimitStoreMemory from "@sluice/gateway/LimitStoreMemory"
import { ProviderId } from "@sluice/gateway/ProviderId"
import type { Any } from "@sluice/gateway/Registries"
import type { Options } from "@sluice/gateway/Start"
import { defaults } from "@sluice/gateway/Timeouts"
import { OpenAiChat } from "@sluice/openai"
import { fail, type Failure } from "@sluice/protocol/GatewayError"
import { Context, Effect, Layer, Schedule, Stream } from "effect"
import { answer, ended, said } from "../exchanges/Streams.ts"

/** What was asked of the provider, and which attempts are open. */
export class Provider extends Context.Service<Provider, { readonly asked: Array<AttemptRequest>; open: number }>()("test/in-process/Provider") {}

/** Failures of attempts, taken one by one, by the name of the model. */
export type Failing = { readonly [model: string]: ReadonlyArray<Failure> }

const bodies = {
  whole: Stream.fromIterable([said("Hel"), said("lo"), ...ended]),
  /** Says something, and breaks off. */
  cut: Stream.concat(Stream.fromIterable([said("Hel"), said("lo")]), Stream.fail(new Error("reset"))),
  /** Says something, and then nothing any more. */
  held: Stream.concat(Stream.fromIterable([said("Hello")]), Stream.never),
  /** Never says anything. */
  silent: Stream.never,
  /** Begins with an error in the stream. */
  refused: Stream.make(`data: ${JSON.stringify({ error: { message: "Busy.", type: "server_error", code: "overloaded" } })}\n\n`)
}

const isBody = (name: string): name is keyof typeof bodies => name in bodies

const scripted = (failing: Failing) =>
  Layer.unwrap(Effect.map(Provider, (provider) => {
    const left = new Map(Object.entries(failing).map(([model, failures]) => [model, [...failures]]))
    return HttpExecutor.install({
      id: ProviderId.make("scripted"),
      dialect: OpenAiChat.dialect,
      limits: defaults,
      retries: 0,
      open: Effect.fnUntraced(function*(request) {
        provider.asked.push(request)
        yield* Effect.acquireRelease(Effect.sync(() => void provider.open++), () => Effect.sync(() => void provider.open--))
        const failure = left.get(request.model)?.shift()
        if (failure !== undefined) return yield* fail(failure)
        const bytes = (text: string) => new TextEncoder().encode(text)
        if (!request.stream && request.model === "whole") {
          return { status: 200, headers: { "content-type": "application/json" }, body: ByteSource.fromChunks([bytes(answer("Hello"))]) }
        }
        const body = Stream.map(bodies[isBody(request.model) ? request.model : "whole"], bytes)
        return { status: 200, headers: { "content-type": "text/event-stream" }, body: yield* ByteSource.fromStream(body) }
      })
    })
  }))

/** What a test may change. */
export interface Settings extends Omit<Options, "dialects"> {
  readonly failing?: Failing
  readonly parts?: Layer.Layer<never, never, Any>
}

/** The client of the gateway, its ledger and its provider. */
export const layer = ({ failing = {}, parts = Layer.empty, ...options }: Settings = {}) =>
  CompletionClient.layerGateway(Layer.merge(scripted(failing), parts), options).pipe(
    Layer.provideMerge(Allowance.layer().pipe(Layer.provide(LimitStoreMemory.layer))),
    Layer.provideMerge(LedgerMemory.layer),
    Layer.provideMerge(Layer.sync(Provider, () => ({ asked: [], open: 0 })))
  )

/** A question. */
export const hello: CompletionRequest = { turns: [{ role: "user", parts: [{ type: "text", text: "Hello?" }] }] }

/** The rows of a model once there are so many and all have ended, newest first. */
export const rows = (model: string, count = 1): Effect.Effect<ReadonlyArray<Entry>, never, Ledger> =>
  Effect.gen(function*() {
    const { query } = yield* Ledger
    const found = yield* query({ limit: 1000, model })
    return found.length < count || found.some(({ status }) => status === "open") ? yield* Effect.fail("pending" as const) : found
  }).pipe(Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 1000 }), Effect.orDie)
