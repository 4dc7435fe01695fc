import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Authenticator from "../../src/Authenticator.ts"
import * as Headers from "../../src/authenticators/Headers.ts"

const names: Headers.HeaderNames = { id: "x-user", tenant: "x-org", roles: "X-Groups", attributes: { mail: "x-mail" } }

const make = Effect.fnUntraced(function*(options: Partial<Headers.Options> = {}) {
  const from = ["10.0.0.0/8", "192.168.1.7", "fd00::/8", "::1"]
  const services = yield* Layer.build(Authenticator.chain(Headers.scheme({ from, names, ...options })))
  const { authenticate } = yield* Effect.provide(Authenticator.Authenticator, services)
  const as = (address: string | undefined, headers: { readonly [name: string]: string }) =>
    authenticate({ method: "POST", path: "/", headers, secret: undefined, ...(address === undefined ? {} : { address }) })
  const code = (address: string | undefined, headers: { readonly [name: string]: string }) =>
    Effect.map(Effect.flip(as(address, headers)), ({ failure }) => `${failure.class} ${failure.code}`)
  return { as, code }
})

describe("headers of a proxy", () => {
  it.effect("are believed from a listed address or network, however the address is written", () =>
    Effect.gen(function*() {
      const { as } = yield* make()
      for (const address of ["10.1.2.3", "192.168.1.7", "::ffff:10.0.0.1", "fd12::1", "::1", "fd12::1%eth0"]) {
        assert.deepStrictEqual(yield* as(address, { "x-user": "ada" }), { id: "headers:ada" }, address)
      }
    }))

  it.effect("mean nothing from anywhere else, whatever they say of where they come from", () =>
    Effect.gen(function*() {
      const { code } = yield* make()
      const spoofed = { "x-user": "ada", "x-forwarded-for": "10.1.2.3", "forwarded": "for=10.1.2.3", "x-real-ip": "10.1.2.3" }
      for (const address of ["11.0.0.1", "192.168.1.8", "::ffff:11.0.0.1", "fe80::1", "not an address", "", undefined]) {
        assert.strictEqual(yield* code(address, spoofed), "unauthenticated missing_api_key", address)
      }
    }))

  it.effect("say who it is: tenant, roles and attributes as they are named", () =>
    Effect.gen(function*() {
      const { as } = yield* make({ prefix: "" })
      const principal = yield* as("::1", { "x-user": "ada", "x-org": "acme", "x-groups": "dev, admin,", "x-mail": "a@example.com", "x-other": "no" })
      assert.deepStrictEqual(principal, { id: "ada", tenant: "acme", roles: ["dev", "admin"], attributes: { mail: "a@example.com" } })
      assert.strictEqual(yield* as("::1", { "x-user": "ada", "x-org": "acme", "x-groups": "dev, admin,", "x-mail": "a@example.com" }), principal)
    }))

  it.effect("that were added to those of a client and not put in their place refuse the call", () =>
    Effect.gen(function*() {
      const { code } = yield* make()
      assert.strictEqual(yield* code("::1", { "x-user": "root, ada" }), "unauthenticated invalid_proxy_header")
      assert.strictEqual(yield* code("::1", { "x-user": "ada", "x-org": "other, acme" }), "unauthenticated invalid_proxy_header")
      assert.strictEqual(yield* code("::1", { "x-user": "  " }), "unauthenticated missing_api_key")
    }))

  it.effect("allow no model where they should name some and do not", () =>
    Effect.gen(function*() {
      const { as } = yield* make({ names: { id: "x-user", models: "x-models" } })
      assert.deepStrictEqual((yield* as("::1", { "x-user": "ada" })).models, [])
      assert.deepStrictEqual((yield* as("::1", { "x-user": "ada", "x-models": "gpt-*,x" })).models, ["gpt-*", "x"])
    }))

  it.effect("of an address that is none stop the gateway from being built", () =>
    Effect.gen(function*() {
      for (const wrong of ["example.com", "10.0.0.0/64", "10.0.0", ""]) {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(Authenticator.chain(Headers.scheme({ from: [wrong], names })))))
        assert.include(error.message, `"${wrong}"`)
      }
    }))
})
