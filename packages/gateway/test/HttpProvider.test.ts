import { assert, it } from "@effect/vitest"
import type { Dialect, Endpoint } from "@sluice/protocol/Dialect"
import { statusOf } from "@sluice/protocol/GatewayError"
import { DialectId } from "@sluice/protocol/Wire"
import { Effect, Redacted, Result } from "effect"
import { describe } from "vitest"
import * as Credential from "../src/Credential.ts"
import type { AttemptRequest } from "../src/Executor.ts"
import * as HttpProvider from "../src/httpExecutor/HttpProvider.ts"
import * as Target from "../src/httpExecutor/Target.ts"
import { ProviderId } from "../src/ProviderId.ts"
import * as UndiciClient from "../src/UndiciClient.ts"
import { UpstreamClient } from "../src/UpstreamClient.ts"
import * as LocalServer from "./LocalServer.ts"

const inBody = (key: string) => ({ in: "body", key }) as const
const inPath = { in: "path" } as const
const endpoint = (rest: Partial<Endpoint>): Endpoint => ({
  operation: "generate",
  method: "POST",
  path: "/v1/messages",
  upstream: "/v1/messages",
  model: inBody("model"),
  stream: inBody("stream"),
  ...rest
})

const notUsed = (): never => assert.fail("a codec was used")

/** A dialect of which only the data matter here. */
const dialectWith = (endpoints: ReadonlyArray<Endpoint>, rest: Partial<Dialect> = {}): Dialect => ({
  id: DialectId.make("example"),
  baseUrl: "https://api.example.com",
  framing: "sse",
  endpoints,
  credential: { header: "X-Api-Key", prefix: "", accepts: [] },
  headers: { forwarded: ["x-beta"], fixed: { "x-version": "2023" }, reply: [] },
  request: { decode: notUsed, encode: notUsed, check: notUsed },
  response: { decode: notUsed, encode: notUsed },
  events: { decoder: { start: notUsed }, encoder: { start: notUsed } },
  errors: { decode: notUsed, encode: notUsed },
  models: { list: notUsed, one: notUsed },
  bytes: { deltaLength: notUsed, askUsage: undefined, hideUsage: undefined, terminal: [] },
  ...rest
})

const pathDialect = dialectWith([
  endpoint({ upstream: "/v1beta/models/{model}:generateContent", model: inPath, stream: inPath }),
  endpoint({ upstream: "/v1beta/models/{model}:streamGenerateContent?alt=sse", model: inPath, stream: { in: "path", is: true } }),
  endpoint({ operation: "count", upstream: "/v1beta/models/{model}:countTokens", model: inPath }),
  endpoint({ operation: "models", method: "GET", upstream: "/v1beta/models" }),
  endpoint({ operation: "models", method: "GET", upstream: "/v1beta/models/{model}", model: inPath })
])

const keyed = (secret: string): Credential.Credential => Credential.key({ id: "k", provider: "acme", key: Redacted.make(secret) })
const credential = keyed("sk-upstream")
const attempt = (rest: Partial<AttemptRequest> = {}): AttemptRequest => ({
  operation: "generate",
  model: "m",
  stream: false,
  body: "{}",
  headers: {},
  credential,
  ...rest
})
const options = (rest: Partial<Target.TargetOptions> = {}): Target.TargetOptions => ({
  id: ProviderId.make("acme"),
  dialect: dialectWith([endpoint({})]),
  baseUrl: new URL("https://api.example.com"),
  credentials: Credential.fixed([credential]),
  ...rest
})
const built = (target: Partial<Target.TargetOptions> = {}, request: Partial<AttemptRequest> = {}) =>
  Target.compile(options(target)).attempt(attempt(request), 5_000)
const requestOf = (target: Partial<Target.TargetOptions> = {}, request: Partial<AttemptRequest> = {}) => Result.getOrThrow(built(target, request))
const urlOf = (target: Partial<Target.TargetOptions> = {}, request: Partial<AttemptRequest> = {}) => requestOf(target, request).url.href

