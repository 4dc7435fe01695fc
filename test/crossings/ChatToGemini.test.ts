/** Requests of chat clients to Gemini, and answers of chat providers to clients of Gemini. */
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import * as Crossed from "./Crossed.ts"

const { chat, gemini } = Crossed

const user: JsonObject = { role: "user", content: "x" }
const asked = (messages: ReadonlyArray<JsonObject>, more: JsonObject = {}, model = "gemini-2.5-pro"): Crossed.CrossedRequest =>
  Crossed.request(chat, gemini, { model, messages, ...more }, model)

interface Declared {
  /** The function as a model that takes JSON Schema is told it. */
  readonly told: JsonObject
  /** The parameters as a model that takes only Gemini's own schema is told them. */
  readonly own: Json | undefined
  readonly losses: ReadonlyArray<string>
}

const declared = (parameters: JsonObject): Declared => {
  const declaration = (model: string): readonly [JsonObject, ReadonlyArray<string>] => {
    const { body, losses } = asked([user], { tools: [{ type: "function", function: { name: "f", parameters } }] }, model)
    const [tool] = body["tools"] as ReadonlyArray<{ readonly functionDeclarations: ReadonlyArray<JsonObject> }>
    return [tool?.functionDeclarations[0] ?? {}, losses]
  }
  const [told] = declaration("gemini-2.5-pro")
  const [own, losses] = declaration("gemini-1.5-pro")
  return { told, own: own["parameters"], losses }
}

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: "object", properties, ...more })

describe("a tool of a chat request", () => {
  it("with a constant, a nullable type, bounds, alternatives of null and one or several types goes whole to models that take JSON Schema", () => {
    const parameters = object({
      one: { const: "x" },
      maybe: { type: ["string", "null"] },
      mail: { type: "string", minLength: 2, format: "email" },
      list: { type: "array", minItems: 1, items: { type: "string" } },
      either: { anyOf: [{ type: "null" }, object({ z: { type: "string" } })] },
      both: { type: ["string", "integer"] }
    })
    const { losses, own, told } = declared(parameters)
    assert.deepStrictEqual(told, { name: "f", parametersJsonSchema: parameters })
    assert.deepStrictEqual(own, {
      type: "OBJECT",
      properties: {
        one: { type: "STRING", enum: ["x"] },
        maybe: { type: "STRING", nullable: true },
        mail: { type: "STRING", minLength: 2 },
        list: { type: "ARRAY", minItems: 1, items: { type: "STRING" } },
        either: { type: "OBJECT", properties: { z: { type: "STRING" } }, nullable: true },
        both: { anyOf: [{ type: "STRING" }, { type: "INTEGER" }] }
      }
    })
    assert.deepStrictEqual(losses, ["/tools/0 approximated"])
  })

  it("with references, one of them to itself, and a required property that there is not has them in place and in order for older models", () => {
    const parameters = object({ a: { $ref: "#/$defs/A" }, list: { $ref: "#/$defs/L" } }, {
      required: ["a", "gone"],
      $defs: { A: { type: "string" }, L: object({ next: { $ref: "#/$defs/L" } }) }
    })
    const { losses, own, told } = declared(parameters)
    assert.deepStrictEqual(told["parametersJsonSchema"], parameters)
    assert.deepStrictEqual(own, {
      type: "OBJECT",
      properties: { a: { type: "STRING" }, list: { type: "OBJECT", properties: { next: { type: "OBJECT" } } } },
      required: ["a"]
    })
    assert.deepStrictEqual(losses, ["/tools/0 approximated"])
  })

  it("whose properties say themselves that they are required has them listed by their object", () => {
    const parameters = object({ a: { type: "string", required: true }, b: { type: "string", required: false }, c: { type: "string" } }, { required: ["c"] })
    const { own, told } = declared(parameters)
    assert.deepStrictEqual(told["parametersJsonSchema"], parameters)
    assert.deepStrictEqual(own, {
      type: "OBJECT",
      properties: { a: { type: "STRING" }, b: { type: "STRING" }, c: { type: "STRING" } },
      required: ["c", "a"]
    })
  })

  it("keeps properties that are named like keywords, and loses the keywords only", () => {
    const { own } = declared(
      object({ pattern: { type: "string", pattern: "a+", $id: "x" }, $id: { type: "string" }, encrypted: { type: "string", encrypted: true } }, {
        encrypted: true,
        required: ["pattern", "$id"]
      })
    )
    assert.deepStrictEqual(own, {
      type: "OBJECT",
      properties: { pattern: { type: "STRING", pattern: "a+" }, $id: { type: "STRING" }, encrypted: { type: "STRING" } },
      required: ["pattern", "$id"]
    })
  })

  it("that takes nothing gets no invented property", () => {
    const { losses, own, told } = declared(object({}))
    assert.deepStrictEqual(told, { name: "f", parametersJsonSchema: object({}) })
    assert.deepStrictEqual([own, losses], [undefined, ["/tools/0 dropped"]])
  })

  it("whose schema has no keyword is not taken for a list of properties", () => {
    const { losses, own, told } = declared({ city: { type: "string" } })
    assert.deepStrictEqual(told["parametersJsonSchema"], { city: { type: "string" } })
    assert.deepStrictEqual([own, losses], [{}, ["/tools/0 approximated"]])
  })

  it("with a default that looks like a schema and a vendor's own key does not take either for properties", () => {
    const { own } = declared(object({
      a: object({ k: { type: "string" } }, { default: { k: { type: "string" } } }),
      b: { type: "string", enum: ["x"], "x-labels": { x: { type: "label" } } }
    }))
    assert.deepStrictEqual(own, {
      type: "OBJECT",
      properties: {
        a: { type: "OBJECT", properties: { k: { type: "STRING" } }, default: { k: { type: "string" } } },
        b: { type: "STRING", enum: ["x"] }
      }
    })
  })

  it("with conditions keeps them for models that take JSON Schema, and reports what older ones are not told", () => {
    const conditions: JsonObject = JSON.parse(
      "{\"if\":{\"properties\":{\"a\":{\"const\":\"x\"}}},\"then\":{\"required\":[\"b\"]},\"else\":{\"required\":[\"c\"]}}"
    )
    const parameters = object({ a: { type: "string" } }, conditions)
    const { losses, own, told } = declared(parameters)
    assert.deepStrictEqual(told["parametersJsonSchema"], parameters)
    assert.deepStrictEqual([own, losses], [{ type: "OBJECT", properties: { a: { type: "STRING" } } }, ["/tools/0 approximated"]])
  })
})

