/** What is handed on to a provider as it is: through a whole gateway, between real sockets. */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { AnthropicMessages } from "@sluice/anthropic"
import * as ApiKeys from "@sluice/gateway/ApiKeys"
import * as Extension from "@sluice/gateway/Extension"
import * as HttpExecutor from "@sluice/gateway/HttpExecutor"
import * as HttpGateway from "@sluice/gateway/HttpGateway"
import { type Entry, Ledger } from "@sluice/gateway/Ledger"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import * as LimitRules from "@sluice/gateway/LimitRules"
import * as Limits from "@sluice/gateway/Limits"
import * as LimitStoreMemory from "@sluice/gateway/LimitStoreMemory"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { OpenAiChat } from "@sluice/openai"
import * as Money from "@sluice/protocol/Money"
import { Context, Effect, Layer, Option, Redacted, Schedule } from "effect"
import { HttpServer } from "effect/http"
import { createServer, type IncomingHttpHeaders } from "node:http"

interface Seen {
  readonly line: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  isAborted: boolean
}

class Upstream extends Context.Service<Upstream, { readonly url: string; readonly seen: Array<Seen> }>()("test/passthrough/Upstream") {}

const upstream = Layer.effect(
  Upstream,
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly seen: Array<Seen>; readonly close: () => void }>((resume) => {
      const seen: Array<Seen> = []
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
          const entry: Seen = { line: `${request.method} ${request.url}`, headers: request.headers, body: Buffer.concat(chunks), isAborted: false }
          seen.push(entry)
          response.on("close", () => entry.isAborted = !response.writableEnded)
          const path = request.url ?? ""
          if (path.includes("/missing")) {
            response.writeHead(404, { "content-type": "application/json" }).end(`{"error":{"message":"No such file","type":"invalid_request_error"}}`)
          } else if (path.includes("/events")) {
            response.writeHead(200, { "content-type": "text/event-stream" }).write("data: one\n\n")
          } else if (path.includes("/cut")) {
            response.writeHead(200, { "content-type": "application/json" }).write("{")
            setTimeout(() => response.destroy(), 50)
          } else {response.writeHead(200, {
              "content-type": request.headers["content-type"] ?? "application/json",
              "x-request-id": "up-1",
              "set-cookie": "a=b"
            }).end(entry.body)}
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" ? address?.port : undefined
        const close = (): void => {
          server.closeAllConnections()
          server.close()
        }
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, seen, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )
)

const executors = Layer.unwrap(Effect.map(Upstream, ({ url }) =>
  Layer.mergeAll(
    HttpExecutor.layer({ id: "openai", dialect: OpenAiChat.dialect, baseUrl: `${url}/v1`, credentials: Redacted.make("upstream-key"), passthrough: true }),
    HttpExecutor.layer({ id: "anthropic", dialect: AnthropicMessages.dialect, baseUrl: url, credentials: Redacted.make("upstream-key"), passthrough: true }),
    HttpExecutor.layer({ id: "closed", dialect: OpenAiChat.dialect, baseUrl: `${url}/v1`, credentials: Redacted.make("upstream-key") })
  )))

const heard: Array<string> = []

const listening = Extension.layer({
  id: "listening",
  onAttempt: ({ error, provider }, { operation }) => Effect.sync(() => void heard.push(`${operation} ${provider} ${error?.status ?? "fine"}`))
})

const key = (name: string, principal: object = {}) => ({ key: Redacted.make(`sk-${name}`), principal: { id: name, ...principal } })

const keys = ApiKeys.layerKeys([
  key("all"),
  key("rows"),
  key("some", { models: ["fast"] }),
  key("two", { limits: { rates: [LimitRules.perMinute("requests", 2)] } }),
  key("words", { limits: { rates: [LimitRules.perMinute("tokens", 100)] } }),
  key("poor", { limits: { budgets: [{ limit: Option.getOrThrow(Money.fromDecimal("10")), period: "total" }] } })
])

class Served
  extends Context.Service<Served, { readonly url: string; readonly seen: Array<Seen>; readonly ledger: Ledger["Service"] }>()("test/passthrough/Served")
{}