describe("the URL", () => {
  const joins: ReadonlyArray<readonly [string, string]> = [
    ["https://api.example.com", "https://api.example.com/v1/messages"],
    ["https://api.example.com/", "https://api.example.com/v1/messages"],
    ["https://api.example.com:8443/base", "https://api.example.com:8443/base/v1/messages"],
    ["https://api.example.com/base//", "https://api.example.com/base/v1/messages"],
    ["http://[::1]:9/a%2Fb", "http://[::1]:9/a%2Fb/v1/messages"],
    ["https://api.example.com/base?api-version=1&flag", "https://api.example.com/base/v1/messages?api-version=1&flag="],
    ["https://user:password@api.example.com/#part", "https://api.example.com/v1/messages"]
  ]
  it.each(joins)("joins %s and the path of the endpoint to %s", (base, href) => {
    assert.strictEqual(urlOf({ baseUrl: new URL(base) }), href)
  })

  it("joins an endpoint without a leading slash as well", () => {
    assert.strictEqual(
      urlOf({ dialect: dialectWith([endpoint({ upstream: "chat/completions" })]), baseUrl: new URL("https://a.example/v1") }),
      "https://a.example/v1/chat/completions"
    )
  })

  it("adds configured parameters, in place of ones of the same name", () => {
    const query = { "api-version": Redacted.make("2 0"), key: "a&b" }
    assert.strictEqual(
      urlOf({ baseUrl: new URL("https://a.example/?api-version=1&x=y"), query }),
      "https://a.example/v1/messages?api-version=2+0&x=y&key=a%26b"
    )
  })

  const names: ReadonlyArray<readonly [string, string]> = [
    ["gemini-2.5-pro", "gemini-2.5-pro"],
    ["org/model:1", "org%2Fmodel%3A1"],
    ["a?b#c%2F", "a%3Fb%23c%252F"],
    ["$&-{model}", "%24%26-%7Bmodel%7D"],
    ["\ud800", "%EF%BF%BD"]
  ]
  it.each(names)("puts the model %j into the path as one segment", (model, segment) => {
    assert.strictEqual(urlOf({ dialect: pathDialect }, { model }), `https://api.example.com/v1beta/models/${segment}:generateContent`)
  })

  it.each([".", ".."])("refuses the model %j, which would climb to another path", (model) => {
    const refused = built({ dialect: pathDialect }, { operation: "models", model })
    assert.strictEqual(Result.isFailure(refused) && refused.failure.class, "model-not-found")
  })

  it("takes the streaming endpoint, with its own query, where the path tells streaming", () => {
    assert.strictEqual(
      urlOf({ dialect: pathDialect, query: { key: "k" } }, { stream: true }),
      "https://api.example.com/v1beta/models/m:streamGenerateContent?alt=sse&key=k"
    )
  })

  it("takes the endpoint of the operation, and for models the list without a name", () => {
    assert.strictEqual(urlOf({ dialect: pathDialect }, { operation: "count" }), "https://api.example.com/v1beta/models/m:countTokens")
    assert.strictEqual(urlOf({ dialect: pathDialect }, { operation: "models", model: "" }), "https://api.example.com/v1beta/models")
    assert.strictEqual(urlOf({ dialect: pathDialect }, { operation: "models" }), "https://api.example.com/v1beta/models/m")
  })

  it("refuses an operation the protocol has no endpoint for", () => {
    const refused = built({}, { operation: "count" })
    assert.strictEqual(Result.isFailure(refused) && refused.failure.class, "unsupported-crossing")
  })
})

