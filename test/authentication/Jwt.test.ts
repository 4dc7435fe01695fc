/** Callers known by the tokens of an identity provider: what a token must be, whose word its claims are, and how keys are asked for. */
import { assert, describe, it } from "@effect/vitest"
import * as Authenticator from "@sluice/gateway/Authenticator"
import * as Jwt from "@sluice/gateway/authenticators/Jwt"
import * as ByteSource from "@sluice/gateway/ByteSource"
import type { Principal } from "@sluice/gateway/Principal"
import { UpstreamClient } from "@sluice/gateway/UpstreamClient"
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Money from "@sluice/protocol/Money"
import { IdentityProvider, type MintOptions } from "@sluice/testing/IdentityProvider"
import { Clock, Effect, Layer, Option, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { generateKeyPairSync, sign } from "node:crypto"

/** The way out to the identity provider, which can be cut. */
const wire = () => {
  const state = { isCut: false, answer: undefined as string | undefined, asked: 0 }
  const layer = Layer.effect(
    UpstreamClient,
    Effect.map(IdentityProvider, ({ handle }) => ({
      open: ({ url }) =>
        Effect.suspend(() => {
          state.asked += 1
          if (state.isCut) return fail({ class: "transient", message: "cut" })
          const { body, headers, status } = handle({ method: "GET", path: url.pathname, query: "", headers: {}, body: "" })
          return Effect.succeed({ status, headers, body: ByteSource.fromChunks([Buffer.from(state.answer ?? body)]) })
        })
    }))
  )
  return { state, layer }
}

const make = Effect.fnUntraced(function*(options: Partial<Jwt.Options> = {}) {
  const { layer, state } = wire()
  const { issuer, mint, rotateKeys } = yield* IdentityProvider
  const schemes = Layer.merge(
    Jwt.schemeNoDeps({ issuer, audience: "sluice", id: "sso", ...options }).pipe(Layer.provide(layer)),
    Authenticator.scheme({
      id: "last",
      priority: -1,
      authenticate: ({ secret }) => Effect.succeed(secret === undefined || secret.startsWith("nobody") ? Option.none() : Option.some({ id: "next" }))
    })
  )
  const services = yield* Layer.build(Authenticator.chain(schemes))
  const { authenticate } = yield* Effect.provide(Authenticator.Authenticator, services)
  const as = (secret: string): Effect.Effect<Principal, GatewayError> => authenticate({ method: "POST", path: "/", headers: {}, secret })
  const claims = { sub: "ada", aud: "sluice" }
  return {
    as,
    state,
    issuer,
    rotateKeys,
    token: (more: { readonly [name: string]: unknown } = {}, options?: MintOptions) => mint({ ...claims, ...more }, options),
    code: (secret: string) => Effect.map(Effect.flip(as(secret)), ({ failure }) => `${failure.class} ${failure.code}`)
  }
})

const seconds = (clock: number) => Math.floor(clock / 1000)
const test = <A, E>(name: string, body: () => Effect.Effect<A, E, IdentityProvider | Scope.Scope>) =>
  it.effect(name, () => Effect.provide(body(), IdentityProvider.layer({ algorithms: ["ES256"] })))

describe("a token", () => {
  test("of the issuer, for this gateway, in time, signed by a key of its set, is its subject", () =>
    Effect.gen(function*() {
      const { as, token } = yield* make()
      assert.deepStrictEqual(yield* as(token()), { id: "sso:ada" })
      assert.deepStrictEqual(yield* as(token({ aud: ["other", "sluice"] })), { id: "sso:ada" })
    }))

  test("of another issuer, and what is no token, is for the next scheme", () =>
    Effect.gen(function*() {
      const { as, state, token } = yield* make()
      for (const other of [token({ iss: "https://other.example" }), "sk-key", "a.b.c", "..", `${"x".repeat(20_000)}.y.z`]) {
        assert.deepStrictEqual(yield* as(other), { id: "next" }, other.slice(0, 40))
      }
      // Nobody is asked for keys because a stranger sent something
      assert.strictEqual(state.asked, 0)
    }))

  test("for another audience, without one, or without an end is refused", () =>
    Effect.gen(function*() {
      const { code, token } = yield* make()
      for (const wrong of [{ aud: "other" }, { aud: undefined }, { aud: ["x", "y"] }, { exp: undefined }]) {
        assert.strictEqual(yield* code(token(wrong)), "unauthenticated invalid_token", JSON.stringify(wrong))
      }
    }))

  test("that nobody signed, or that was signed with the public key as a shared secret, is refused", () =>
    Effect.gen(function*() {
      const { code, token } = yield* make()
      assert.strictEqual(yield* code(token({}, { algorithm: "none" })), "unauthenticated invalid_token")
      assert.strictEqual(yield* code(token({}, { algorithm: "HS256" })), "unauthenticated invalid_token")
    }))

  test("with an algorithm that is not on the list is refused though its signature holds", () =>
    Effect.gen(function*() {
      const { code, token } = yield* make({ algorithms: ["RS256"] })
      assert.strictEqual(yield* code(token()), "unauthenticated invalid_token")
    }))

  test("that brings or names a key of its own is judged by the issuer's all the same", () =>
    Effect.gen(function*() {
      const { as, code, state, token } = yield* make({ jwksUrl: "http://identity.test/jwks" })
      yield* as(token())
      const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
      const [head = "", claims = ""] = token().split(".")
      const { kid }: { readonly kid: string } = JSON.parse(Buffer.from(head, "base64url").toString())
      const jwk = publicKey.export({ format: "jwk" })
      for (const more of [{ jwk }, { jwk, kid }, { jku: "http://evil.example/jwks", kid }, { crit: ["exp"], exp: 1, kid }, { kid: "../../etc/passwd" }]) {
        const signed = `${part({ alg: "ES256", typ: "JWT", ...more })}.${claims}`
        const forged = `${signed}.${sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`
        assert.strictEqual(yield* code(forged), "unauthenticated invalid_token", JSON.stringify(more))
      }
      assert.strictEqual(state.asked, 1)
    }))

  test("that does not say which key has signed it is tried with those there are", () =>
    Effect.gen(function*() {
      const { as, code, rotateKeys, token } = yield* make()
      rotateKeys()
      rotateKeys()
      assert.deepStrictEqual(yield* as(token({}, { keyId: null })), { id: "sso:ada" })
      assert.strictEqual(yield* code(token({}, { keyId: null, stranger: true })), "unauthenticated invalid_token")
      assert.strictEqual(yield* code(token({ aud: "other" }, { keyId: null })), "unauthenticated invalid_token")
    }))

  test("that was found to hold is remembered to its end, and no longer than its keys are the issuer's", () =>
    Effect.gen(function*() {
      const { as, code, rotateKeys, token } = yield* make({ clockTolerance: "10 seconds", keysFreshFor: "10 minutes" })
      const short = token({ exp: 60 })
      const long = token({ exp: 90_000 })
      yield* Effect.all([as(short), as(long), as(short), as(long)])
      yield* TestClock.adjust("69 seconds")
      yield* as(short)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* code(short), "unauthenticated expired_token")
      rotateKeys({ keepOld: false })
      yield* as(long)
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(yield* code(long), "unauthenticated invalid_token")
    }))

  test("whose claims were changed after it was signed is refused", () =>
    Effect.gen(function*() {
      const { code, token } = yield* make()
      const [head = "", , signature = ""] = token().split(".")
      const [, claims = ""] = token({ sub: "eve" }).split(".")
      assert.strictEqual(yield* code(`${head}.${claims}.${signature}`), "unauthenticated invalid_token")
    }))

  test("ends with its time, and not before its time begins, give or take the tolerance", () =>
    Effect.gen(function*() {
      const { as, code, token } = yield* make({ clockTolerance: "30 seconds" })
      yield* TestClock.adjust("1 hour")
      const now = seconds(yield* Clock.currentTimeMillis)
      const short = token({ exp: now + 60 })
      const early = token({ nbf: now + 60, exp: now + 600 })
      assert.deepStrictEqual(yield* as(short), { id: "sso:ada" })
      assert.strictEqual(yield* code(early), "unauthenticated invalid_token")
      yield* TestClock.adjust("80 seconds")
      assert.deepStrictEqual([yield* as(short), yield* as(early)], [{ id: "sso:ada" }, { id: "sso:ada" }])
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual(yield* code(short), "unauthenticated expired_token")
    }))
})