const served = Layer.effect(
  Served,
  Effect.gen(function*() {
    const { address } = yield* HttpServer.HttpServer
    return { url: `http://127.0.0.1:${address._tag === "UnixPathAddress" ? 0 : address.port}`, seen: (yield* Upstream).seen, ledger: yield* Ledger }
  })
).pipe(
  Layer.provide(HttpGateway.serve(Layer.merge(executors, listening), { dialects: [OpenAiChat.dialect, AnthropicMessages.dialect] })),
  Layer.provide(Limits.layer().pipe(Layer.provide(LimitStoreMemory.layer))),
  Layer.provide([
    NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: "1 second" }),
    upstream,
    LedgerMemory.layer,
    keys
  ]),
  Layer.orDie
)

const ask = (method: string, path: string, init: RequestInit = {}, name = "all") =>
  Effect.flatMap(Served, ({ url }) =>
    Effect.promise(async () => {
      const response = await fetch(`${url}${path}`, { method, ...init, headers: { authorization: `Bearer sk-${name}`, ...init.headers } })
      return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) }
    }))

const rows = (principal: string, count: number): Effect.Effect<ReadonlyArray<Entry>, never, Served> =>
  Effect.gen(function*() {
    const { ledger } = yield* Served
    const entries = yield* ledger.query({ limit: 100, principal })
    return entries.length < count || entries.some(({ status }) => status === "open") ? yield* Effect.fail("pending" as const) : entries
  }).pipe(Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 2000 }), Effect.orDie)

