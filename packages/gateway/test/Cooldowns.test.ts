/** How long what rests after which failure. */
import { assert, describe, it } from "@effect/vitest"
import * as ErrorReply from "@sluice/protocol/ErrorReply"
import type { ErrorClass, Failure } from "@sluice/protocol/GatewayError"
import * as Cooldowns from "../src/Cooldowns.ts"

const failure = (errorClass: ErrorClass, rest: Partial<Failure> = {}): Failure => ({ class: errorClass, message: "", ...rest })
const restOf = (given: Failure, options: Partial<Cooldowns.Options> = {}, openings = 0) => {
  const rest = Cooldowns.restOf(given, { ...Cooldowns.defaults, ...options })
  return rest === undefined ? undefined : [rest.what, rest.restMs(openings)]
}
/** A 429 as it comes over HTTP. */
const limited = (headers: { readonly [name: string]: string }) =>
  failure("rate-limited", {
    status: 429,
    ...ErrorReply.decoder({
      isError: () => false,
      fromValue: () => failure("unknown"),
      classOf: () => "rate-limited"
    })({ status: 429, headers, body: "" })
  })

const minute = 60_000

describe("a credential", () => {
  it("rests with its model for as long as the provider asks: in seconds, in milliseconds, or until a date", () => {
    assert.deepStrictEqual(restOf(limited({ "retry-after": "30" })), ["model", 30_000])
    assert.deepStrictEqual(restOf(limited({ "retry-after-ms": "1500" })), ["model", 1_500])
    assert.deepStrictEqual(
      restOf(limited({ "retry-after": "Fri, 20 Nov 2026 18:01:30 GMT", date: "Fri, 20 Nov 2026 18:00:00 GMT" })),
      ["model", 90_000]
    )
  })

  it("rests no longer than the cap and no shorter than the floor, whatever the provider asks", () => {
    assert.deepStrictEqual(restOf(limited({ "retry-after": "86400" })), ["model", 30 * minute])
    assert.deepStrictEqual(
      restOf(limited({ "retry-after": "Sun, 20 Dec 2026 18:00:00 GMT", date: "Fri, 20 Nov 2026 18:00:00 GMT" })),
      ["model", 30 * minute]
    )
    assert.deepStrictEqual(restOf(limited({ "retry-after": "86400" }), { maxMs: 5 * minute }), ["model", 5 * minute])
    assert.deepStrictEqual(restOf(limited({ "retry-after": "0" })), ["model", 1_000])
  })

  it("rests twice as long each time a 429 says nothing, up to the cap", () => {
    assert.deepStrictEqual([0, 1, 2, 5, 40].map((openings) => restOf(failure("rate-limited"), {}, openings)?.[1]), [1_000, 2_000, 4_000, 32_000, 30 * minute])
  })

  it("rests as a whole where it is refused or used up, and with one model where that is forbidden or not there", () => {
    assert.deepStrictEqual(restOf(failure("provider-auth", { status: 401 })), ["credential", 30 * minute])
    assert.deepStrictEqual(restOf(failure("provider-auth", { status: 403 })), ["model", 30 * minute])
    assert.deepStrictEqual(restOf(failure("quota-exhausted")), ["credential", 30 * minute])
    assert.deepStrictEqual(restOf(failure("quota-exhausted", { retryAfterMs: 90_000 })), ["credential", 90_000])
    assert.deepStrictEqual(restOf(failure("model-not-found")), ["model", 5 * minute])
  })

  it("does not rest because tokens were counted too often, and does where it was refused", () => {
    const counting = (errorClass: ErrorClass) => Cooldowns.restOf(failure(errorClass), Cooldowns.defaults, "count")?.what
    assert.deepStrictEqual([counting("rate-limited"), counting("model-not-found")], [undefined, undefined])
    assert.deepStrictEqual([counting("provider-auth"), counting("quota-exhausted")], ["credential", "credential"])
  })

  it("does not rest for the faults of a request or of the provider", () => {
    for (const errorClass of ["bad-request", "context-overflow", "content-filter", "too-large", "transient", "overloaded", "empty", "cancelled"] as const) {
      assert.isUndefined(restOf(failure(errorClass)), errorClass)
    }
  })
})