describe("the keys of an issuer", () => {
  test("are found by its discovery document, or where the configuration says, and asked for once", () =>
    Effect.gen(function*() {
      const found = yield* make()
      yield* Effect.all(Array.from({ length: 20 }, () => found.as(found.token())), { concurrency: "unbounded" })
      assert.strictEqual(found.state.asked, 2)
      const said = yield* make({ jwksUrl: "http://identity.test/jwks" })
      yield* Effect.all(Array.from({ length: 20 }, () => said.as(said.token())), { concurrency: "unbounded" })
      assert.strictEqual(said.state.asked, 1)
    }))

  test("are asked for again when a token names a new one", () =>
    Effect.gen(function*() {
      const { as, rotateKeys, state, token } = yield* make({ jwksUrl: "http://identity.test/jwks" })
      const before = token()
      yield* as(before)
      yield* TestClock.adjust("1 minute")
      rotateKeys()
      assert.deepStrictEqual(yield* as(token()), { id: "sso:ada" })
      assert.deepStrictEqual(yield* as(before), { id: "sso:ada" })
      assert.strictEqual(state.asked, 2)
    }))

  test("that the issuer took back are not trusted longer than they are fresh", () =>
    Effect.gen(function*() {
      const { as, code, rotateKeys, token } = yield* make({ keysFreshFor: "10 minutes" })
      const before = token({ exp: 90_000 })
      yield* as(before)
      rotateKeys({ keepOld: false })
      yield* TestClock.adjust("11 minutes")
      assert.strictEqual(yield* code(before), "unauthenticated invalid_token")
    }))

  test("are not asked for by a storm of tokens with keys nobody knows, but once per cooldown", () =>
    Effect.gen(function*() {
      const { as, code, state, token } = yield* make({ jwksUrl: "http://identity.test/jwks", keysCooldown: "30 seconds" })
      yield* as(token())
      const [, claims = "", signature = ""] = token().split(".")
      const forged = (kid: number) => `${Buffer.from(JSON.stringify({ alg: "ES256", kid: `k${kid}` })).toString("base64url")}.${claims}.${signature}`
      const storm = Effect.forEach(Array.from({ length: 100 }, (_, kid) => forged(kid)), code, { concurrency: "unbounded" })
      assert.deepStrictEqual([...new Set(yield* storm)], ["unauthenticated invalid_token"])
      assert.strictEqual(state.asked, 1)
      yield* TestClock.adjust("31 seconds")
      yield* storm
      assert.strictEqual(state.asked, 2)
      // Whoever is known is let in meanwhile
      assert.deepStrictEqual(yield* as(token()), { id: "sso:ada" })
    }))

  test("that cannot be had let nobody in, and are asked for again after the cooldown", () =>
    Effect.gen(function*() {
      const { as, code, state, token } = yield* make()
      state.isCut = true
      const broken = Effect.all(Array.from({ length: 20 }, () => code(token())), { concurrency: "unbounded" })
      assert.deepStrictEqual([...new Set(yield* broken)], ["unavailable authentication_unavailable"])
      assert.strictEqual(state.asked, 1)
      state.isCut = false
      assert.strictEqual(yield* code(token()), "unavailable authentication_unavailable")
      yield* TestClock.adjust("31 seconds")
      assert.deepStrictEqual(yield* as(token()), { id: "sso:ada" })
    }))

  test("that cannot be renewed are used for a while, and then nobody is let in", () =>
    Effect.gen(function*() {
      const { as, code, state, token } = yield* make({ keysFreshFor: "10 minutes", keysKeptFor: "1 hour" })
      const long = token({ exp: 90_000 })
      yield* as(long)
      state.isCut = true
      yield* TestClock.adjust("59 minutes")
      assert.deepStrictEqual(yield* as(long), { id: "sso:ada" })
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* code(long), "unavailable authentication_unavailable")
    }))

  for (
    const [what, answer] of [
      ["of another issuer", JSON.stringify({ issuer: "https://other.example", jwks_uri: "http://identity.test/jwks" })],
      ["without an address", JSON.stringify({ issuer: "http://identity.test" })],
      ["that is no JSON", "<html>"],
      ["that is too large", JSON.stringify({ issuer: "http://identity.test", more: "x".repeat(300_000) })]
    ] as const
  ) {
    test(`are not had by a discovery document ${what}`, () =>
      Effect.gen(function*() {
        const { code, state, token } = yield* make()
        state.answer = answer
        assert.strictEqual(yield* code(token()), "unavailable authentication_unavailable")
      }))
  }
})