const call = (id: string, name: string): JsonObject => ({ id, type: "function", function: { name, arguments: "{}" } })

describe("a chat request to Gemini", () => {
  it("that ends with the beginning of the answer keeps it", () => {
    const { body, losses } = asked([user, { role: "assistant", content: "The answer" }])
    assert.deepStrictEqual(body["contents"], [{ role: "user", parts: [{ text: "x" }] }, { role: "model", parts: [{ text: "The answer" }] }])
    assert.deepStrictEqual(losses, [])
  })

  it("with empty texts leaves them out, and no null or empty content in their place", () => {
    const messages = [
      { role: "user", content: [{ type: "text", text: "" }, { type: "text", text: "x" }] },
      { role: "assistant", content: "" },
      { role: "user", content: "" },
      { role: "user", content: "y" }
    ]
    const { body, losses } = asked(messages)
    assert.deepStrictEqual(body["contents"], [{ role: "user", parts: [{ text: "x" }] }, { role: "user", parts: [{ text: "y" }] }])
    assert.deepStrictEqual(losses, ["/messages/1 dropped", "/messages/2 dropped"])
  })

  it("with a schema for the answer asks for JSON under one of the two keys of schemas, never both", () => {
    const format = (schema: JsonObject): JsonObject => ({ response_format: { type: "json_schema", json_schema: { name: "n", schema } } })
    const simple = object({ a: { type: "string" } })
    assert.deepStrictEqual(asked([user], format(simple)).body["generationConfig"], {
      responseMimeType: "application/json",
      responseSchema: { type: "OBJECT", properties: { a: { type: "STRING" } } }
    })
    assert.deepStrictEqual(asked([user], format(simple)).losses, ["/response_format/json_schema/name dropped"])
    const closed = object({ a: { type: "string" } }, { additionalProperties: false })
    assert.deepStrictEqual(asked([user], format(closed)).body["generationConfig"], { responseMimeType: "application/json", responseJsonSchema: closed })
  })

  it("with a history nobody signed bypasses the check on the first of parallel calls only, and only for models that check", () => {
    const messages = [
      user,
      { role: "assistant", content: null, tool_calls: [call("c1", "f"), call("c2", "g")] },
      { role: "tool", tool_call_id: "c1", content: "1" },
      { role: "tool", tool_call_id: "c2", content: "2" }
    ]
    const calls = (model: string): Json | undefined => (asked(messages, {}, model).body["contents"] as ReadonlyArray<JsonObject>)[1]?.["parts"]
    const functionCall = (id: string, name: string): JsonObject => ({ functionCall: { id, name, args: {} } })
    assert.deepStrictEqual(calls("gemini-3-pro"), [
      { ...functionCall("c1", "f"), thoughtSignature: "skip_thought_signature_validator" },
      functionCall("c2", "g")
    ])
    assert.deepStrictEqual(calls("gemini-2.5-pro"), [functionCall("c1", "f"), functionCall("c2", "g")])
  })
})

describe("a chat answer of several choices to a client of Gemini", () => {
  const choice = (index: number, content: string): JsonObject => ({ index, message: { role: "assistant", content }, finish_reason: "stop" })
  const candidate = (index: number, text: string): JsonObject => ({ content: { parts: [{ text }], role: "model" }, finishReason: "STOP", index })

  it("is as many candidates, none laid over another", () => {
    const body = { id: "c", object: "chat.completion", created: 1, model: "m", choices: [choice(0, "one"), choice(1, "two")] }
    assert.deepStrictEqual(Crossed.whole(chat, gemini, body), {
      body: { candidates: [candidate(0, "one"), candidate(1, "two")], modelVersion: "m", responseId: "c" },
      losses: []
    })
  })

  it("streamed in turns stays as many candidates, none laid over another", () => {
    const chunk = (index: number, content: string, reason: string | null = null): JsonObject => ({
      id: "c",
      object: "chat.completion.chunk",
      created: 1,
      model: "m",
      choices: [{ index, delta: content === "" ? {} : { content }, finish_reason: reason }]
    })
    const { events, losses } = Crossed.stream(chat, gemini, [
      chunk(0, "o"),
      chunk(1, "t"),
      chunk(0, "ne"),
      chunk(1, "wo"),
      chunk(0, "", "stop"),
      chunk(1, "", "stop"),
      "[DONE]"
    ])
    const said = ["", ""]
    for (const event of events) {
      for (
        const { content, index } of event["candidates"] as ReadonlyArray<
          { readonly index: number; readonly content: { readonly parts: ReadonlyArray<{ readonly text: string }> } }
        >
      ) {
        said[index] += content.parts.map(({ text }) => text).join("")
      }
    }
    assert.deepStrictEqual([said, losses], [["one", "two"], []])
  })
})
