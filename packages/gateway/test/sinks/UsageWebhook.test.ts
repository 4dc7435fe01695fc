import { assert, it } from "@effect/vitest"
import { DialectId } from "@sluice/protocol/Wire"
import { Effect, Layer, Redacted } from "effect"
import { createHmac } from "node:crypto"
import { describe } from "vitest"
import { ExchangeId } from "../../src/ExchangeId.ts"
import * as Registries from "../../src/Registries.ts"
import * as UsageWebhook from "../../src/sinks/UsageWebhook.ts"
import type { UsageRecord } from "../../src/UsageSink.ts"
import * as LocalServer from "../LocalServer.ts"

const record = (n: number): UsageRecord => ({
  id: ExchangeId.make(`01K6Z${String(n).padStart(21, "0")}`),
  startedAt: "2026-11-20T10:00:00.000Z",
  operation: "generate",
  status: "completed",
  principal: "ci",
  inbound: DialectId.make("openai-chat"),
  stream: false,
  attempts: 0,
  usage: { input: 7 },
  provenance: { input: "reported" },
  losses: [],
  bytesOut: 0,
  tries: []
})

const key = Buffer.from("0123456789abcdef01234567")
const secret = Redacted.make(`whsec_${key.toString("base64")}`)
const url = new URL("https://billing.example/usage")

describe("a post", () => {
  it("is signed over its id, its time and its body", () => {
    const { body, headers } = UsageWebhook.request({ url, secret }, [record(1), record(2)], 1_700_000_000_500)
    assert.strictEqual(headers["webhook-timestamp"], "1700000000")
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${String(body)}`
    assert.strictEqual(headers["webhook-signature"], `v1,${createHmac("sha256", key).update(signed).digest("base64")}`)
    assert.deepStrictEqual(JSON.parse(String(body)), { type: "usage.settled", timestamp: "2023-11-14T22:13:20.500Z", data: [record(1), record(2)] })
  })

  it("has one id for the same records, whenever it is sent, and another for others", () => {
    const id = (records: ReadonlyArray<UsageRecord>, at: number) => UsageWebhook.request({ url, secret }, records, at).headers["webhook-id"]
    assert.strictEqual(id([record(1)], 1), id([record(1)], 99_999))
    assert.notStrictEqual(id([record(1)], 1), id([record(2)], 1))
    assert.notStrictEqual(id([record(1)], 1), id([record(1), record(2)], 1))
  })

  it("tells of no secret but by its signature", () => {
    const request = UsageWebhook.request({ url, secret: Redacted.make("canary-secret") }, [record(1)], 1)
    assert.notInclude(JSON.stringify(request), "canary-secret")
  })
})

describe("an answer", () => {
  for (const status of [200, 202, 204]) it(`${status} takes the records`, () => assert.isUndefined(UsageWebhook.failure(status)))
  for (const status of [400, 413, 422]) it(`${status} refuses them for good`, () => assert.isFalse(UsageWebhook.failure(status)?.isTemporary))
  for (const status of [301, 401, 403, 404, 408, 410, 429, 500, 503]) {
    it(`${status} is no answer to them: they are posted again`, () => assert.isTrue(UsageWebhook.failure(status)?.isTemporary))
  }
})

describe("the sink", () => {
  const sinkOf = (options: UsageWebhook.Options) =>
    Effect.flatMap(Registries.UsageSinks, ({ all }) => Effect.map(all, ([sink]) => sink)).pipe(
      Effect.flatMap((sink) => sink === undefined ? Effect.die("no sink") : Effect.succeed(sink)),
      Effect.flatMap((sink) => Effect.result(sink.deliver([record(1)]))),
      Effect.provide(UsageWebhook.layer(options).pipe(Layer.provideMerge(Registries.layer())))
    )

  it.live("posts the records and is content with a success", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const server = yield* LocalServer.http((request, response) => {
        seen.push(`${request.method} ${request.url}`)
        response.writeHead(204).end()
      })
      const result = yield* sinkOf({ id: "bill", url: new URL("/usage", LocalServer.baseUrl(server)), secret })
      assert.strictEqual(result._tag, "Success")
      assert.deepStrictEqual(seen, ["POST /usage"])
    }).pipe(Effect.scoped))

  it.live("fails for now where nobody answers", () =>
    Effect.gen(function*() {
      const result = yield* sinkOf({ id: "bill", url: new URL("http://127.0.0.1:1/usage"), secret })
      assert.isTrue(result._tag === "Failure" && result.failure.isTemporary)
    }))
})
