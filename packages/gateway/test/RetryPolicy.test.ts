/** What follows a failed attempt before the commit. */
import { assert, describe, it } from "@effect/vitest"
import type { ErrorClass } from "@sluice/protocol/GatewayError"
import * as RetryPolicy from "../src/RetryPolicy.ts"

const next = (errorClass: ErrorClass, facts: Partial<Parameters<typeof RetryPolicy.next>[1]> = {}, retryAfterMs?: number) =>
  RetryPolicy.next({ class: errorClass, message: "", ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }, {
    tries: 0,
    retries: 1,
    hasOther: true,
    chance: 0.5,
    remainingMs: 60_000,
    ...facts
  })

describe("RetryPolicy.next", () => {
  it("tries the same target again while its class allows it and tries are left, then another one", () => {
    assert.strictEqual(next("transient")._tag, "Again")
    assert.deepStrictEqual(next("transient", { tries: 1 }), { _tag: "Other" })
    assert.deepStrictEqual(next("transient", { tries: 1, hasOther: false }), { _tag: "Stop" })
  })

  it("never repeats a request that is at fault", () => {
    for (const errorClass of ["bad-request", "too-large", "unsupported", "content-filter"] as const) assert.deepStrictEqual(next(errorClass), { _tag: "Stop" })
  })

  it("takes another target for a missing model, an empty account and a refused crossing", () => {
    for (const errorClass of ["model-not-found", "quota-exhausted", "unsupported-crossing"] as const) {
      assert.deepStrictEqual(next(errorClass), { _tag: "Other" })
    }
  })

  it("waits as long as the provider asks, at most 30 s, and not beyond the deadline", () => {
    assert.deepStrictEqual(next("rate-limited", { hasOther: false }, 5_000), { _tag: "Again", waitMs: 5_000 })
    assert.deepStrictEqual(next("rate-limited", { hasOther: false }, 600_000), { _tag: "Again", waitMs: 30_000 })
    assert.deepStrictEqual(next("rate-limited", { hasOther: false, remainingMs: 4_000 }, 5_000), { _tag: "Stop" })
  })

  it("prefers another target to a long wait", () => {
    assert.deepStrictEqual(next("rate-limited", {}, 5_000), { _tag: "Other" })
  })

  it("asks another credential at once where the failure is the credential's, or the model's for it", () => {
    for (const errorClass of ["rate-limited", "quota-exhausted", "provider-auth", "model-not-found", "misconfigured"] as const) {
      assert.deepStrictEqual(next(errorClass, { hasCredential: true }), { _tag: "Credential" }, errorClass)
    }
    for (const errorClass of ["bad-request", "context-overflow"] as const) assert.deepStrictEqual(next(errorClass, { hasCredential: true }), { _tag: "Stop" })
    assert.strictEqual(next("transient", { hasCredential: true })._tag, "Again")
  })

  it("goes elsewhere from what rests, and waits for it only where the wait is short enough", () => {
    assert.deepStrictEqual(next("provider-auth", { restMs: 60_000 }), { _tag: "Other" })
    assert.deepStrictEqual(next("provider-auth", { restMs: 60_000, hasOther: false }), { _tag: "Stop" })
    assert.deepStrictEqual(next("rate-limited", { restMs: 10_000, hasOther: false }), { _tag: "Again", waitMs: 10_000 })
    assert.deepStrictEqual(next("rate-limited", { restMs: 60_000, hasOther: false, remainingMs: 600_000 }), { _tag: "Stop" })
  })

  it("enters a fallback that names the failure, whatever else is said of its class", () => {
    assert.deepStrictEqual(next("context-overflow", { isWanted: true }), { _tag: "Other" })
    assert.deepStrictEqual(next("context-overflow", { isWanted: true, hasOther: false }), { _tag: "Stop" })
  })

  it("does what an operator's rule says before anything else", () => {
    assert.deepStrictEqual(next("transient", { ruling: { scope: "request", action: "stop" }, hasCredential: true }), { _tag: "Stop" })
    assert.deepStrictEqual(next("bad-request", { ruling: { scope: "credential", action: "next" }, hasCredential: true }), { _tag: "Credential" })
    assert.deepStrictEqual(next("bad-request", { ruling: { scope: "provider", action: "cooldown" }, hasCredential: true }), { _tag: "Other" })
    assert.deepStrictEqual(next("transient", { ruling: { scope: "provider", action: "next" }, hasOther: false }), { _tag: "Stop" })
  })

  it("keeps the jittered delay between 0.2 and 2 seconds", () => {
    for (const [tries, chance] of [[0, 0], [0, 0.999], [5, 0], [5, 0.999]] as const) {
      const step = next("transient", { tries, retries: 10, chance })
      assert.isTrue(step._tag === "Again" && step.waitMs >= 200 && step.waitMs <= 2_000)
    }
  })
})