layer(served, { excludeTestServices: true })("what is handed on as it is", (it) => {
  it.effect("reaches the provider byte by byte, by its method, path and query, with the provider's own key, and so does the answer", () =>
    Effect.gen(function*() {
      const { seen } = yield* Served
      const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, n) => n * 7919 % 256))
      for (
        const [method, path, body] of [["GET", "/files?limit=10&after=f%2F1", undefined], ["POST", "/files", bytes], ["PUT", "/uploads/1", bytes], [
          "DELETE",
          "/files/f1",
          undefined
        ]] as const
      ) {
        const before = seen.length
        const reply = yield* ask(method, `/passthrough/openai${path}`, {
          headers: {
            "content-type": "multipart/form-data; boundary=x",
            cookie: "canary-cookie",
            "x-api-key": "canary-key",
            "x-forwarded-for": "canary-address"
          },
          ...(body === undefined ? {} : { body })
        })
        assert.strictEqual(reply.status, 200)
        const [one, ...more] = seen.slice(before)
        assert.deepStrictEqual(more, [])
        assert.strictEqual(one?.line, `${method} /v1${path}`)
        assert.strictEqual(one?.headers.authorization, "Bearer upstream-key")
        assert.strictEqual(one?.headers["content-type"], "multipart/form-data; boundary=x")
        assert.notInclude(JSON.stringify(one?.headers), "canary")
        assert.isTrue(one?.body.equals(body ?? Buffer.alloc(0)))
        assert.isTrue(reply.body.equals(body ?? Buffer.alloc(0)))
        assert.strictEqual(reply.headers.get("x-upstream-request-id"), "up-1")
        assert.isNull(reply.headers.get("set-cookie"))
        assert.strictEqual(reply.headers.get("x-sluice-provider"), "openai")
      }
    }))

  it.effect("is one row of the ledger each, with the tokens of texts estimated and those of files not", () =>
    Effect.gen(function*() {
      yield* ask("POST", "/passthrough/anthropic/v1/messages/batches", {
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ text: "x".repeat(389) })
      }, "rows")
      yield* ask("POST", "/passthrough/openai/files", { headers: { "content-type": "application/octet-stream" }, body: Buffer.alloc(4000) }, "rows")
      const [files, batches] = yield* rows("rows", 2)
      assert.deepInclude(batches, {
        operation: "raw",
        status: "completed",
        provider: ProviderId.make("anthropic"),
        attempts: 1,
        usage: { input: 100, output: 100 },
        bytesOut: 400
      })
      assert.deepStrictEqual(batches?.provenance, { input: "estimated", output: "estimated" })
      assert.deepInclude(files, { operation: "raw", status: "completed", provider: ProviderId.make("openai"), usage: { input: 0, output: 0 }, bytesOut: 4000 })
    }))

  it.effect("fails as the provider says, word for word, and the row says so", () =>
    Effect.gen(function*() {
      const reply = yield* ask("GET", "/passthrough/openai/files/missing")
      assert.strictEqual(reply.status, 404)
      assert.deepStrictEqual(JSON.parse(String(reply.body)), { error: { message: "No such file", type: "invalid_request_error" } })
      const row = (yield* rows("all", 1)).find(({ error }) => error !== undefined)
      assert.strictEqual(row?.status, "failed")
      assert.include(row?.error?.message, "No such file")
    }))

  it.effect("is an attempt like any other to those who hear of attempts", () =>
    Effect.gen(function*() {
      heard.length = 0
      yield* ask("GET", "/passthrough/openai/files")
      yield* ask("GET", "/passthrough/openai/files/missing")
      assert.deepStrictEqual(heard, ["raw openai fine", "raw openai 404"])
    }))

  it.effect("breaks off as the provider's answer does, and the row says so", () =>
    Effect.gen(function*() {
      const { url } = yield* Served
      const broke = yield* Effect.promise(async () => {
        const response = await fetch(`${url}/passthrough/openai/cut`, { headers: { authorization: "Bearer sk-all" } })
        return response.text().then(() => false, () => true)
      })
      assert.isTrue(broke)
      const entries = yield* rows("all", 1)
      assert.isTrue(entries.some(({ error, status }) => status === "failed" && error?.class === "cut"))
    }))

  it.effect("is streamed as it comes, and ends upstream when the client leaves", () =>
    Effect.gen(function*() {
      const { seen, url } = yield* Served
      yield* Effect.promise(async () => {
        const leaving = new AbortController()
        const response = await fetch(`${url}/passthrough/openai/events`, { headers: { authorization: "Bearer sk-all" }, signal: leaving.signal })
        const first = await response.body?.getReader().read()
        assert.strictEqual(Buffer.from(first?.value ?? []).toString(), "data: one\n\n")
        leaving.abort()
      })
      const entries = yield* rows("all", 1)
      assert.isTrue(entries.some(({ outcome }) => outcome === "Cancelled(client)"))
      yield* Effect.suspend(() => seen.some(({ isAborted, line }) => line.endsWith("/events") && isAborted) ? Effect.void : Effect.fail("pending")).pipe(
        Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 1000 })
      )
    }))

  const refused: ReadonlyArray<readonly [title: string, path: string, name: string, status: number]> = [
    ["nobody without a key", "/passthrough/openai/files", "unknown", 401],
    ["nobody where the provider does not allow it", "/passthrough/closed/files", "all", 404],
    ["nobody where there is no such provider", "/passthrough/nobody/files", "all", 404],
    ["nobody whose key is for certain models", "/passthrough/openai/files", "some", 403],
    ["nobody under a budget, since nobody knows what it costs", "/passthrough/openai/files", "poor", 429]
  ]
  for (const [title, path, name, status] of refused) {
    it.effect(`is handed on for ${title}`, () =>
      Effect.gen(function*() {
        const { seen } = yield* Served
        const before = seen.length
        const reply = yield* ask("GET", path, {}, name)
        assert.strictEqual(reply.status, status, String(reply.body))
        assert.strictEqual(seen.length, before)
      }))
  }

  it.effect("is counted by limits of requests and of tokens", () =>
    Effect.gen(function*() {
      const statuses = yield* Effect.forEach([1, 2, 3], () => Effect.map(ask("GET", "/passthrough/openai/files", {}, "two"), ({ status }) => status))
      assert.deepStrictEqual(statuses, [200, 200, 429])
      const body = JSON.stringify("x".repeat(300))
      const init = { headers: { "content-type": "application/json" }, body }
      const words = yield* Effect.forEach([1, 2], () => Effect.map(ask("POST", "/passthrough/openai/files", init, "words"), ({ status }) => status))
      assert.deepStrictEqual(words, [200, 429])
    }))

  const around = [
    "/chat/completions",
    "/chat/completions/",
    "/chat/completions?x=1",
    "/%63hat/completions",
    "/chat//completions",
    "//chat/completions",
    "/./chat/completions",
    "/files/../chat/completions",
    "/files/%2e%2e/chat/completions",
    "/chat%2Fcompletions",
    "/chat\\completions",
    "/CHAT/completions",
    "/../v1/chat/completions",
    "/embeddings"
  ]
  for (const path of around) {
    it.effect(`is no way around models and usage: ${path}`, () =>
      Effect.gen(function*() {
        const { seen } = yield* Served
        const before = seen.length
        const reply = yield* ask("POST", `/passthrough/openai${path}`, { headers: { "content-type": "application/json" }, body: "{}" })
        assert.isAtLeast(reply.status, 400)
        assert.deepStrictEqual(seen.slice(before).map(({ line }) => line), [])
      }))
  }
})
