import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { createHash, createPublicKey, verify } from "node:crypto"
import { IdentityProvider } from "../src/IdentityProvider.ts"

type Body = { readonly [name: string]: unknown }

const jsonOf = (text: string): Body => JSON.parse(text)

const post = (path: string, form: { readonly [name: string]: string }, headers: { readonly [name: string]: string } = {}) =>
  Effect.map(IdentityProvider, ({ clientId, handle }) => {
    const body = new URLSearchParams({ client_id: clientId, ...form }).toString()
    const reply = handle({ method: "POST", path, query: "", headers, body })
    return { status: reply.status, body: jsonOf(reply.body) }
  })

const text = (value: unknown): string => typeof value === "string" ? value : ""

const challengeOf = (verifier: string) => createHash("sha256").update(verifier).digest("base64url")

const authorize = (parameters: { readonly [name: string]: string } = {}) =>
  Effect.map(IdentityProvider, ({ clientId, endpoints, visit }) => {
    const url = new URL(endpoints.authorization)
    const all = {
      response_type: "code",
      client_id: clientId,
      redirect_uri: "http://127.0.0.1/callback",
      state: "s",
      scope: "openid",
      code_challenge: challengeOf("v"),
      code_challenge_method: "S256",
      ...parameters
    }
    for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
    return new URL(visit(url.href) ?? "").searchParams
  })

const redeem = (code: string, verifier = "v", redirect = "http://127.0.0.1/callback") =>
  post("/token", { grant_type: "authorization_code", code, code_verifier: verifier, redirect_uri: redirect })

const refresh = (token: unknown) => post("/token", { grant_type: "refresh_token", refresh_token: text(token) })

describe("tokens of the identity provider", () => {
  it.live("are signed by a key of the set that discovery leads to, over a socket", () =>
    Effect.gen(function*() {
      const { endpoints, issuer, mint, rotateKeys } = yield* IdentityProvider
      const get = (url: string) => Effect.promise(() => fetch(url).then((reply) => reply.json() as Promise<Body>))
      const found = yield* get(endpoints.configuration)
      assert.strictEqual(found["issuer"], issuer)
      const keysOf = Effect.map(get(text(found["jwks_uri"])), ({ keys }) => Array.isArray(keys) ? keys : [])
      for (const algorithm of ["ES256", "RS256"] as const) {
        const token = mint({ sub: "ada", aud: "x" }, { algorithm })
        const [head = "", claims = "", signature = ""] = token.split(".")
        const header = jsonOf(Buffer.from(head, "base64url").toString())
        const jwk = (yield* keysOf).find(({ kid }) => kid === header["kid"])
        const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" as const }
        assert.isTrue(verify("sha256", Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url")))
        assert.deepInclude(jsonOf(Buffer.from(claims, "base64url").toString()), { iss: issuer, sub: "ada", aud: "x" })
      }
      rotateKeys()
      assert.lengthOf(yield* keysOf, 4)
      rotateKeys({ keepOld: false })
      assert.lengthOf(yield* keysOf, 2)
    }).pipe(Effect.provide(IdentityProvider.layerServer({ algorithms: ["ES256", "RS256"] }))))

  it.effect("can be wrong in what they say and who signed them", () =>
    Effect.gen(function*() {
      const { mint } = yield* IdentityProvider
      const headOf = (token: string) => jsonOf(Buffer.from(token.split(".")[0] ?? "", "base64url").toString())
      assert.strictEqual(headOf(mint({}, { algorithm: "none" }))["alg"], "none")
      assert.isTrue(mint({}, { algorithm: "none" }).endsWith("."))
      assert.strictEqual(headOf(mint({}, { algorithm: "HS256" }))["alg"], "HS256")
      assert.strictEqual(headOf(mint({}))["kid"], headOf(mint({}, { stranger: true }))["kid"])
      assert.notProperty(headOf(mint({}, { keyId: null })), "kid")
    }).pipe(Effect.provide(IdentityProvider.layer())))
})

describe("the device flow of the identity provider", () => {
  it.effect("waits for the person, asks for patience, and gives tokens once", () =>
    Effect.gen(function*() {
      const { decideDevice, isValid } = yield* IdentityProvider
      const { body: begun } = yield* post("/device", { scope: "openid" })
      const poll = post("/token", { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: text(begun["device_code"]) })
      assert.strictEqual((yield* poll).body["error"], "authorization_pending")
      assert.strictEqual((yield* poll).body["error"], "slow_down")
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* poll).body["error"], "slow_down")
      yield* TestClock.adjust("15 seconds")
      assert.isTrue(decideDevice(text(begun["user_code"])))
      const { body } = yield* poll
      assert.isTrue(isValid(text(body["access_token"])))
      assert.isString(body["id_token"])
      yield* TestClock.adjust("1 hour")
      assert.isFalse(isValid(text(body["access_token"])))
      assert.strictEqual((yield* poll).body["error"], "invalid_grant")
    }).pipe(Effect.provide(IdentityProvider.layer())))

  it.effect("ends with a refusal, and with time", () =>
    Effect.gen(function*() {
      const { decideDevice } = yield* IdentityProvider
      const begin = Effect.map(post("/device", {}), ({ body }) => ({ user: text(body["user_code"]), device: text(body["device_code"]) }))
      const errorOf = (code: string) =>
        Effect.map(post("/token", { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: code }), ({ body }) => body["error"])
      const first = yield* begin
      decideDevice(first.user, "denied")
      assert.strictEqual(yield* errorOf(first.device), "access_denied")
      const second = yield* begin
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(yield* errorOf(second.device), "expired_token")
    }).pipe(Effect.provide(IdentityProvider.layer())))
})

