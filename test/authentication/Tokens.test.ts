/** Tokens of an identity provider at a served gateway: an official client sends one as its key, and nothing of it is seen anywhere. */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import * as Authenticator from "@sluice/gateway/Authenticator"
import * as Jwt from "@sluice/gateway/authenticators/Jwt"
import * as HttpGateway from "@sluice/gateway/HttpGateway"
import { Ledger } from "@sluice/gateway/Ledger"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import { IdentityProvider } from "@sluice/testing/IdentityProvider"
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { Context, Effect, Layer, Logger, References } from "effect"
import { HttpServer } from "effect/http"
import { createServer } from "node:http"
import OpenAI from "openai"
import * as FourProviders from "../end-to-end/FourProviders.ts"

class Served extends Context.Service<Served, { readonly url: string; readonly ledger: Ledger["Service"] }>()("test/Tokens/Served") {}

const lines: Array<string> = []
const log = Layer.mergeAll(
  Logger.layer([Logger.make(({ cause, message }) => void lines.push(`${JSON.stringify(message)} ${String(cause)}`))]),
  Layer.succeed(References.MinimumLogLevel, "Trace")
)

/** An issuer whose keys nobody gives. */
const nowhere = "http://127.0.0.1:1"

const authenticator = Layer.unwrap(Effect.map(IdentityProvider, ({ issuer }) =>
  Authenticator.chain(Layer.merge(
    Jwt.scheme({ id: "sso", issuer, audience: "sluice", keysCooldown: 0, claims: { tenant: "org", models: "models" } }),
    Jwt.scheme({ id: "gone", issuer: nowhere, audience: "sluice" })
  ))))

const gateway = Layer.effect(
  Served,
  Effect.gen(function*() {
    const { address } = yield* HttpServer.HttpServer
    return { url: `http://127.0.0.1:${address._tag === "UnixPathAddress" ? 0 : address.port}`, ledger: yield* Ledger }
  })
).pipe(
  Layer.provide(HttpGateway.serve(Layer.unwrap(Effect.map(SimulatorServer, ({ url }) => FourProviders.executors(url, {}))), {
    dialects: FourProviders.dialects,
    models: FourProviders.prefixes
  })),
  Layer.provide([NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: "1 second" }), LedgerMemory.layer, authenticator]),
  Layer.provideMerge(Layer.mergeAll(Simulator.layerServer(), IdentityProvider.layerServer())),
  Layer.provide(log),
  Layer.orDie
)

const ask = (apiKey: string, model = "openai/sim-text") =>
  Effect.flatMap(Served, ({ url }) =>
    Effect.promise(() =>
      new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 }).chat.completions
        .create({ model, messages: [{ role: "user", content: "Hello" }] })
        .then(({ choices }) => choices[0]?.message.content ?? "", (error: unknown) => error)
    ))

layer(gateway, { excludeTestServices: true })("a token as the key of an official client", (it) => {
  it.effect("lets its subject in, with the tenant and the models it says, also after the keys were changed", () =>
    Effect.gen(function*() {
      const { mint, rotateKeys } = yield* IdentityProvider
      const { ledger } = yield* Served
      const claims = { sub: "ada", aud: "sluice", org: "acme", models: "openai/sim-*" }
      assert.include(yield* ask(mint(claims)), "Hello")
      rotateKeys()
      assert.include(yield* ask(mint(claims)), "Hello")
      assert.instanceOf(yield* ask(mint(claims), "anthropic/sim-text"), OpenAI.PermissionDeniedError)
      const [row] = yield* ledger.query({ limit: 1, principal: "sso:ada", model: "openai/sim-text" })
      assert.deepInclude(row, { principal: "sso:ada", tenant: "acme" })
    }))

  it.effect("is refused when it does not hold, and is nowhere to be read afterwards: not in errors, logs or the record", () =>
    Effect.gen(function*() {
      const { mint } = yield* IdentityProvider
      const { ledger } = yield* Served
      const held = mint({ sub: "eve", aud: "sluice", models: "*" })
      const wrong = [
        mint({ sub: "eve", aud: "other" }),
        mint({ sub: "eve", aud: "sluice" }, { expiresIn: -600 }),
        mint({ sub: "eve", aud: "sluice" }, { algorithm: "none" }),
        mint({ sub: "eve", aud: "sluice" }, { stranger: true }),
        mint({ sub: 7, aud: "sluice" })
      ]
      const errors: Array<string> = []
      for (const token of wrong) {
        const error = yield* ask(token)
        assert.instanceOf(error, OpenAI.AuthenticationError)
        errors.push(String(error))
      }
      yield* ask(held)
      const undecided = mint({ sub: "eve", aud: "sluice", iss: nowhere })
      assert.instanceOf(yield* ask(undecided), OpenAI.InternalServerError)
      // What is searched below is what was really written
      assert.match(lines.join("\n"), /could not be judged/)
      const everything = [...errors, ...lines, JSON.stringify(yield* ledger.query({ limit: 100 }))].join("\n")
      for (const token of [held, undecided, ...wrong]) {
        for (const piece of token.split(".").filter((part) => part !== "")) assert.notInclude(everything, piece)
      }
    }))
})
