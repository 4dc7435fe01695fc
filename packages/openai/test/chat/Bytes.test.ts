import { describe, it } from "@effect/vitest"
import { assert } from "vitest"
import * as Bytes from "../../src/chat/Bytes.ts"
import { chunk, event, finished, trailer } from "./Chat.ts"

const length = (value: Parameters<typeof event>[0]) => Bytes.deltaLength(event(value))

describe("a chunk that only continues content", () => {
  it("is known by its text and measured", () => {
    assert.strictEqual(length(chunk({ content: "hello" })), 5)
    assert.strictEqual(length(chunk({ content: "say \"hi\"\n", reasoning_content: "hm" }, {}, { usage: null })), 11)
    assert.strictEqual(length(chunk({ tool_calls: [{ index: 0, function: { arguments: "{\"a\"" } }] })), 4)
    assert.strictEqual(length(`{"choices": [{"delta": {"content": "ab"}, "finish_reason": null}], "usage": null}`), 2)
  })

  it("is not fooled by words inside the text", () => {
    assert.isNumber(length(chunk({ content: "{\"finish_reason\":\"stop\",\"usage\":{}}" })))
  })

  it("is none of those that must be decoded", () => {
    for (
      const value of [
        finished("stop"),
        trailer({ usage: { prompt_tokens: 1 } }),
        chunk({ content: "a" }, {}, { usage: { prompt_tokens: 1 } }),
        { error: { message: "m" } },
        chunk({ tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: "" } }] }),
        chunk({ function_call: { arguments: "x" } }),
        "[DONE]"
      ]
    ) assert.isUndefined(length(value))
    assert.isUndefined(Bytes.deltaLength({ name: "error", data: JSON.stringify(chunk({ content: "a" })) }))
  })
})

describe("usage", () => {
  it("is asked for beside what else was asked", () => {
    assert.deepStrictEqual(Bytes.askUsage({ model: "m" }), { stream_options: { include_usage: true } })
    assert.deepStrictEqual(Bytes.askUsage({ stream_options: { include_obfuscation: false } }), {
      stream_options: { include_obfuscation: false, include_usage: true }
    })
  })

  it("is hidden from a client who did not ask", () => {
    const hide = (value: Parameters<typeof event>[0]) => {
      const shown = Bytes.hideUsage(event(value))
      return shown === undefined ? undefined : JSON.parse(shown.data)
    }
    assert.isUndefined(hide(trailer({ usage: { prompt_tokens: 1 } })))
    assert.deepStrictEqual(hide(chunk({ content: "\"usage\":null" }, {}, { usage: null })), chunk({ content: "\"usage\":null" }))
    assert.deepStrictEqual(hide({ ...finished("stop"), usage: { a: 1 }, x_groq: { id: "x", usage: { a: 1 } } }), { ...finished("stop"), x_groq: { id: "x" } })
    const plain = event(chunk({ content: "a" }))
    assert.strictEqual(Bytes.hideUsage(plain), plain)
  })
})
