/** Requests of clients of Gemini to a chat provider, and answers of Gemini to chat clients. */
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import * as Crossed from "./Crossed.ts"

const { chat, gemini } = Crossed

const answer = (parts: ReadonlyArray<JsonObject>, more: JsonObject = {}, top: JsonObject = {}): JsonObject => ({
  candidates: [{ content: { parts, role: "model" }, ...more }],
  modelVersion: "m1",
  responseId: "r1",
  ...top
})
const stop: JsonObject = { finishReason: "STOP" }
const called: JsonObject = { functionCall: { name: "f", args: {} } }

const finishesOf = (...chunks: ReadonlyArray<JsonObject>): ReadonlyArray<Json | undefined> =>
  Crossed.stream(gemini, chat, chunks).events.flatMap(({ choices }) => (choices as ReadonlyArray<JsonObject>).map((choice) => choice["finish_reason"]))

describe("a stream of Gemini to a chat client", () => {
  it("that says STOP with every chunk has one finish, in its last", () => {
    assert.deepStrictEqual(finishesOf(answer([{ text: "a" }], stop), answer([{ text: "b" }], stop), answer([{ text: "" }], stop)), [null, null, "stop"])
  })

  it("that says STOP behind a call finishes with the call, once", () => {
    assert.deepStrictEqual(finishesOf(answer([called], stop), answer([], stop)), [null, "tool_calls"])
    assert.deepStrictEqual(finishesOf(answer([called]), answer([{ text: "" }], stop)), [null, "tool_calls"])
  })

  it("that ran into its limit behind a call says so", () => {
    assert.deepStrictEqual(finishesOf(answer([called]), answer([], { finishReason: "MAX_TOKENS" })), [null, "length"])
  })
})

describe("a whole answer of Gemini to a chat client", () => {
  it("that counts a prompt and no output has zero output", () => {
    const { body } = Crossed.whole(gemini, chat, answer([{ text: "a" }], stop, { usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 } }))
    assert.deepStrictEqual(body["usage"], { prompt_tokens: 4, completion_tokens: 0, total_tokens: 4 })
  })

  for (const [what, parts] of [["an empty text", [{ text: "" }]], ["no part", []]] as const) {
    it(`of ${what} has an empty text as content and no null`, () => {
      const { body } = Crossed.whole(gemini, chat, answer(parts, stop))
      assert.deepStrictEqual((body["choices"] as ReadonlyArray<JsonObject>)[0]?.["message"], { role: "assistant", content: "", refusal: null })
    })
  }
})

const asking = (...contents: ReadonlyArray<JsonObject>): JsonObject => ({ contents: [{ role: "user", parts: [{ text: "x" }] }, ...contents] })
const functionCall = (name: string, args: JsonObject = {}, id?: string): JsonObject => ({ functionCall: { ...(id === undefined ? {} : { id }), name, args } })
const functionResponse = (name: string, output: string, id?: string): JsonObject => ({
  functionResponse: { ...(id === undefined ? {} : { id }), name, response: { output } }
})
const messagesOf = (body: JsonObject): ReadonlyArray<JsonObject> => Crossed.request(gemini, chat, body).body["messages"] as ReadonlyArray<JsonObject>
const idsOf = (body: JsonObject): ReadonlyArray<unknown> =>
  messagesOf(body).flatMap(({ tool_calls: calls }) => Array.isArray(calls) ? calls.map((call: { readonly id: string }) => call.id) : [])
const answersOf = (body: JsonObject): ReadonlyArray<unknown> =>
  messagesOf(body).flatMap(({ content, role, tool_call_id: id }) => role === "tool" ? [[id, content]] : [])

describe("a request of Gemini to chat", () => {
  it("whose results have empty names answers the calls in order, and a result too many stays without one", () => {
    const body = asking(
      { role: "model", parts: [functionCall("f"), functionCall("g")] },
      { role: "user", parts: [functionResponse("", "1"), functionResponse("", "2"), functionResponse("", "3")] }
    )
    const [first, second] = idsOf(body)
    const answers = answersOf(body)
    assert.deepStrictEqual(answers.slice(0, 2), [[first, "1"], [second, "2"]])
    assert.deepStrictEqual(answers.map((answered) => (answered as ReadonlyArray<unknown>)[1]), ["1", "2", "3"])
    assert.notInclude([first, second], (answers[2] as ReadonlyArray<unknown>)[0])
  })

  it("whose results without ids interleave with others pairs them by name, first come first", () => {
    const body = asking(
      { role: "model", parts: [functionCall("f", { a: 1 }), functionCall("g"), functionCall("f", { a: 2 })] },
      { role: "user", parts: [functionResponse("f", "one"), functionResponse("f", "three"), functionResponse("g", "two")] }
    )
    const [one, two, three] = idsOf(body)
    assert.deepStrictEqual(answersOf(body), [[one, "one"], [three, "three"], [two, "two"]])
  })

  it("with one result that names the second call gives the others the first and the third", () => {
    const body = asking(
      { role: "model", parts: ["call_1", "call_2", "call_3"].map((id) => functionCall("f", {}, id)) },
      { role: "user", parts: [functionResponse("f", "two", "call_2"), functionResponse("f", "one"), functionResponse("f", "three")] }
    )
    assert.deepStrictEqual(answersOf(body), [["call_2", "two"], ["call_1", "one"], ["call_3", "three"]])
  })

  it("without ids of calls gets the same ones every time, each call its own", () => {
    const body = (): JsonObject => asking({ role: "model", parts: [functionCall("f"), functionCall("f"), functionCall("g")] })
    const ids = idsOf(body())
    assert.deepStrictEqual(idsOf(body()), ids)
    assert.strictEqual(new Set(ids).size, 3)
  })

  it("with bytes sends sound, documents and pictures each as its part, and refuses films and sounds that chat has no part for", () => {
    const inline = (mimeType: string): JsonObject => ({ inlineData: { mimeType, data: "AAAA" } })
    const sent = (...mimes: ReadonlyArray<string>): Crossed.CrossedRequest =>
      Crossed.request(gemini, chat, { contents: [{ role: "user", parts: mimes.map(inline) }] })
    assert.deepStrictEqual(sent("audio/wav", "application/pdf", "image/png").body["messages"], [{
      role: "user",
      content: [
        { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
        { type: "file", file: { filename: "document.pdf", file_data: "data:application/pdf;base64,AAAA" } },
        { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }
      ]
    }])
    assert.deepStrictEqual(sent("image/png", "video/mp4", "audio/ogg").refusing, ["/contents/0/parts/1", "/contents/0/parts/2"])
  })

  it("with hidden thoughts in its history loses them, and says so", () => {
    const { body, losses } = Crossed.request(gemini, chat, asking({ role: "model", parts: [{ text: "secret", thought: true }, { text: "b" }] }))
    assert.deepStrictEqual(body["messages"], [{ role: "user", content: "x" }, { role: "assistant", content: "b" }])
    assert.deepStrictEqual(losses, ["/contents/1/parts/0 dropped"])
  })
})