describe("codes of the identity provider", () => {
  it.effect("are redeemed once, by whoever has the verifier", () =>
    Effect.gen(function*() {
      const { isValid } = yield* IdentityProvider
      const codeOf = Effect.map(authorize(), (back) => back.get("code") ?? "")
      assert.strictEqual((yield* redeem(yield* codeOf, "other")).body["error"], "invalid_grant")
      assert.strictEqual((yield* redeem(yield* codeOf, "v", "http://127.0.0.1/other")).body["error"], "invalid_grant")
      const code = yield* codeOf
      const { body } = yield* redeem(code)
      assert.isTrue(isValid(text(body["access_token"])))
      assert.strictEqual((yield* redeem(code)).body["error"], "invalid_grant")
      assert.isFalse(isValid(text(body["access_token"])), "a code that is used twice ends the login")
    }).pipe(Effect.provide(IdentityProvider.layer())))

  it.effect("are not given without a challenge, nor where the person refuses", () =>
    Effect.gen(function*() {
      const { decide } = yield* IdentityProvider
      assert.strictEqual((yield* authorize({ code_challenge_method: "plain" })).get("error"), "invalid_request")
      decide("denied")
      assert.strictEqual((yield* authorize()).get("error"), "access_denied")
    }).pipe(Effect.provide(IdentityProvider.layer())))
})

describe("refresh tokens of the identity provider", () => {
  it.effect("rotate, and the use of an old one ends the login", () =>
    Effect.gen(function*() {
      const { isValid } = yield* IdentityProvider
      const { body: first } = yield* redeem((yield* authorize()).get("code") ?? "")
      const { body: second } = yield* refresh(first["refresh_token"])
      assert.notStrictEqual(second["refresh_token"], first["refresh_token"])
      assert.isTrue(isValid(text(second["access_token"])))
      assert.strictEqual((yield* refresh(first["refresh_token"])).body["error"], "invalid_grant")
      assert.strictEqual((yield* refresh(second["refresh_token"])).body["error"], "invalid_grant")
      assert.isFalse(isValid(text(second["access_token"])))
    }).pipe(Effect.provide(IdentityProvider.layer())))

  it.effect("meet the scripted faults, in order", () =>
    Effect.gen(function*() {
      const { log, script } = yield* IdentityProvider
      const { body } = yield* redeem((yield* authorize()).get("code") ?? "")
      script("unavailable", "invalid_grant")
      assert.strictEqual((yield* refresh(body["refresh_token"])).status, 503)
      assert.strictEqual((yield* refresh(body["refresh_token"])).body["error"], "invalid_grant")
      assert.strictEqual((yield* refresh(body["refresh_token"])).status, 200)
      assert.deepStrictEqual(log().slice(-3).map(({ error, status }) => [status, error]), [[503, "temporarily_unavailable"], [400, "invalid_grant"], [
        200,
        undefined
      ]])
    }).pipe(Effect.provide(IdentityProvider.layer())))
})

it.effect("a client has to prove itself where it is asked to", () =>
  Effect.gen(function*() {
    const { body } = yield* refresh("x")
    assert.strictEqual(body["error"], "invalid_client")
    const basic = `Basic ${Buffer.from("sluice-test:idp-client-secret").toString("base64")}`
    const { body: known } = yield* post("/token", { grant_type: "refresh_token", refresh_token: "x" }, { authorization: basic })
    assert.strictEqual(known["error"], "invalid_grant")
  }).pipe(Effect.provide(IdentityProvider.layer({ authentication: "basic" }))))
