import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { dialect } from "../../src/messages/Dialect.ts"

describe("the dialect", () => {
  it("lists models as Anthropic does, with the epoch for unknown dates", () => {
    const model = {
      id: "claude-x",
      type: "model",
      display_name: "claude-x",
      created_at: "1970-01-01T00:00:00.000Z",
      capabilities: null,
      max_input_tokens: null,
      max_tokens: null
    }
    assert.deepStrictEqual(dialect.models.one({ id: "claude-x" }), model)
    assert.deepStrictEqual(dialect.models.list([{ id: "claude-x" }, { id: "b", created: 60 }]), {
      data: [model, { ...model, id: "b", display_name: "b", created_at: "1970-01-01T00:01:00.000Z" }],
      has_more: false,
      first_id: "claude-x",
      last_id: "b"
    })
    assert.deepStrictEqual(dialect.models.list([]), { data: [], has_more: false, first_id: null, last_id: null })
  })

  it("gives the page that is asked for, and says whether there are more", () => {
    const all = ["a", "b", "c", "d"].map((id) => ({ id }))
    const page = (query: { readonly [name: string]: string }) =>
      Result.match(dialect.models.page?.(all, query) ?? Result.fail({ class: "defect", message: "no pages" }), {
        onFailure: ({ message }) => message,
        onSuccess: ({ hasMore, models }) => [models.map(({ id }) => id).join(""), hasMore]
      })
    assert.deepStrictEqual(page({}), ["abcd", false])
    assert.deepStrictEqual(page({ limit: "2" }), ["ab", true])
    assert.deepStrictEqual(page({ limit: "2", after_id: "b" }), ["cd", false])
    assert.deepStrictEqual(page({ limit: "2", before_id: "d" }), ["bc", true])
    assert.deepStrictEqual(page({ limit: "2", before_id: "c" }), ["ab", false])
    assert.deepStrictEqual(page({ after_id: "d" }), ["", false])
    assert.match(String(page({ after_id: "x" })), /^after_id: /)
    for (const limit of ["0", "1001", "two", "1.5"]) assert.match(String(page({ limit })), /^limit: /)
    assert.match(String(page({ after_id: "a", before_id: "b" })), /^before_id: /)
  })

  it("counts the content of deltas without decoding them, and of nothing else", () => {
    const length = (delta: object) =>
      dialect.bytes.deltaLength({ name: "content_block_delta", data: JSON.stringify({ type: "content_block_delta", index: 0, delta }) })
    assert.strictEqual(length({ type: "text_delta", text: "a\"b" }), 3)
    assert.strictEqual(length({ type: "thinking_delta", thinking: "" }), 0)
    assert.strictEqual(length({ partial_json: "{\"text\":\"x\"}", type: "input_json_delta" }), 12)
    assert.strictEqual(length({ type: "signature_delta", signature: "sig" }), 0)
    assert.isUndefined(dialect.bytes.deltaLength({ name: "content_block_start", data: "{}" }))
    assert.strictEqual(
      dialect.bytes.deltaLength({ data: "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}" }),
      2
    )
  })
})
