import { expect, it } from "@effect/vitest"
import { ErrorReply } from "@sluice/protocol"

it("reads Retry-After in seconds, in milliseconds, and as a date against the reply's own date", () => {
  expect(ErrorReply.retryAfterMs({ "retry-after": "2" })).toBe(2000)
  expect(ErrorReply.retryAfterMs({ "retry-after": "2", "retry-after-ms": "150.4" })).toBe(150)
  expect(ErrorReply.retryAfterMs({ "retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", date: "Wed, 21 Oct 2026 07:28:00 GMT" })).toBe(30_000)
  expect(ErrorReply.retryAfterMs({ "retry-after": "Wed, 21 Oct 2026 07:27:00 GMT", date: "Wed, 21 Oct 2026 07:28:00 GMT" })).toBe(0)
})

it("ignores a date without a reference, nonsense and absence", () => {
  expect(ErrorReply.retryAfterMs({ "retry-after": "Wed, 21 Oct 2026 07:28:30 GMT" })).toBeUndefined()
  expect(ErrorReply.retryAfterMs({ "retry-after": "soon" })).toBeUndefined()
  expect(ErrorReply.retryAfterMs({ "retry-after": "-1" })).toBeUndefined()
  expect(ErrorReply.retryAfterMs({})).toBeUndefined()
})

it("keeps small evidence as it is and the first 4 kB of large evidence as text", () => {
  const small = { error: { message: "no" } }
  expect(ErrorReply.evidence(small)).toBe(small)
  expect(ErrorReply.evidence({ error: "x".repeat(10_000) })).toHaveLength(4096)
})

it("keeps less of evidence that grows when it is written", () => {
  for (const text of ["\"".repeat(5000), "\u0001".repeat(4000), `${"\u0001".repeat(1500)}${"x".repeat(4000)}`]) {
    const kept = ErrorReply.evidence(text)
    expect(JSON.stringify(kept).length).toBeLessThanOrEqual(8192)
    expect(text.startsWith(String(kept))).toBe(true)
  }
  expect(ErrorReply.evidence("y".repeat(4095))).toHaveLength(4095)
})

it("names HTML pages and empty bodies in words", () => {
  expect(ErrorReply.ofText("  <!DOCTYPE html><p>Bad gateway", 502).message).toBe("HTML page")
  expect(ErrorReply.ofText("upstream request timeout", 504)).toEqual({ message: "upstream request timeout", evidence: "upstream request timeout" })
  expect(ErrorReply.ofText(" ", 500)).toEqual({ message: "The provider answered with status 500 and no body." })
})

it("classes a bare status, and says unknown of one that is no error", () => {
  const classes = [200, 400, 401, 402, 403, 404, 408, 413, 415, 422, 429, 500, 503, 504, 529].map(ErrorReply.classOfStatus)
  expect(classes).toEqual([
    "unknown",
    "bad-request",
    "provider-auth",
    "quota-exhausted",
    "provider-auth",
    "model-not-found",
    "transient",
    "too-large",
    "unsupported",
    "bad-request",
    "rate-limited",
    "transient",
    "overloaded",
    "transient",
    "overloaded"
  ])
})
