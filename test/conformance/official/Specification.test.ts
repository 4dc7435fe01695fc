import { assert, describe, it } from "@effect/vitest"
import { union } from "./Closed.ts"
import { mutated } from "./Mutations.ts"
import { compile } from "./Specification.ts"

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const word = (value: string) => ({ type: "string", enum: [value] })

const judge = compile({
  Item: { oneOf: [reference("Message"), reference("Call"), { type: "string" }], discriminator: { propertyName: "type" } },
  Message: { type: "object", properties: { type: word("message"), text: { type: "string" } }, required: ["text"] },
  Call: { allOf: [{ type: "object", properties: { type: word("call"), nullable: { type: "boolean" } }, required: ["type"] }, { required: ["id"] }] },
  Note: { type: "string", nullable: true },
  Twice: { oneOf: [reference("Message"), { type: "object", properties: { type: word("message"), size: { type: "number" } }, required: ["size"] }] }
})

describe("alternatives", () => {
  it("are resolved by their discriminator, and the complaint is about the one that was meant", () => {
    assert.isUndefined(judge("Item")({ type: "call", id: 1 }))
    assert.include(judge("Item")({ type: "call" }), "must have required property 'id'")
    assert.notInclude(judge("Item")({ type: "call" }), "'text'")
    assert.include(judge("Item")({ type: "song", id: 1 }), "must be equal to one of the allowed values")
  })

  it("are told by the JSON type first, and by silence where the discriminator may be left out", () => {
    assert.isUndefined(judge("Item")("words"))
    assert.include(judge("Item")(7), "must be object,string")
    assert.isUndefined(judge("Item")({ text: "words" }))
    assert.include(judge("Item")({}), "must have required property 'text'")
  })

  it("that share a word overlap: any of them will do", () => {
    assert.isUndefined(judge("Twice")({ type: "message", text: "a" }))
    assert.isUndefined(judge("Twice")({ type: "message", size: 1 }))
    assert.isDefined(judge("Twice")({ type: "message" }))
  })
})

describe("words of OpenAPI 3.0", () => {
  it("allow null where they say so, and are properties where they are names", () => {
    assert.isUndefined(judge("Note")(null))
    assert.isDefined(judge("Note")(7))
    assert.isDefined(judge("Item")({ type: "call", id: 1, nullable: "yes" }))
  })
})

describe("the closed union of two documents", () => {
  const closed = compile(union(
    { Part: { type: "object", properties: { text: { type: "string" }, level: { allOf: [reference("Level")] } } }, Level: { type: "string", enum: ["LOW"] } },
    {
      GoogleCloudAiplatformV1beta1Part: {
        id: "GoogleCloudAiplatformV1beta1Part",
        type: "object",
        properties: { level: { type: "string", enum: ["HIGH"] }, size: { type: "integer" }, any: { type: "any" } }
      }
    }
  ))("Part")

  it("knows the keys and words of both, and no others", () => {
    assert.isUndefined(closed({ text: "a", level: "LOW", size: 1, any: [] }))
    assert.isUndefined(closed({ level: "HIGH" }))
    assert.include(closed({ level: "MIDDLE" }), "must be equal to one of the allowed values")
    assert.include(closed({ txt: "a" }), "must NOT have additional properties")
  })
})

describe("a fault", () => {
  it("changes one place, and none inside what a caller is free to say", () => {
    const value = { type: "function", parameters: { type: "object" } }
    assert.deepStrictEqual(mutated(value, "word unknown", 5), { type: "gibberish", parameters: { type: "object" } })
    assert.deepStrictEqual(mutated(value, "key left out", 1), { type: "function" })
    assert.deepStrictEqual(mutated(value, "key misnamed", 0), { type_x: "function", parameters: { type: "object" } })
    assert.deepStrictEqual(mutated({ n: 1 }, "type swapped", 0), { n: "1 or so" })
    assert.isUndefined(mutated([], "key left out", 0))
  })
})
