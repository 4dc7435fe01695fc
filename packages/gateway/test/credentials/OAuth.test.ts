import { assert, describe, it } from "@effect/vitest"
import { IdentityProvider, type Options } from "@sluice/testing/IdentityProvider"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import type { CallbackParameters, CredentialProvider, LoginProgress, StartedLogin } from "../../src/credentials/CredentialProvider.ts"
import { type Material, secretOf } from "../../src/credentials/Material.ts"
import type * as OAuth from "../../src/credentials/OAuth.ts"
import * as IdentityClient from "./IdentityClient.ts"

const at = (options: Options = {}) => IdentityClient.layer.pipe(Layer.provideMerge(IdentityProvider.layer(options)))

const back = (login: StartedLogin) =>
  Effect.map(IdentityProvider, ({ visit }): CallbackParameters => Object.fromEntries(new URL(visit(login.url) ?? "").searchParams))

const materialOf = (progress: LoginProgress): Material => {
  if (progress._tag !== "Success") throw new Error(`no success but ${JSON.stringify(progress)}`)
  return progress.material
}

const codeOf = (progress: LoginProgress) => progress._tag === "Error" ? progress.code : progress._tag

const logIn = (from: CredentialProvider) =>
  Effect.gen(function*() {
    const login = yield* from.startLogin("pkce", {})
    return materialOf(yield* from.pollLogin(login, yield* back(login)))
  })

const isValid = (material: Material) => Effect.map(IdentityProvider, ({ isValid }) => isValid(Redacted.value(secretOf(material))))

describe("a login by device code", () => {
  const begin = (options: Partial<OAuth.Options> = {}) =>
    Effect.gen(function*() {
      const from = yield* IdentityClient.oauth(options)
      const login = yield* from.startLogin("device", {})
      return { login, poll: from.pollLogin(login) }
    })

  it.effect("shows a page and a code, waits, and ends with tokens", () =>
    Effect.gen(function*() {
      const { decideDevice, issuer } = yield* IdentityProvider
      const { login, poll } = yield* begin()
      assert.match(login.userCode ?? "", /^[A-Z]{4}-[A-Z]{4}$/)
      assert.strictEqual(login.url, `${issuer}/activate?user_code=${login.userCode}`)
      assert.deepInclude(login, { expiresAt: 600_000, pollEveryMs: 5000 })
      assert.deepStrictEqual(yield* poll, { _tag: "Pending", pollEveryMs: 5000 })
      yield* TestClock.adjust("5 seconds")
      decideDevice(login.userCode ?? "")
      const material = materialOf(yield* poll)
      assert.deepInclude(material, { _tag: "OAuth", account: "ada@example.test", issuedAt: 5000, expiresAt: 3_605_000, scope: "openid api" })
      assert.isTrue(yield* isValid(material))
    }).pipe(Effect.provide(at())))

  it.effect("is asked for more seldom when the provider says so", () =>
    Effect.gen(function*() {
      const { poll } = yield* begin()
      yield* poll
      assert.deepStrictEqual(yield* poll, { _tag: "Pending", pollEveryMs: 10_000 })
    }).pipe(Effect.provide(at())))

  it.effect("ends when the person refuses", () =>
    Effect.gen(function*() {
      const { decideDevice } = yield* IdentityProvider
      const { login, poll } = yield* begin()
      decideDevice(login.userCode ?? "", "denied")
      assert.strictEqual(codeOf(yield* poll), "access_denied")
    }).pipe(Effect.provide(at())))

  it.effect("ends with the code's time", () =>
    Effect.gen(function*() {
      const { poll } = yield* begin()
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(codeOf(yield* poll), "expired_token")
    }).pipe(Effect.provide(at())))

  it.effect("is no way where there is no address for it", () =>
    Effect.gen(function*() {
      const { clientId, endpoints } = yield* IdentityProvider
      const from = yield* IdentityClient.oauth()
      assert.deepStrictEqual(from.logins, ["device", "pkce"])
      const other = yield* IdentityClient.oauth({ clientId: `${clientId}-other`, deviceUrl: endpoints.device })
      const refused = yield* Effect.flip(other.startLogin("device", {}))
      assert.deepInclude(refused.reason, { _tag: "ForGood", code: "invalid_client" })
    }).pipe(Effect.provide(at())))
})

