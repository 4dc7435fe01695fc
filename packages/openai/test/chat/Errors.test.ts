import { describe, it } from "@effect/vitest"
import { assert } from "vitest"
import * as Errors from "../../src/chat/Errors.ts"

const decode = (status: number, body: string | object, headers: { readonly [name: string]: string } = {}) =>
  Errors.decode({ status, headers, body: typeof body === "string" ? body : JSON.stringify(body) })

describe("an error reply", () => {
  it("is classed by its code before its status", () => {
    const classes = [
      [429, "insufficient_quota", "quota-exhausted"],
      [429, "rate_limit_exceeded", "rate-limited"],
      [400, "context_length_exceeded", "context-overflow"],
      [400, "content_filter", "content-filter"],
      [404, "model_not_found", "model-not-found"],
      [401, "invalid_api_key", "provider-auth"],
      [400, "unsupported_parameter", "unsupported"],
      [503, "overloaded", "overloaded"],
      [400, "invalid_value", "bad-request"]
    ] as const
    for (const [status, code, expected] of classes) {
      const failure = decode(status, { error: { message: "m", type: "invalid_request_error", param: "p", code } })
      assert.deepInclude(failure, { class: expected, status, code, message: "m", param: "p", type: "invalid_request_error" })
    }
  })

  it("is classed by its status where its code says little", () => {
    const classes = [400, 401, 402, 403, 404, 408, 413, 415, 418, 422, 429, 500, 503, 529].map((status) =>
      decode(status, { error: { message: "m", type: "api_error" } }).class
    )
    assert.deepStrictEqual(classes, [
      "bad-request",
      "provider-auth",
      "quota-exhausted",
      "provider-auth",
      "model-not-found",
      "transient",
      "too-large",
      "unsupported",
      "bad-request",
      "bad-request",
      "rate-limited",
      "transient",
      "overloaded",
      "overloaded"
    ])
  })

  it("is read in every shape providers use", () => {
    const messages = [
      { error: "text" },
      { message: "text", code: "3051" },
      { detail: "text" },
      { detail: [{ loc: ["body"], msg: "text" }] },
      { detail: [{ loc: ["body"], msg: "" }, { msg: "text" }] },
      [{ error: { message: "text" } }],
      { error: { message: "text", code: 429 } }
    ].map((body) => decode(400, body).message)
    assert.deepStrictEqual(messages, messages.map(() => "text"))
    assert.strictEqual(decode(429, { error: { message: "x", code: 429 } }).code, "429")
  })

  it("knows an overflow of the context by its words", () => {
    assert.strictEqual(decode(400, { error: { message: "This endpoint's maximum context length is 200000 tokens.", code: 400 } }).class, "context-overflow")
  })

  it("that is a page or nothing has words of its own", () => {
    assert.deepInclude(decode(502, "<html><body>nginx</body></html>"), { class: "transient", message: "HTML page" })
    assert.include(decode(500, "").message, "no body")
    assert.strictEqual(decode(500, "plain words").message, "plain words")
  })

  it("says how long to wait", () => {
    assert.strictEqual(decode(429, {}, { "retry-after": "2" }).retryAfterMs, 2000)
    assert.strictEqual(decode(429, {}, { "retry-after-ms": "1500", "retry-after": "9" }).retryAfterMs, 1500)
    const date = { date: "Wed, 21 Oct 2026 07:28:00 GMT", "retry-after": "Wed, 21 Oct 2026 07:28:05 GMT" }
    assert.strictEqual(decode(429, {}, date).retryAfterMs, 5000)
    assert.strictEqual(decode(429, {}, { "retry-after": date["retry-after"] }).retryAfterMs, undefined)
  })

  it("keeps at most 4 kB as evidence", () => {
    assert.isAtMost(String(decode(500, { error: { message: "x".repeat(10_000) } }).evidence).length, 4096)
  })

  it("inside a stream is classed by the status it states itself", () => {
    assert.deepInclude(Errors.fromValue({ error: { message: "m", code: 502 } }), { class: "transient", status: 502 })
    assert.deepInclude(Errors.fromValue({ error: { message: "m", type: "invalid_request_error", status_code: 400 } }), { class: "bad-request" })
  })
})

describe("an error body of this dialect", () => {
  it("has the four keys of the specification", () => {
    const facts = { status: 429, requestId: "r", message: "slow down" }
    assert.deepStrictEqual(Errors.encode({ class: "rate-limited", message: "internal" }, facts), {
      error: { message: "slow down", type: "rate_limit_error", param: null, code: "rate_limited" }
    })
    assert.deepStrictEqual(Errors.encode({ class: "bad-request", message: "m", type: "t", code: "c", param: "/a" }, { ...facts, status: 400 }), {
      error: { message: "slow down", type: "t", param: "/a", code: "c" }
    })
  })
})
