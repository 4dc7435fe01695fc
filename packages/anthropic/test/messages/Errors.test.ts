import { assert, describe, it } from "@effect/vitest"
import { dialect } from "../../src/messages/Dialect.ts"

const body = (type: string, message: string) => JSON.stringify({ type: "error", error: { type, message }, request_id: "req_1" })
const decode = (status: number, text: string, headers: { readonly [name: string]: string } = {}) => dialect.errors.decode({ status, headers, body: text })

describe("an error reply", () => {
  it("is classed by Anthropic's type", () => {
    const cases = [
      [400, "invalid_request_error", "bad-request"],
      [401, "authentication_error", "provider-auth"],
      [402, "billing_error", "quota-exhausted"],
      [403, "permission_error", "provider-auth"],
      [404, "not_found_error", "model-not-found"],
      [413, "request_too_large", "too-large"],
      [429, "rate_limit_error", "rate-limited"],
      [500, "api_error", "transient"],
      [504, "timeout_error", "transient"],
      [529, "overloaded_error", "overloaded"]
    ] as const
    for (const [status, type, expected] of cases) assert.strictEqual(decode(status, body(type, "words")).class, expected, type)
  })

  it("is classed by its words where the type says too little", () => {
    const invalid = (words: string) => decode(400, body("invalid_request_error", words)).class
    assert.strictEqual(invalid("prompt is too long: 210000 tokens > 200000 maximum"), "context-overflow")
    assert.strictEqual(invalid("input length and `max_tokens` exceed context limit: 1 + 2 > 3"), "context-overflow")
    assert.strictEqual(invalid("Output blocked by content filtering policy"), "content-filter")
    assert.strictEqual(invalid("Your credit balance is too low to access the Anthropic API."), "quota-exhausted")
  })

  it("is classed by its status where there is nothing to read", () => {
    assert.strictEqual(decode(503, "").class, "overloaded")
    assert.strictEqual(decode(502, "<html><body>Bad gateway</body></html>").class, "transient")
    assert.strictEqual(decode(502, "<html><body>Bad gateway</body></html>").message, "HTML page")
    assert.strictEqual(decode(418, "{}").class, "bad-request")
  })

  it("keeps words, type, status, evidence and the wait", () => {
    const failure = decode(429, body("rate_limit_error", "slow down"), { "retry-after": "3" })
    assert.deepInclude(failure, { message: "slow down", type: "rate_limit_error", status: 429, retryAfterMs: 3000 })
    assert.deepStrictEqual(failure.evidence, JSON.parse(body("rate_limit_error", "slow down")))
  })

  it("is read without its envelope, too", () => {
    assert.deepInclude(decode(401, JSON.stringify({ error: { message: "no", type: "authentication_error" } })), { class: "provider-auth", message: "no" })
    assert.deepInclude(decode(400, JSON.stringify({ message: "no" })), { class: "bad-request", message: "no" })
    assert.deepInclude(decode(500, JSON.stringify({ error: "no" })), { class: "transient", message: "no" })
  })
})

describe("an error body", () => {
  it("has Anthropic's type for the status the client is told", () => {
    const type = (status: number) => dialect.errors.encode({ class: "unknown", message: "m" }, { status, requestId: "r", message: "m" })
    assert.deepStrictEqual(type(429), { type: "error", error: { type: "rate_limit_error", message: "m" }, request_id: "r" })
    assert.deepNestedInclude(type(400), { "error.type": "invalid_request_error" })
    assert.deepNestedInclude(type(502), { "error.type": "api_error" })
    assert.deepNestedInclude(type(529), { "error.type": "overloaded_error" })
    assert.deepNestedInclude(type(504), { "error.type": "timeout_error" })
  })
})
