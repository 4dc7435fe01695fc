/**
 * A whole gateway before simulated providers in this process, on the test clock: providers with several keys, what each answers to whom
 * decided by the test in the simulator's own words (`sim-text`, `sim-error;status=503`). Nothing here opens a socket.
 */
import * as ApiKeys from "@sluice/gateway/ApiKeys"
import * as ByteSource from "@sluice/gateway/ByteSource"
import * as Credential from "@sluice/gateway/Credential"
import type { Gateway, Settings } from "@sluice/gateway/Gateway"
import * as Generations from "@sluice/gateway/Generations"
import * as HttpExecutor from "@sluice/gateway/HttpExecutor"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import * as Lifecycle from "@sluice/gateway/Lifecycle"
import type { ModelEntry } from "@sluice/gateway/ModelEntry"
import * as Pipeline from "@sluice/gateway/Pipeline"
import type * as ProviderPolicy from "@sluice/gateway/ProviderPolicy"
import type { Any } from "@sluice/gateway/Registries"
import { UpstreamClient } from "@sluice/gateway/UpstreamClient"
import { OpenAiChat } from "@sluice/openai"
import { fail } from "@sluice/protocol/GatewayError"
import type { Json } from "@sluice/protocol/Wire"
import { Simulator } from "@sluice/testing/Simulator"
import { Context, Effect, Fiber, Layer, Random, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"

/** A provider with keys, one where none are named; a plain name is a key of weight 1 and priority 0. Tries again once. */
export interface Provider {
  readonly id: string
  readonly keys?: ReadonlyArray<string | Omit<Credential.KeyOptions, "provider" | "key"> & Pick<Partial<Credential.Credential>, "renew" | "isUsable">>
  readonly policy?: ProviderPolicy.Options
  readonly retries?: number
  readonly totalMs?: number
}

/** What reached a provider. */
export interface Asked {
  readonly provider: string
  /** The id of the key. */
  readonly key: string
  readonly model: string
  /** Milliseconds since the fleet began. */
  readonly at: number
  readonly body: { readonly [key: string]: Json }
}

/** A fleet and how it is asked. */
export interface Options {
  readonly providers: ReadonlyArray<Provider>
  readonly models: ReadonlyArray<ModelEntry>
  /** The scenario that answers; absent = `sim-text`. */
  readonly answer?: (asked: Asked) => string
  readonly parts?: Layer.Layer<never, never, Any>
  readonly settings?: Partial<Settings>
}

/** A reply as the client got it. */
export interface Reply {
  readonly status: number
  readonly headers: { readonly [name: string]: string | undefined }
  readonly text: string
}

/** The running fleet. */
export class Fleet extends Context.Service<Fleet, {
  readonly asked: Array<Asked>
  readonly gateway: () => Gateway
  /** Asks, takes the beginning of the answer, and leaves. */
  readonly leave: (model: string, more?: { readonly [key: string]: Json }) => Effect.Effect<void>
  readonly ask: (model: string, more?: { readonly [key: string]: Json }, headers?: { readonly [name: string]: string }) => Effect.Effect<Reply>
}>()("Fleet") {}

const keyOf = (headers: { readonly [name: string]: string }): string => (headers["authorization"] ?? "").replace("Bearer secret-of-", "")

/** An upstream client whose every request ends in the simulator; the host's name is the provider's. */
const upstream = (asked: Array<Asked>, answer: NonNullable<Options["answer"]>) =>
  Layer.effect(
    UpstreamClient,
    Effect.gen(function*() {
      const simulator = yield* Simulator
      const clock = yield* Effect.clockWith(Effect.succeed)
      const begunAt = clock.currentTimeMillisUnsafe()
      return {
        open: (request) =>
          Effect.gen(function*() {
            const body: { readonly [key: string]: Json } & { readonly model: string } = JSON.parse(String(request.body))
            const one: Asked = {
              provider: request.url.hostname.split(".")[0] ?? "",
              key: keyOf(request.headers),
              model: body.model,
              at: clock.currentTimeMillisUnsafe() - begunAt,
              body
            }
            asked.push(one)
            const { body: stream, headers, status } = yield* Effect.mapError(
              simulator.handle({
                method: request.method,
                path: request.url.pathname,
                query: request.url.search.slice(1),
                headers: request.headers,
                body: JSON.stringify({ ...body, model: answer(one) })
              }),
              () => fail({ class: "transient", message: "The connection broke." })
            )
            const source = yield* ByteSource.fromStream(Stream.mapError(stream, () => new Error("The connection broke.")))
            return { status, headers: { date: new Date(clock.currentTimeMillisUnsafe()).toUTCString(), ...headers }, body: source }
          })
      }
    })
  ).pipe(Layer.provide(Simulator.layer))

const executor = ({ id, keys = ["key"], policy, retries, totalMs }: Provider) =>
  HttpExecutor.layerNoDeps({
    id,
    dialect: OpenAiChat.dialect,
    baseUrl: `https://${id}.example/v1`,
    credentials: Credential.fixed(keys.map((key) => {
      const { isUsable, renew, ...options } = typeof key === "string" ? { id: key } : key
      return {
        ...Credential.key({ ...options, provider: id, key: Redacted.make(`secret-of-${options.id}`) }),
        ...(renew === undefined ? {} : { renew }),
        ...(isUsable === undefined ? {} : { isUsable })
      }
    })),
    retries: retries ?? 1,
    ...(policy === undefined ? {} : { policy }),
    ...(totalMs === undefined ? {} : { limits: { totalMs } })
  })

const endpoint = OpenAiChat.dialect.endpoints.find(({ operation }) => operation === "generate")

const text = (response: { readonly body: { readonly _tag: string } }): Effect.Effect<string> => {
  const body: unknown = response.body
  if (typeof body !== "object" || body === null) return Effect.succeed("")
  if ("body" in body && body.body instanceof Uint8Array) return Effect.succeed(new TextDecoder().decode(body.body))
  return "stream" in body && Stream.isStream(body.stream)
    ? Effect.orDie(Stream.mkString(Stream.decodeText(body.stream as Stream.Stream<Uint8Array>)))
    : Effect.succeed("")
}

/** Chance that is the same in every run. */
const seeded = Layer.effect(Random.Random, Random.withSeed(Effect.map(Random.Random, (random) => random), "fleet"))

/** The fleet. */
export const layer = (options: Options): Layer.Layer<Fleet> => {
  const asked: Array<Asked> = []
  const executors = options.providers.map(executor)
  const [first, ...rest] = executors
  const all = rest.reduce((merged, next) => Layer.merge(merged, next), first ?? HttpExecutor.none)
  const parts = Layer.merge(all, options.parts ?? Layer.empty).pipe(Layer.provide(upstream(asked, options.answer ?? (() => "sim-text"))))
  return Layer.effect(
    Fleet,
    Effect.gen(function*() {
      const { current, enter } = yield* Generations.Generations
      return {
        asked,
        gateway: current,
        ask: (model, more = {}, headers = {}) => driven(Effect.scoped(Effect.flatMap(call(enter, model, more, headers), read))),
        leave: (model, more = {}) => driven(Effect.scoped(Effect.flatMap(call(enter, model, more, {}), begin)))
      }
    })
  ).pipe(
    Layer.provide(Generations.layer(parts, {
      dialects: [OpenAiChat.dialect],
      models: options.models,
      ...(options.settings === undefined ? {} : { settings: options.settings })
    })),
    Layer.provide([LedgerMemory.layer, Lifecycle.layer, ApiKeys.layer(["sk-test"]), seeded]),
    Layer.orDie
  )
}

/** A call as the HTTP front makes it, to the end of its answer's head. */
const call = (
  enter: Generations.Generations["Service"]["enter"],
  model: string,
  more: { readonly [key: string]: Json },
  headers: { readonly [name: string]: string }
) =>
  Effect.gen(function*() {
    const body = JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }], ...more })
    const gateway = yield* enter
    if (endpoint === undefined) return yield* Effect.die("no endpoint")
    return yield* Pipeline.handle(gateway, {
      principal: { id: "key-1" },
      dialect: OpenAiChat.dialect,
      endpoint,
      method: "POST",
      path: endpoint.path,
      headers: { "content-length": String(body.length), ...headers },
      secret: undefined,
      told: {},
      text: () => Effect.succeed(body)
    })
  })

type Response = Effect.Success<ReturnType<typeof call>>

const read = (response: Response): Effect.Effect<Reply> =>
  Effect.map(text(response), (text) => ({ status: response.status, headers: { ...response.headers }, text }))

/** Takes the first piece of an answer and leaves. */
const begin = ({ body }: Response): Effect.Effect<void> => body._tag === "Stream" ? Effect.ignore(Stream.runHead(body.stream)) : Effect.void

/** Lets the test clock go on until an effect has ended. */
const driven = <A>(effect: Effect.Effect<A>): Effect.Effect<A> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    for (let turns = 0; fiber.pollUnsafe() === undefined && turns < 5_000; turns++) {
      yield* Effect.yieldNow
      // What is on its way as bytes comes in microtasks, which no clock waits for
      yield* Effect.promise(() => Promise.resolve())
      if (fiber.pollUnsafe() === undefined && turns % 10 === 9) yield* TestClock.adjust("50 millis")
    }
    return yield* Fiber.join(fiber)
  })
