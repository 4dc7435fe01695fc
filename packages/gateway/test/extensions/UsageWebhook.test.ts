/** Records of usage as signed requests, and what a receiver's answer means. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Result } from "effect"
import { createHmac } from "node:crypto"
import * as UsageWebhook from "../../src/extensions/UsageWebhook.ts"
import type { UsageRecord } from "../../src/UsageSink.ts"

const secret = Redacted.make("a secret of the receiver")
const options: UsageWebhook.Options = { id: "bill", url: "https://bill.example/usage", secret, headers: { "x-account": "1" } }
const record = (id: string) => ({ id }) as UsageRecord
const now = 1_760_000_000_500

describe("a request of the webhook", () => {
  it("holds the records, and a signature that the receiver can compute", () => {
    const { body, headers, method, url } = UsageWebhook.toRequest(options, [record("x1"), record("x2")], now)
    assert.deepStrictEqual([method, url, headers["x-account"]], ["POST", options.url, "1"])
    assert.deepStrictEqual(JSON.parse(body), { schema: 1, sink: "bill", records: [{ id: "x1" }, { id: "x2" }] })
    const signature = createHmac("sha256", "a secret of the receiver").update(`1760000000.${body}`).digest("hex")
    assert.deepStrictEqual([headers["x-sluice-timestamp"], headers["x-sluice-signature"]], ["1760000000", `sha256=${signature}`])
    assert.notInclude(JSON.stringify(headers) + body, "a secret of the receiver")
  })

  it("is only believed with its own body, time and secret", () => {
    const { body, headers } = UsageWebhook.toRequest(options, [record("x1")], now)
    const signature = headers["x-sluice-signature"] ?? ""
    assert.isTrue(UsageWebhook.isSignedBy(secret, 1_760_000_000, body, signature))
    assert.isFalse(UsageWebhook.isSignedBy(secret, 1_760_000_001, body, signature))
    assert.isFalse(UsageWebhook.isSignedBy(secret, 1_760_000_000, `${body} `, signature))
    assert.isFalse(UsageWebhook.isSignedBy(Redacted.make("other"), 1_760_000_000, body, signature))
    assert.isFalse(UsageWebhook.isSignedBy(secret, 1_760_000_000, body, ""))
  })

  it("has the same key for the same records at any time, and another one for others", () => {
    const key = (ids: ReadonlyArray<string>, at: number) => UsageWebhook.toRequest(options, ids.map(record), at).headers["idempotency-key"]
    assert.strictEqual(key(["a", "b"], now), key(["a", "b"], now + 60_000))
    assert.notStrictEqual(key(["a", "b"], now), key(["a"], now))
  })
})

describe("an answer of the receiver", () => {
  const verdict = (status: number, retryAfter?: string) => UsageWebhook.verdictOf({ status, headers: { "retry-after": retryAfter } }, now)

  it("means delivered, later or never", () => {
    for (const status of [200, 202, 204]) assert.deepStrictEqual(verdict(status), { _tag: "Delivered" })
    for (const status of [408, 409, 425, 429, 500, 502, 503, 504]) assert.deepStrictEqual(verdict(status), { _tag: "Later" }, String(status))
    for (const status of [301, 307, 400, 401, 403, 404, 410, 413, 422]) assert.deepStrictEqual(verdict(status), { _tag: "Never" }, String(status))
  })

  it("may say when to come back, in seconds or as a date, within an hour", () => {
    assert.deepStrictEqual(verdict(429, "7"), { _tag: "Later", afterMs: 7_000 })
    assert.deepStrictEqual(verdict(503, new Date(now + 30_000).toUTCString()), { _tag: "Later", afterMs: 29_500 })
    assert.deepStrictEqual(verdict(503, "999999"), { _tag: "Later", afterMs: 3_600_000 })
    assert.deepStrictEqual(verdict(503, new Date(now - 30_000).toUTCString()), { _tag: "Later", afterMs: 0 })
    assert.deepStrictEqual(verdict(503, "soon"), { _tag: "Later" })
  })

  it.effect("becomes that of a sink", () =>
    Effect.gen(function*() {
      const deliver = (reply: Effect.Effect<UsageWebhook.WebhookReply, { readonly message: string }>) =>
        Effect.result(UsageWebhook.sink(options, () => reply).deliver([record("x1")]))
      const answered = (status: number) => deliver(Effect.succeed({ status, headers: {} }))
      assert.isTrue(Result.isSuccess(yield* answered(204)))
      const failures = [yield* answered(503), yield* answered(400), yield* deliver(Effect.fail({ message: "no route" }))]
      assert.deepStrictEqual(failures.map((each) => Result.isFailure(each) ? [each.failure.isTemporary, each.failure.reason] : []), [
        [true, "the webhook answered 503"],
        [false, "the webhook answered 400"],
        [true, "no route"]
      ])
    }))
})
