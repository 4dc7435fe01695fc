import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { describe, expect, it } from "vitest"
import { dialect } from "../../src/generate/Dialect.ts"

const decode = (status: number, error: JsonObject, headers = {}) =>
  dialect.errors.decode({ status, headers, body: JSON.stringify({ error: { code: status, ...error } }) })
const detail = (type: string, more: JsonObject): Json => ({ "@type": `type.googleapis.com/google.rpc.${type}`, ...more })

describe("an error of Google", () => {
  const classes = [
    [400, { status: "INVALID_ARGUMENT", message: "bad" }, "bad-request"],
    [400, { status: "INVALID_ARGUMENT", message: "The input token count (9) exceeds the maximum number of tokens allowed (8)." }, "context-overflow"],
    [400, { status: "INVALID_ARGUMENT", message: "API key not valid.", details: [detail("ErrorInfo", { reason: "API_KEY_INVALID" })] }, "provider-auth"],
    [403, { status: "PERMISSION_DENIED" }, "provider-auth"],
    [404, { status: "NOT_FOUND" }, "model-not-found"],
    [429, { status: "RESOURCE_EXHAUSTED" }, "rate-limited"],
    [429, { status: "RESOURCE_EXHAUSTED", details: [detail("QuotaFailure", { violations: [{ quotaId: "RequestsPerDayPerModel" }] })] }, "quota-exhausted"],
    [503, { status: "UNAVAILABLE" }, "overloaded"],
    [500, { status: "INTERNAL" }, "transient"],
    [499, { status: "CANCELLED" }, "transient"],
    [501, { status: "UNIMPLEMENTED" }, "unsupported"],
    [413, { message: "large" }, "too-large"]
  ] as const
  for (const [status, error, expected] of classes) {
    it(`with ${status} ${JSON.stringify(error).slice(0, 60)} is ${expected}`, () => {
      expect(decode(status, error)).toMatchObject({ class: expected, status })
    })
  }

  it("says how long to wait and which field is wrong", () => {
    const failure = decode(429, { details: [detail("RetryInfo", { retryDelay: "34.4s" }), detail("BadRequest", { fieldViolations: [{ field: "contents" }] })] })
    expect(failure).toMatchObject({ retryAfterMs: 34_400, param: "contents" })
    expect(decode(429, { details: [detail("RetryInfo", { retryDelay: "34s" })] }, { "retry-after": "2" }).retryAfterMs).toBe(2000)
  })

  it("may come in a list, or be no JSON at all", () => {
    const body = JSON.stringify([{ error: { code: 400, message: "x", status: "INVALID_ARGUMENT" } }])
    expect(dialect.errors.decode({ status: 400, headers: {}, body })).toMatchObject({ class: "bad-request", message: "x" })
    expect(dialect.errors.decode({ status: 404, headers: {}, body: "<html>no</html>" })).toMatchObject({ class: "model-not-found", message: "HTML page" })
  })

  it("is written as Google writes it", () => {
    const facts = { status: 404, requestId: "r", message: "no such model" }
    expect(dialect.errors.encode({ class: "model-not-found", message: "x" }, facts)).toMatchObject({
      error: { code: 404, message: "no such model", status: "NOT_FOUND" }
    })
  })
})