describe("the head", () => {
  it("holds what is allowed and nothing else", () => {
    const { body, connectTimeoutMs, headers, method } = requestOf({}, {
      headers: { "x-beta": "b1", authorization: "Bearer caller", cookie: "c", "x-api-key": "caller", host: "evil", "content-length": "9" }
    })
    assert.deepStrictEqual(headers, {
      "user-agent": "sluice",
      accept: "application/json",
      "x-version": "2023",
      "content-type": "application/json",
      "x-beta": "b1",
      "accept-encoding": "identity",
      "x-api-key": "sk-upstream"
    })
    assert.deepStrictEqual([method, body, connectTimeoutMs], ["POST", "{}", 5_000])
  })

  it("asks for events where it streams and the protocol has them", () => {
    assert.strictEqual(requestOf({}, { stream: true }).headers["accept"], "text/event-stream")
    const array = dialectWith([endpoint({})], { framing: "json-array" })
    assert.strictEqual(requestOf({ dialect: array }, { stream: true }).headers["accept"], "application/json")
  })

  it("lets the client's protocol headers replace the dialect's, and the configured ones replace both", () => {
    const headers = { "x-version": "2024", "x-beta": "b1" }
    assert.strictEqual(requestOf({}, { headers }).headers["x-version"], "2024")
    const configured = requestOf({ headers: { "X-Beta": Redacted.make("b2"), "User-Agent": "mine", "Accept-Encoding": "gzip", "X-API-KEY": "other" } }, {
      headers
    })
    assert.strictEqual(configured.headers["x-beta"], "b2")
    assert.strictEqual(configured.headers["user-agent"], "mine")
    assert.strictEqual(configured.headers["accept-encoding"], "identity")
    assert.strictEqual(configured.headers["x-api-key"], "sk-upstream")
  })

  it("puts the prefix of the protocol before the credential", () => {
    const bearer = dialectWith([endpoint({})], { credential: { header: "authorization", prefix: "Bearer ", accepts: [] } })
    assert.strictEqual(requestOf({ dialect: bearer }, { credential: keyed(" sk-1\n") }).headers["authorization"], "Bearer sk-1")
  })

  it("sends no credential to a provider that takes none", () => {
    const { credentials: _, ...anonymous } = options()
    assert.notProperty(Result.getOrThrow(Target.compile(anonymous).attempt(attempt(), 5_000)).headers, "x-api-key")
    assert.notProperty(requestOf({}, { credential: { ...credential, kind: "none" } }).headers, "x-api-key")
  })

  it("sends a login's token as a bearer token, with the headers of its kind, and keeps the client's beta flags", () => {
    const login: Credential.Credential = {
      ...credential,
      kind: "oauth",
      headers: () => ({ "X-Beta": "login", "x-version": Redacted.make("9") })
    }
    const { headers } = requestOf({}, { credential: login, headers: { "x-beta": "b1, login" } })
    assert.strictEqual(headers["authorization"], "Bearer sk-upstream")
    assert.notProperty(headers, "x-api-key")
    assert.strictEqual(headers["x-beta"], "b1,login")
    assert.strictEqual(headers["x-version"], "9")
  })

  it("reads the secret for each attempt, so that a refreshed one is sent at once", () => {
    let secret = "old"
    const target = Target.compile(options())
    const changing: Credential.Credential = { ...credential, secret: () => Redacted.make(secret) }
    const sent = () => Result.getOrThrow(target.attempt(attempt({ credential: changing }), 5_000)).headers["x-api-key"]
    assert.strictEqual(sent(), "old")
    secret = "new"
    assert.strictEqual(sent(), "new")
  })

  it("has neither body nor content type in a GET", () => {
    const request = requestOf({ dialect: pathDialect }, { operation: "models" })
    assert.strictEqual(request.method, "GET")
    assert.isUndefined(request.body)
    assert.notProperty(request.headers, "content-type")
  })
})

describe("make", () => {
  const open = (rest: Partial<Target.TargetOptions>) =>
    Effect.flatMap(UpstreamClient, (client) => HttpProvider.make({ ...options(rest), client }).open(attempt({ body: "{\"a\":1}" })))

  it("fills in the documented limits", () => {
    const executor = HttpProvider.make({ ...options(), client: { open: notUsed }, limits: { idleMs: 1 } })
    assert.deepStrictEqual(executor.limits, { connectMs: 5_000, firstEventMs: 120_000, idleMs: 1, totalMs: 1_800_000 })
    assert.deepStrictEqual([executor.id, executor.retries], ["acme", 1])
    assert.deepStrictEqual(executor.credentials?.(), [credential])
  })

  it.effect.each([undefined, Redacted.make(""), Redacted.make("  ")])(
    "fails before connecting when the key is missing, naming the provider and what to set",
    (secret) =>
      Effect.gen(function*() {
        const executor = HttpProvider.make({ ...options(), client: { open: notUsed } })
        const { failure } = yield* Effect.flip(executor.open(attempt({ credential: { ...credential, secret: () => secret } })))
        assert.strictEqual(failure.class, "misconfigured")
        assert.strictEqual(statusOf(failure), 500)
        assert.include(failure.message, "\"acme\"")
        assert.include(failure.message, "apiKey")
        assert.isAtLeast(statusOf(failure), 500)
      }).pipe(Effect.scoped)
  )

  it.effect("sends the request over a socket", () =>
    Effect.gen(function*() {
      const server = yield* LocalServer.http(async (request, response) => {
        const body = Buffer.concat(await request.toArray()).toString()
        response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }))
      })
      const reply = yield* open({ baseUrl: new URL("/base?x=1", LocalServer.baseUrl(server)) })
      const chunks: Array<Uint8Array> = []
      while (reply.body.ended() === undefined) {
        yield* reply.body.await
        chunks.push(...reply.body.take())
      }
      const seen = JSON.parse(Buffer.concat(chunks).toString())
      assert.deepStrictEqual(seen, {
        method: "POST",
        url: "/base/v1/messages?x=1",
        headers: {
          host: LocalServer.baseUrl(server).host,
          connection: "keep-alive",
          "user-agent": "sluice",
          accept: "application/json",
          "x-version": "2023",
          "content-type": "application/json",
          "accept-encoding": "identity",
          "x-api-key": "sk-upstream",
          "content-length": "7"
        },
        body: "{\"a\":1}"
      })
    }).pipe(Effect.scoped, Effect.provide(UndiciClient.layer())))
})
