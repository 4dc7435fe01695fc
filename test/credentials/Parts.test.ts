/** A gateway of one's own whose credentials are a part that was registered, as plug-ins register theirs. */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import * as ApiKeys from "@sluice/gateway/ApiKeys"
import * as CredentialProvider from "@sluice/gateway/credentials/CredentialProvider"
import { Credentials, layer as pools } from "@sluice/gateway/credentials/Credentials"
import * as CredentialStoreMemory from "@sluice/gateway/credentials/CredentialStoreMemory"
import * as Material from "@sluice/gateway/credentials/Material"
import * as HttpExecutor from "@sluice/gateway/HttpExecutor"
import * as HttpGateway from "@sluice/gateway/HttpGateway"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { OpenAiChat } from "@sluice/openai"
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { Effect, Layer, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { createServer } from "node:http"

let inVault = "first"

const vault = CredentialProvider.layer({
  provider: "vendor",
  id: "vault",
  from: CredentialProvider.make({ source: "vault", kind: "key", reloadEveryMs: 3_600_000, load: Effect.sync(() => Material.key(Redacted.make(inVault))) })
})

const vendor = Layer.unwrap(Effect.gen(function*() {
  const credentials = yield* Credentials
  const { url } = yield* SimulatorServer
  return HttpExecutor.layer({ id: "vendor", dialect: OpenAiChat.dialect, baseUrl: `${url}/v1`, credentials: credentials.pool("vendor") })
}))

const gateway = HttpGateway.serve(Layer.merge(vendor, vault), {
  dialects: [OpenAiChat.dialect],
  models: [{ id: "*", targets: [{ provider: ProviderId.make("vendor") }] }]
})
  .pipe(
    Layer.provideMerge(pools({ seal: Effect.fail({ message: "nothing is stored here" }) })),
    Layer.provideMerge(Layer.mergeAll(
      NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: "1 second" }),
      Simulator.layerServer({ accepts: (secret) => secret === inVault }),
      CredentialStoreMemory.layer,
      LedgerMemory.layer,
      ApiKeys.layerOpen
    ))
  )

it.live("is asked with what they give, and with what they give next when that is refused", () =>
  Effect.gen(function*() {
    const { address } = yield* HttpServer.HttpServer
    const port = address._tag === "UnixPathAddress" ? 0 : address.port
    const ask = Effect.promise(() =>
      fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "sim-text", messages: [{ role: "user", content: "Hello" }] })
      }).then((reply) => reply.status)
    )
    assert.strictEqual(yield* ask, 200)
    inVault = "second"
    assert.strictEqual(yield* ask, 200)
    const { log } = yield* SimulatorServer
    assert.deepStrictEqual((yield* log).map(({ headers, status }) => [headers["authorization"], status]), [
      ["Bearer first", 200],
      ["Bearer first", 401],
      ["Bearer second", 200]
    ])
    assert.deepInclude((yield* Credentials).status()[0], { provider: "vendor", id: "vault", source: "vault", state: "ok" })
  }).pipe(Effect.provide(gateway)))
