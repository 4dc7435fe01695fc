/** Answers of Gemini to clients of Responses. */
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import * as Crossed from "./Crossed.ts"

const chunk = (parts: ReadonlyArray<JsonObject>, more: JsonObject = {}): JsonObject => ({
  candidates: [{ content: { parts, role: "model" }, ...more }],
  modelVersion: "m1",
  responseId: "r1"
})
const stop: JsonObject = { finishReason: "STOP" }
const answered = (...chunks: ReadonlyArray<Json>): Crossed.CrossedAnswer => Crossed.stream(Crossed.gemini, Crossed.responses, chunks)
const typesOf = ({ events }: Crossed.CrossedAnswer): ReadonlyArray<string> => events.map(({ type }) => String(type).replace("response.", ""))
const itemsOf = ({ events }: Crossed.CrossedAnswer, type: string): ReadonlyArray<JsonObject> =>
  events.flatMap((event) => event["type"] === `response.output_item.${type}` ? [event["item"] as JsonObject] : [])

describe("a stream of Gemini to a client of Responses", () => {
  it("that ends with a mark, or with two, is completed once", () => {
    const plain = typesOf(answered(chunk([{ text: "a" }], stop)))
    assert.strictEqual(plain.at(-1), "completed")
    assert.deepStrictEqual(typesOf(answered(chunk([{ text: "a" }], stop), "[DONE]")), plain)
    assert.deepStrictEqual(typesOf(answered(chunk([{ text: "a" }], stop), "[DONE]", "[DONE]")), plain)
  })

  it("whose mark comes before anything else begins nothing and is an error", () => {
    const { events } = answered("[DONE]", chunk([{ text: "a" }], stop))
    assert.deepStrictEqual(events, [
      { type: "error", sequence_number: 0, code: "server_error", message: "The provider ended its stream without an answer.", param: null }
    ])
  })

  it("whose signature comes behind its call has no item for it, and the call's item says when it ends what it said when it began", () => {
    const answer = answered(chunk([{ functionCall: { name: "f", args: { a: 1 } } }]), chunk([{ text: "", thoughtSignature: "U0lH" }], stop))
    const [began, ended] = [itemsOf(answer, "added"), itemsOf(answer, "done")]
    assert.strictEqual(began.length, 1)
    assert.deepStrictEqual(ended, [{ ...began[0], status: "completed", arguments: "{\"a\":1}" }])
    assert.deepStrictEqual(answer.losses, ["/choices/0/parts/1/signature dropped"])
  })

  it("with calls begins, says and ends each of them before the next, and before it is completed; no arguments are an empty object", () => {
    const answer = answered(chunk([{ functionCall: { name: "f" } }, { functionCall: { name: "g", args: { b: 1 } } }], stop))
    const each = ["output_item.added", "function_call_arguments.delta", "function_call_arguments.done", "output_item.done"]
    assert.deepStrictEqual(typesOf(answer), ["created", "in_progress", ...each, ...each, "completed"])
    assert.deepStrictEqual(itemsOf(answer, "done").map(({ arguments: args, name }) => [name, args]), [["f", "{}"], ["g", "{\"b\":1}"]])
  })
})
