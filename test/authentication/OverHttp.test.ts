/** What an authentication scheme of one's own sees of a call over HTTP, and who sees what it found out. */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import * as Authenticator from "@sluice/gateway/Authenticator"
import * as ByteSource from "@sluice/gateway/ByteSource"
import * as HttpExecutor from "@sluice/gateway/HttpExecutor"
import * as HttpGateway from "@sluice/gateway/HttpGateway"
import * as Interceptor from "@sluice/gateway/Interceptor"
import { Ledger } from "@sluice/gateway/Ledger"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { defaults } from "@sluice/gateway/Timeouts"
import { OpenAiChat } from "@sluice/openai"
import * as CanonicalDialect from "@sluice/protocol/CanonicalDialect"
import { fail } from "@sluice/protocol/GatewayError"
import { Context, Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { createHmac } from "node:crypto"
import { createServer } from "node:http"
import { gzipSync } from "node:zlib"

const signature = (body: string | Uint8Array) => createHmac("sha256", "shared").update(body).digest("hex")

const reads: Array<number> = []
const presented: Array<Authenticator.Presented> = []
const told: Array<string | undefined> = []

/** Knows callers by a signature of what they send. */
const signed = Authenticator.scheme({
  id: "signed",
  authenticate: Effect.fnUntraced(function*(given) {
    presented.push(given)
    const body = given.body === undefined ? new Uint8Array() : yield* given.body
    // The same again: nothing is read twice
    if (given.body !== undefined) reads.push((yield* given.body).length)
    return given.headers["x-signature"] === signature(body)
      ? yield* Effect.succeedSome({ id: "signer", attributes: { desk: "4" } })
      : yield* fail({ class: "unauthenticated", message: "The signature is not that of the body.", code: "invalid_signature" })
  })
})

/** Answers with what it was asked, without a socket. */
const echo = HttpExecutor.install({
  id: ProviderId.make("echo"),
  dialect: CanonicalDialect.dialect,
  limits: defaults,
  retries: 0,
  open: ({ body }) => {
    const { turns }: { readonly turns: ReadonlyArray<{ readonly parts: ReadonlyArray<{ readonly text: string }> }> } = JSON.parse(String(body))
    const text = turns[0]?.parts[0]?.text ?? ""
    const events = [
      { type: "start", id: "e1" },
      { type: "block-start", choice: 0, index: 0, kind: "text" },
      { type: "text-delta", choice: 0, index: 0, text },
      { type: "block-end", choice: 0, index: 0 },
      { type: "finish", choice: 0, reason: "stop" },
      { type: "end" }
    ]
    return Effect.succeed({
      status: 200,
      headers: { "content-type": "application/json" },
      body: ByteSource.fromChunks([Buffer.from(JSON.stringify({ events }))])
    })
  }
})

const watching = Interceptor.layer({
  id: "watching",
  request: (request, { principal }) => Effect.as(Effect.sync(() => void told.push(principal.attributes?.["desk"])), request)
})

class Served extends Context.Service<Served, { readonly url: string; readonly ledger: Ledger["Service"] }>()("test/Served") {}

const gateway = Layer.effect(
  Served,
  Effect.gen(function*() {
    const { address } = yield* HttpServer.HttpServer
    return { url: `http://127.0.0.1:${address._tag === "UnixPathAddress" ? 0 : address.port}`, ledger: yield* Ledger }
  })
).pipe(
  Layer.provide(HttpGateway.serve(Layer.merge(echo, watching), { dialects: [OpenAiChat.dialect], settings: { bodyLimitBytes: 1000 } })),
  Layer.provide([
    NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: "1 second" }),
    LedgerMemory.layer,
    Authenticator.chain(signed)
  ])
)

const bodyOf = (content: string) => JSON.stringify({ model: "any", messages: [{ role: "user", content }] })

const post = (body: string | Uint8Array, headers: { readonly [name: string]: string }) =>
  Effect.flatMap(
    Served,
    ({ url }) =>
      Effect.promise(() =>
        fetch(`${url}/v1/chat/completions?trace=1`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: Buffer.from(body) })
          .then(async (reply) => ({ status: reply.status, body: await reply.json() as Reply }))
      )
  )

interface Reply {
  readonly error?: { readonly code: string }
  readonly choices?: ReadonlyArray<{ readonly message: { readonly content: string } }>
}

layer(gateway, { excludeTestServices: true })("a scheme of one's own", (it) => {
  it.effect("judges the body, which the gateway then reads as it was; what it found reaches interceptors", () =>
    Effect.gen(function*() {
      const body = bodyOf("Hello")
      const reply = yield* post(body, { "x-signature": signature(body) })
      assert.deepStrictEqual([reply.status, reply.body.choices?.[0]?.message.content], [200, "Hello"])
      assert.deepStrictEqual([reads.at(-1), told.at(-1)], [body.length, "4"])
      assert.deepInclude(presented.at(-1), { method: "POST", path: "/v1/chat/completions?trace=1" })
      assert.match(presented.at(-1)?.address ?? "", /127\.0\.0\.1$/)
    }))

  it.effect("judges what was compressed as it was before", () =>
    Effect.gen(function*() {
      const body = bodyOf("Packed")
      const reply = yield* post(gzipSync(body), { "x-signature": signature(body), "content-encoding": "gzip" })
      assert.deepStrictEqual([reply.status, reply.body.choices?.[0]?.message.content], [200, "Packed"])
    }))

  it.effect("refuses a body that is not what was signed, in the client's own protocol, and nothing is recorded", () =>
    Effect.gen(function*() {
      const { ledger } = yield* Served
      const before = (yield* ledger.query({ limit: 100 })).length
      const reply = yield* post(bodyOf("Changed"), { "x-signature": signature(bodyOf("Hello")) })
      assert.deepStrictEqual([reply.status, reply.body.error?.code], [401, "invalid_signature"])
      assert.lengthOf(yield* ledger.query({ limit: 100 }), before)
    }))

  it.effect("reads no more of a body than the gateway would", () =>
    Effect.gen(function*() {
      const large = bodyOf("x".repeat(2000))
      for (const [body, headers] of [[large, {}], [gzipSync(large), { "content-encoding": "gzip" }]] as const) {
        const reply = yield* post(body, { "x-signature": signature(large), ...headers })
        assert.strictEqual(reply.status, 413)
      }
    }))
})
