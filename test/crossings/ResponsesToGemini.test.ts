/** Requests of clients of Responses to Gemini. */
import type { JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import * as Crossed from "./Crossed.ts"

const call = (id: string, name: string): JsonObject => ({ type: "function_call", call_id: id, name, arguments: "{}" })
const output = (id: string, said: string | ReadonlyArray<JsonObject>): JsonObject => ({ type: "function_call_output", call_id: id, output: said })
const asked = (...input: ReadonlyArray<JsonObject>): Crossed.CrossedRequest =>
  Crossed.request(Crossed.responses, Crossed.gemini, { model: "m", input: [{ role: "user", content: "x" }, ...input] })

describe("a request of Responses to Gemini", () => {
  it("with outputs of parallel calls in another order says them in one content, in the order of their calls", () => {
    const { body, losses } = asked(call("c1", "f"), call("c2", "g"), output("c2", "2"), output("c1", "1"))
    assert.deepStrictEqual((body["contents"] as ReadonlyArray<JsonObject>).slice(1), [
      { role: "model", parts: [{ functionCall: { id: "c1", name: "f", args: {} } }, { functionCall: { id: "c2", name: "g", args: {} } }] },
      {
        role: "user",
        parts: [
          { functionResponse: { id: "c1", name: "f", response: { output: "1" } } },
          { functionResponse: { id: "c2", name: "g", response: { output: "2" } } }
        ]
      }
    ])
    assert.deepStrictEqual(losses, [])
  })

  it("with an output of words and a picture says the words in the response and the picture beside it", () => {
    const picture = { type: "input_image", image_url: "data:image/png;base64,AAAA" }
    const { body, losses } = asked(call("c1", "f"), output("c1", [{ type: "input_text", text: "see" }, picture]))
    assert.deepStrictEqual((body["contents"] as ReadonlyArray<JsonObject>)[2]?.["parts"], [
      { functionResponse: { id: "c1", name: "f", response: { output: "see" }, parts: [{ inlineData: { mimeType: "image/png", data: "AAAA" } }] } }
    ])
    assert.deepStrictEqual(losses, [])
  })
})
