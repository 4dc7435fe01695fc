import { describe, it } from "@effect/vitest"
import { reasons } from "@sluice/protocol/CanonicalFinish"
import { sink } from "@sluice/protocol/Loss"
import { assert } from "vitest"
import * as Bytes from "../../src/responses/Bytes.ts"
import * as Errors from "../../src/responses/Errors.ts"
import * as Finish from "../../src/responses/Finish.ts"
import * as Usage from "../../src/responses/Usage.ts"

describe("token counts", () => {
  it("are disjoint, and absent is not zero", () => {
    assert.deepStrictEqual(Usage.decode({ input_tokens: 10, output_tokens: 5 }), { input: 10, output: 5 })
    assert.deepStrictEqual(
      Usage.decode({
        input_tokens: 10,
        input_tokens_details: { cached_tokens: 4, cache_write_tokens: 2 },
        output_tokens: 5,
        output_tokens_details: { reasoning_tokens: 0 }
      }),
      { input: 4, cacheRead: 4, cacheWrite5m: 2, output: 5, reasoning: 0 }
    )
  })

  it("say nothing where the provider does not", () => {
    assert.isUndefined(Usage.decode(null))
    assert.isUndefined(Usage.decode({ input_tokens: "many" }))
  })

  it("report the classes that are told among others", () => {
    const losses = sink()
    Usage.lose({ input: 1, audioIn: 2, cacheWrite1h: 3, toolPrompt: 0 }, losses)
    assert.deepStrictEqual(losses.losses.map(({ canonical }) => canonical), ["/usage/cacheWrite1h", "/usage/audioIn"])
  })
})

describe("the reason of a finish", () => {
  it("is read from the status and its details", () => {
    assert.deepStrictEqual(Finish.decode({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }), {
      reason: "length",
      raw: "max_output_tokens"
    })
    assert.deepStrictEqual(Finish.decode({ status: "incomplete", incomplete_details: { reason: "bored" } }), { reason: "other", raw: "bored" })
    assert.deepStrictEqual(Finish.decode({}), { reason: "missing" })
  })

  it("is exact where reading it again gives it back", () => {
    const exact = (said: { readonly calls: boolean; readonly refusal: boolean }) => reasons.filter((reason) => Finish.isExact({ reason }, said))
    assert.deepStrictEqual(exact({ calls: false, refusal: false }), ["stop", "length", "content-filter"])
    assert.deepStrictEqual(exact({ calls: true, refusal: false }), ["length", "tool-calls", "content-filter"])
    assert.deepStrictEqual(exact({ calls: false, refusal: true }), ["length", "content-filter", "refusal"])
  })
})

describe("errors inside a stream", () => {
  it("are read from the answer, the event or the body", () => {
    assert.deepInclude(Errors.fromValue({ type: "response.failed", response: { error: { code: "invalid_prompt", message: "No" } } }), {
      class: "bad-request",
      code: "invalid_prompt"
    })
    assert.deepInclude(Errors.fromValue({ type: "error", sequence_number: 3, code: null, message: "Oops", param: "input" }), {
      class: "unknown",
      param: "input"
    })
    assert.notProperty(Errors.fromValue({ type: "error", message: "Oops" }), "type")
    assert.strictEqual(Errors.fromValue({ error: "text" }).message, "text")
  })

  it("have the code clients act upon", () => {
    assert.deepStrictEqual(Errors.errorOf({ class: "context-overflow", message: "x" }, "Too long"), { code: "context_length_exceeded", message: "Too long" })
    assert.deepStrictEqual(Errors.errorOf({ class: "cut", message: "x" }, "Gone"), { code: "server_error", message: "Gone" })
  })
})

describe("an event that only continues content", () => {
  it.each<[string, { readonly name?: string; readonly data: string }, number | undefined]>([
    ["text by its name", { name: "response.output_text.delta", data: "{\"type\":\"response.output_text.delta\",\"delta\":\"H\\u00e9\\n\"}" }, 3],
    ["text by its type", { data: "{\"type\":\"response.output_text.delta\",\"delta\":\"abc\",\"logprobs\":[]}" }, 3],
    ["arguments", { name: "response.function_call_arguments.delta", data: "{\"delta\":\"{}\"}" }, 2],
    ["a new part", { name: "response.content_part.added", data: "{\"part\":{}}" }, undefined],
    ["the terminal", { name: "response.completed", data: "{\"response\":{\"delta\":\"x\"}}" }, undefined],
    ["a delta that is no text", { name: "response.output_text.delta", data: "{\"delta\":{}}" }, undefined]
  ])("is measured: %s", (_, event, length) => {
    assert.strictEqual(Bytes.deltaLength(event), length)
  })
})
