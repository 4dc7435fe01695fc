/** One gateway that is asked over HTTP and within the process: the same models, the same limits, the same record. */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import * as ApiKeys from "@sluice/gateway/ApiKeys"
import * as CompletionClient from "@sluice/gateway/CompletionClient"
import { Generations } from "@sluice/gateway/Generations"
import * as HttpGateway from "@sluice/gateway/HttpGateway"
import { Ledger } from "@sluice/gateway/Ledger"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import { perMinute } from "@sluice/gateway/LimitRules"
import * as Allowance from "@sluice/gateway/Limits"
import * as LimitStoreMemory from "@sluice/gateway/LimitStoreMemory"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { Effect, Layer, Redacted, Schedule } from "effect"
import { HttpServer } from "effect/http"
import { createServer } from "node:http"
import * as FourProviders from "../end-to-end/FourProviders.ts"

const robot = { id: "robot", limits: { rates: [perMinute("requests", 2)] } }

const executors = Layer.unwrap(Effect.map(SimulatorServer, ({ url }) => FourProviders.executors(url, {})))

const gateway = CompletionClient.layer.pipe(
  Layer.provideMerge(HttpGateway.serve(executors, { dialects: FourProviders.dialects, models: FourProviders.prefixes })),
  Layer.provideMerge(Allowance.layer().pipe(Layer.provide(LimitStoreMemory.layer))),
  Layer.provideMerge(Layer.mergeAll(
    NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: "1 second" }),
    Simulator.layerServer(),
    LedgerMemory.layer,
    ApiKeys.layerKeys([{ key: Redacted.make("sk-robot"), principal: robot }])
  )),
  Layer.orDie
)

const hello = { turns: [{ role: "user" as const, parts: [{ type: "text" as const, text: "Hello" }] }] }

const overHttp = Effect.gen(function*() {
  const { address } = yield* HttpServer.HttpServer
  const url = `http://127.0.0.1:${address._tag === "UnixPathAddress" ? 0 : address.port}/v1/chat/completions`
  const body = JSON.stringify({ model: "openai/sim-text", messages: [{ role: "user", content: "Hello" }] })
  const headers = { authorization: "Bearer sk-robot", "content-type": "application/json" }
  return yield* Effect.promise(() => fetch(url, { method: "POST", headers, body }).then(({ status }) => status))
})

const inProcess = CompletionClient.CompletionClient.use(({ completionModel }) => completionModel("openai/sim-text", { as: robot }).generate(hello))

layer(gateway, { excludeTestServices: true })("a gateway asked over HTTP and within the process", (it) => {
  it.effect("counts both against one limit, and records both", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* overHttp, 200)
      assert.isNotEmpty((yield* inProcess).choices)
      assert.strictEqual((yield* Effect.flip(inProcess)).failure.class, "rate-limited")
      assert.strictEqual(yield* overHttp, 429)
      const rows = yield* Ledger.use(({ query }) => query({ limit: 10, principal: "robot" })).pipe(
        Effect.repeat({
          schedule: Schedule.spaced("5 millis"),
          until: (found) => found.length === 4 && found.every(({ status }) => status !== "open"),
          times: 500
        })
      )
      assert.sameMembers(rows.map(({ inbound, outcome }) => `${inbound} ${outcome}`), [
        "openai-chat Completed",
        "canonical Completed",
        "canonical Denied(limits)",
        "openai-chat Denied(limits)"
      ])
    }))

  it.effect("asks the parts that are the current ones", () =>
    Effect.gen(function*() {
      const { replace } = yield* Generations
      const url = yield* Effect.map(SimulatorServer, (server) => server.url)
      yield* replace(FourProviders.executors(url, {}), { models: [{ id: "renamed", targets: [{ provider: ProviderId.make("openai"), model: "sim-text" }] }] })
      const asking = (model: string) => CompletionClient.CompletionClient.use(({ completionModel }) => completionModel(model).generate(hello))
      assert.isNotEmpty((yield* asking("renamed")).choices)
      assert.strictEqual((yield* Effect.flip(asking("openai/sim-text"))).failure.class, "model-not-found")
    }))
})