describe("a login by PKCE", () => {
  it.effect("sends the browser with a challenge of S256, and redeems what it brings back", () =>
    Effect.gen(function*() {
      const from = yield* IdentityClient.oauth({ parameters: { audience: "models" } })
      const login = yield* from.startLogin("pkce", {})
      const asked = Object.fromEntries(new URL(login.url).searchParams)
      assert.deepInclude(asked, { response_type: "code", code_challenge_method: "S256", audience: "models", scope: "openid api", state: login.state })
      assert.match(asked["code_challenge"] ?? "", /^[\w-]{43}$/)
      assert.deepStrictEqual(yield* from.pollLogin(login), { _tag: "Pending", pollEveryMs: 1000 })
      assert.isTrue(yield* isValid(materialOf(yield* from.pollLogin(login, yield* back(login)))))
    }).pipe(Effect.provide(at())))

  it.effect("refuses another state without asking anybody", () =>
    Effect.gen(function*() {
      const { log } = yield* IdentityProvider
      const from = yield* IdentityClient.oauth()
      const login = yield* from.startLogin("pkce", {})
      const other = yield* from.startLogin("pkce", {})
      const asked = log().length
      assert.strictEqual(codeOf(yield* from.pollLogin(login, { ...(yield* back(login)), state: other.state })), "wrong_state")
      assert.strictEqual(codeOf(yield* from.pollLogin(login, { code: "x" })), "wrong_state")
      assert.strictEqual(log().length, asked + 1, "only the browser asked")
    }).pipe(Effect.provide(at())))

  it.effect("is refused with another verifier", () =>
    Effect.gen(function*() {
      const from = yield* IdentityClient.oauth()
      const login = yield* from.startLogin("pkce", {})
      const other = yield* from.startLogin("pkce", {})
      const stolen = yield* back(login)
      assert.strictEqual(codeOf(yield* from.pollLogin(other, { ...stolen, state: other.state })), "invalid_grant")
    }).pipe(Effect.provide(at())))

  it.effect("is over when a code is replayed", () =>
    Effect.gen(function*() {
      const from = yield* IdentityClient.oauth()
      const login = yield* from.startLogin("pkce", {})
      const brought = yield* back(login)
      const material = materialOf(yield* from.pollLogin(login, brought))
      assert.strictEqual(codeOf(yield* from.pollLogin(login, brought)), "invalid_grant")
      assert.isFalse(yield* isValid(material))
    }).pipe(Effect.provide(at())))

  it.effect("ends when the person refuses, and when the provider does not answer", () =>
    Effect.gen(function*() {
      const { decide, script } = yield* IdentityProvider
      const from = yield* IdentityClient.oauth()
      const lost = yield* from.startLogin("pkce", {})
      script("lost")
      assert.strictEqual(codeOf(yield* from.pollLogin(lost, yield* back(lost))), "not_redeemed")
      decide("denied")
      const login = yield* from.startLogin("pkce", {})
      assert.strictEqual(codeOf(yield* from.pollLogin(login, yield* back(login))), "access_denied")
      assert.strictEqual(codeOf(yield* from.pollLogin(login, { state: login.state, error: "<script>" })), "refused")
      assert.strictEqual(codeOf(yield* from.pollLogin(login, { state: login.state })), "no_code")
    }).pipe(Effect.provide(at())))
})

describe("a refresh", () => {
  const refreshed = (from: CredentialProvider, material: Material) => from.refresh === undefined ? Effect.die("cannot refresh") : from.refresh(material)

  it.effect("gives new tokens, and keeps what the provider does not repeat", () =>
    Effect.gen(function*() {
      const from = yield* IdentityClient.oauth({ scopes: ["api"], account: ["nothing"] })
      const before = yield* logIn(from)
      yield* TestClock.adjust("30 minutes")
      const after = yield* refreshed(from, before._tag === "Key" ? before : { ...before, account: "named before" })
      assert.deepInclude(after, { account: "named before", scope: "api", expiresAt: 5_400_000 })
      assert.isTrue(yield* isValid(after))
      assert.notStrictEqual(Redacted.value(secretOf(after)), Redacted.value(secretOf(before)))
    }).pipe(Effect.provide(at())))

  const cases = [
    ["invalid_grant", "ForGood"],
    ["invalid_client", "ForGood"],
    ["unavailable", "Temporary"],
    ["broken", "Temporary"],
    ["rate-limited", "Temporary"],
    ["garbled", "Temporary"],
    ["lost", "Temporary"]
  ] as const
  it.effect.each(cases)("that meets %s fails: %s", ([fault, level]) =>
    Effect.gen(function*() {
      const { script } = yield* IdentityProvider
      const from = yield* IdentityClient.oauth()
      const material = yield* logIn(from)
      script(fault)
      const { reason } = yield* Effect.flip(refreshed(from, material))
      assert.strictEqual(reason._tag, level)
      if (fault === "rate-limited") assert.deepInclude(reason, { retryAfterMs: 7000 })
    }).pipe(Effect.provide(at())))

  it.effect("that is not answered ends in time", () =>
    Effect.gen(function*() {
      const { script } = yield* IdentityProvider
      const from = yield* IdentityClient.oauth()
      const material = yield* logIn(from)
      script("hang")
      const asked = yield* Effect.forkChild(Effect.flip(refreshed(from, material)), { startImmediately: true })
      yield* Effect.promise(() => new Promise((resolve) => void setImmediate(resolve)))
      yield* TestClock.adjust("30 seconds")
      const { message } = yield* Fiber.join(asked)
      assert.match(message, /did not answer within 30 seconds/)
    }).pipe(Effect.provide(at())))

  it.effect("tells nothing of what the provider wrote", () =>
    Effect.gen(function*() {
      const { script } = yield* IdentityProvider
      const from = yield* IdentityClient.oauth()
      const material = yield* logIn(from)
      script("echo", "echo-code", "echo-busy")
      for (let n = 0; n < 3; n++) {
        const error = yield* Effect.flip(refreshed(from, material))
        assert.notInclude(`${error.message} ${JSON.stringify(error)} ${error.stack}`, "idp-")
      }
    }).pipe(Effect.provide(at())))
})

describe("a client", () => {
  for (const authentication of ["basic", "post"] as const) {
    it.effect(`proves itself by ${authentication}`, () =>
      Effect.gen(function*() {
        const { clientSecret, log } = yield* IdentityProvider
        yield* logIn(yield* IdentityClient.oauth({ clientSecret: Redacted.make(clientSecret), authentication }))
        const last = log().at(-1)
        assert.strictEqual(last?.status, 200)
        assert.strictEqual(last?.parameters["client_secret"], authentication === "post" ? clientSecret : undefined)
        assert.strictEqual(last?.headers["authorization"] === undefined, authentication === "post")
      }).pipe(Effect.provide(at({ authentication }))))
  }

  it.effect("sends the headers its provider wants", () =>
    Effect.gen(function*() {
      const material = yield* logIn(yield* IdentityClient.oauth({ tokenHeaders: { "X-Beta": Redacted.make("on") } }))
      assert.isTrue(yield* isValid(material))
    }).pipe(Effect.provide(at({ requiredHeaders: { "x-beta": "on" } }))))
})