describe("the claims of a token", () => {
  const claims: Jwt.ClaimNames = {
    tenant: "org.id",
    team: "https://example.com/team",
    roles: "realm_access.roles",
    models: "models",
    priority: "urgency",
    limits: "limits",
    attributes: { mail: "email", seats: "seats", groups: "groups" }
  }

  test("say who it is, by the mapping: paths, names with dots, lists and words", () =>
    Effect.gen(function*() {
      const { as, token } = yield* make({ claims, prefix: "" })
      const told = {
        org: { id: "acme" },
        "https://example.com/team": "core",
        realm_access: { roles: ["admin", "dev"] },
        models: "gpt-* claude-*",
        urgency: "batch",
        limits: { requestsPerMinute: 5, concurrency: 2, budgets: [{ usd: "1.50", period: "day" }] },
        email: "ada@example.com",
        seats: 3,
        groups: ["a", "b"]
      }
      const principal = yield* as(token(told))
      const { limits, ...rest } = principal
      assert.deepStrictEqual(rest, {
        id: "ada",
        tenant: "acme",
        team: "core",
        roles: ["admin", "dev"],
        models: ["gpt-*", "claude-*"],
        priority: "batch",
        attributes: { mail: "ada@example.com", seats: "3", groups: "a b" }
      })
      assert.deepStrictEqual([limits?.rates, limits?.concurrency], [[{ kind: "requests", limit: 5, windowMs: 60_000 }], 2])
      assert.deepStrictEqual(limits?.budgets?.map(({ limit, period }) => [Money.toDecimal(limit), period]), [["1.5", "day"]])
      // What limits a principal hangs on its object: another token of the same person is the same one
      assert.strictEqual(yield* as(token({ ...told, jti: "2" })), principal)
      assert.notStrictEqual(yield* as(token({ ...told, urgency: "agent" })), principal)
    }))

  test("that are absent say nothing, but for models: then it may use none", () =>
    Effect.gen(function*() {
      const { as, token } = yield* make({ claims })
      assert.deepStrictEqual(yield* as(token()), { id: "sso:ada", models: [] })
    }))

  test("that say something else than they should refuse the token", () =>
    Effect.gen(function*() {
      const { as, code, token } = yield* make({ claims })
      const wrong = [
        { sub: undefined },
        { sub: "" },
        { sub: "a\nb" },
        { sub: "x".repeat(300) },
        { org: { id: 7 } },
        { urgency: "now" },
        { models: { all: true } },
        { limits: { requestsPerMinute: -1 } },
        { limits: { budgets: [{ usd: "much", period: "day" }] } },
        { email: { deep: true } },
        { realm_access: { roles: [1] } }
      ]
      for (const each of wrong) assert.strictEqual(yield* code(token({ models: "x", ...each })), "unauthenticated invalid_token", JSON.stringify(each))
      assert.deepInclude(yield* as(token({ models: "x" })), { id: "sso:ada" })
    }))
})
