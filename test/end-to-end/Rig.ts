/**
 * A whole gateway between real sockets: the simulator as upstream in both protocols, and a ledger to ask. Model names
 * `openai/X` and `anthropic/X` lead to the simulated provider of that protocol, with `X` choosing the scenario.
 */
import { NodeHttpServer } from "@effect/platform-node"
import type { Admission } from "@sluice/gateway/Admission"
import * as ApiKeys from "@sluice/gateway/ApiKeys"
import type { Catalogue } from "@sluice/gateway/Catalogue"
import * as Continuity from "@sluice/gateway/Continuity"
import type { Settings } from "@sluice/gateway/Gateway"
import * as HttpGateway from "@sluice/gateway/HttpGateway"
import { type Entry, Ledger } from "@sluice/gateway/Ledger"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import type { Limits as Allowance } from "@sluice/gateway/Limits"
import type { ModelAlias, ModelEntry, ProviderNaming } from "@sluice/gateway/ModelEntry"
import type { Prices } from "@sluice/gateway/Prices"
import type { ProviderId } from "@sluice/gateway/ProviderId"
import type { Extensions, Interceptors, Models } from "@sluice/gateway/Registries"
import type { Replays } from "@sluice/gateway/Replays"
import type { Limits } from "@sluice/gateway/Timeouts"
import { present } from "@sluice/protocol/Json"
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { HttpServer } from "effect/http"
import { createServer } from "node:http"
import * as FourProviders from "./FourProviders.ts"

export { upstreams } from "./FourProviders.ts"

/** What a test may change. */
export interface Options {
  readonly limits?: Partial<Limits>
  readonly settings?: Partial<Settings>
  readonly models?: ReadonlyArray<ModelEntry>
  readonly aliases?: ReadonlyArray<ModelAlias>
  readonly naming?: ReadonlyMap<ProviderId, ProviderNaming>
  /** What is publicly known of models; absent = nothing. */
  readonly catalogue?: Layer.Layer<Catalogue>
  readonly retries?: number
  /** Keys beside `sk-test`, which may use every model. */
  readonly keys?: ReadonlyArray<ApiKeys.ApiKey>
  /** Bounds of the memory of proofs of thinking. */
  readonly continuity?: Partial<Continuity.Bounds>
  /** A memory of another making. */
  readonly memory?: Layer.Layer<Continuity.Continuity>
  /** Absent = nobody is limited. */
  readonly allowance?: Layer.Layer<Allowance, never, Ledger>
  /** Absent = no costs. */
  readonly prices?: Layer.Layer<Prices>
  /** In memory unless said otherwise. */
  readonly ledger?: Layer.Layer<Ledger>
  /** Who is admitted; absent = everybody. */
  readonly admission?: Layer.Layer<Admission>
  /** Idempotency keys; absent = they are not looked at. */
  readonly replays?: Layer.Layer<Replays>
  /** Extensions, interceptors and sources of models. */
  readonly parts?: Layer.Layer<never, never, Extensions | Interceptors | Models>
}

/** What a test sees of the running gateway. */
export class Rig extends Context.Service<Rig, {
  /** Without a slash at its end. */
  readonly url: string
  readonly simulator: SimulatorServer["Service"]
  readonly ledger: Ledger["Service"]
}>()("test/Rig") {}

const executors = (options: Options) => Layer.unwrap(Effect.map(SimulatorServer, ({ url }) => FourProviders.executors(url, options)))

/** The gateway, its simulator and its ledger. One key, `sk-test`. */
export const layer = (options: Options = {}): Layer.Layer<Rig> =>
  Layer.effect(
    Rig,
    Effect.gen(function*() {
      const { address } = yield* HttpServer.HttpServer
      return { url: `http://127.0.0.1:${address._tag === "UnixPathAddress" ? 0 : address.port}`, simulator: yield* SimulatorServer, ledger: yield* Ledger }
    })
  ).pipe(
    Layer.provide(HttpGateway.serve(Layer.merge(executors(options), options.parts ?? Layer.empty), {
      dialects: FourProviders.dialects,
      models: [...FourProviders.prefixes, ...(options.models ?? [])],
      ...present({ aliases: options.aliases, naming: options.naming }),
      ...(options.settings === undefined ? {} : { settings: options.settings })
    })),
    Layer.provide(options.allowance ?? Layer.empty),
    Layer.provide([
      NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: "1 second" }),
      Simulator.layerServer(),
      options.ledger ?? LedgerMemory.layer,
      options.prices ?? Layer.empty,
      options.catalogue ?? Layer.empty,
      options.admission ?? Layer.empty,
      options.replays ?? Layer.empty,
      options.memory ?? Continuity.layer(options.continuity),
      ApiKeys.layerKeys([{ key: Redacted.make("sk-test"), principal: { id: "key-1" } }, ...(options.keys ?? [])])
    ]),
    Layer.orDie
  )

/** Waits until the ledger holds `count` ended entries, newest first. Settling follows the client's last byte by moments. */
export const settled = (count: number): Effect.Effect<ReadonlyArray<Entry>, never, Rig> =>
  Effect.gen(function*() {
    const { ledger } = yield* Rig
    const entries = yield* ledger.query({ limit: 10_000 })
    const ended = entries.filter((entry) => entry.status !== "open")
    return ended.length >= count ? entries : yield* Effect.fail("pending" as const)
  }).pipe(
    Effect.retry({ schedule: Schedule.spaced("5 millis"), while: (error) => error === "pending", times: 1000 }),
    Effect.orDie
  )

/** Waits until a key has `count` entries and all of them have ended, newest first. */
export const settledOf = (principal: string, count: number): Effect.Effect<ReadonlyArray<Entry>, never, Rig> =>
  Effect.gen(function*() {
    const { ledger } = yield* Rig
    const entries = yield* ledger.query({ limit: 10_000, principal })
    return entries.length >= count && entries.every(({ status }) => status !== "open") ? entries : yield* Effect.fail("pending" as const)
  }).pipe(
    Effect.retry({ schedule: Schedule.spaced("5 millis"), while: (error) => error === "pending", times: 1000 }),
    Effect.orDie
  )
