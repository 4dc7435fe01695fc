/** The section `auth` of a configuration, from its text to who is let in: the order of schemes, exclusive ones, and mode `jwt`. */
import { assert, layer } from "@effect/vitest"
import { Authenticator } from "@sluice/gateway/Authenticator"
import { IdentityProvider } from "@sluice/testing/IdentityProvider"
import { Effect, Layer } from "effect"
import * as Authentication from "../../apps/server/src/Authentication.ts"
import { parse } from "../../apps/server/src/Config.ts"

const file = (auth: string) => `
auth: ${auth}
ledger: { url: "sqlite::memory:" }
providers:
  - { id: a, dialect: openai-chat, baseUrl: "https://a.example" }
models:
  - { id: m, targets: [{ provider: a }] }
keys:
  - { id: mine, key: sk-mine }
`

const make = Effect.fnUntraced(function*(auth: (issuer: string) => string) {
  const { issuer, mint } = yield* IdentityProvider
  const config = yield* Effect.fromResult(parse(file(auth(issuer)), {}))
  const services = yield* Layer.build(Authentication.layer(config))
  const { authenticate } = yield* Effect.provide(Authenticator, services)
  const id = (secret: string | undefined, headers: { readonly [name: string]: string } = {}) =>
    authenticate({ method: "POST", path: "/", headers, secret, address: "127.0.0.1" }).pipe(
      Effect.map(({ id }) => id),
      Effect.catch(({ failure }) => Effect.succeed(failure.code))
    )
  const token = mint({ sub: "ada", aud: "sluice", groups: ["dev"] })
  return { id, token, authenticate }
})

layer(IdentityProvider.layerServer(), { excludeTestServices: true })("the section auth", (it) => {
  it.effect("knows keys, tokens and the headers of a proxy, and nobody else", () =>
    Effect.gen(function*() {
      const { id, token } = yield* make((issuer) =>
        `{ jwt: [{ id: sso, issuer: "${issuer}", audience: sluice }], headers: { from: ["127.0.0.1"], id: X-User } }`
      )
      assert.strictEqual(yield* id("sk-mine", { "x-user": "bob" }), "mine")
      assert.strictEqual(yield* id(token, { "x-user": "bob" }), "sso:ada")
      assert.strictEqual(yield* id(undefined, { "x-user": "bob" }), "headers:bob")
      assert.strictEqual(yield* id("sk-other"), "invalid_api_key")
      assert.strictEqual(yield* id(undefined), "missing_api_key")
    }))

  it.effect("takes no keys in mode jwt", () =>
    Effect.gen(function*() {
      const { id, token } = yield* make((issuer) => `{ mode: jwt, jwt: [{ id: sso, issuer: "${issuer}", audience: [other, sluice] }] }`)
      assert.strictEqual(yield* id(token), "sso:ada")
      assert.strictEqual(yield* id("sk-mine"), "invalid_api_key")
    }))

  it.effect("asks only what is exclusive", () =>
    Effect.gen(function*() {
      const { id, token } = yield* make((issuer) =>
        `{ exclusive: headers, jwt: [{ issuer: "${issuer}", audience: sluice }], headers: { from: ["127.0.0.0/8"], id: x-user } }`
      )
      assert.strictEqual(yield* id("sk-mine"), "invalid_api_key")
      assert.strictEqual(yield* id(token), "invalid_api_key")
      assert.strictEqual(yield* id("sk-mine", { "x-user": "bob" }), "headers:bob")
    }))

  it.effect("maps claims", () =>
    Effect.gen(function*() {
      const { authenticate, token } = yield* make((issuer) =>
        `{ jwt: [{ id: sso, issuer: "${issuer}", audience: sluice, claims: { roles: groups, attributes: { who: sub } } }] }`
      )
      const principal = yield* authenticate({ method: "POST", path: "/", headers: {}, secret: token })
      assert.deepStrictEqual(principal, { id: "sso:ada", roles: ["dev"], attributes: { who: "ada" } })
    }))
})
