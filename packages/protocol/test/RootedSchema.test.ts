import { assert, describe, it } from "@effect/vitest"
import type { JsonObject } from "@sluice/protocol/Wire"
import { rooted } from "../src/RootedSchema.ts"

const record = (properties: JsonObject, ...required: ReadonlyArray<string>): JsonObject => ({
  type: "object",
  properties,
  ...(required.length === 0 ? {} : { required })
})

describe("a schema of arguments", () => {
  it("with an object at its root is the very same", () => {
    const schema = record({ a: { anyOf: [{ type: "string" }, { type: "null" }] } }, "a")
    assert.strictEqual(rooted(schema), schema)
  })

  it("that names no type is of an object, and none at all is an object of nothing", () => {
    assert.deepStrictEqual(rooted({ properties: {} }), { properties: {}, type: "object" })
    assert.deepStrictEqual(rooted(undefined), record({}))
  })
})

describe("a union at the root", () => {
  it("inside another union joins as well", () => {
    const schema = { anyOf: [record({ a: {} }, "a"), { oneOf: [record({ a: {}, b: {} }, "a", "b"), record({ a: {}, c: {} }, "a")] }] }
    assert.deepStrictEqual(rooted(schema), record({ a: {}, b: {}, c: {} }, "a"))
  })

  it("of what must all hold keeps all that is required, and says of a property what both say", () => {
    const schema = { allOf: [record({ a: { type: "string" } }, "a"), record({ a: { maxLength: 3 }, b: {} }, "b")] }
    assert.deepStrictEqual(rooted(schema), record({ a: { allOf: [{ type: "string" }, { maxLength: 3 }] }, b: {} }, "a", "b"))
  })

  it("beside properties of the schema's own keeps them, with what they require, and what else it says", () => {
    const schema = { description: "d", ...record({ x: {} }, "x"), anyOf: [record({ a: {} }, "a"), record({ b: {} }, "b")] }
    assert.deepStrictEqual(rooted(schema), { description: "d", ...record({ x: {}, a: {}, b: {} }, "x") })
  })

  it("with a variant that is no object requires nothing", () => {
    assert.deepStrictEqual(rooted({ anyOf: [record({ a: {} }, "a"), { type: "null" }] }), record({ a: {} }))
  })

  it("keeps properties named like keywords, like those of every object, and like parts of a pointer", () => {
    const properties: JsonObject = { anyOf: {}, required: {}, properties: {}, constructor: {}, "a/b~c": {} }
    assert.deepStrictEqual(rooted({ anyOf: [record(properties)] }), record(properties))
    assert.deepStrictEqual(rooted({ anyOf: [{ $ref: "#/$defs/a~1b~0c" }], $defs: { "a/b~c": record({ x: {} }) } })["properties"], { x: {} })
  })

  it("of references that lead nowhere, or out of the schema, says nothing of them", () => {
    const schema = { anyOf: [{ $ref: "#/$defs/none" }, { $ref: "https://a.b/c.json" }, { $ref: "#" }, record({ a: {} })] }
    assert.deepStrictEqual(rooted(schema), record({ a: {} }))
  })

  it("reads a definition once, however often and however deep it is referred to", () => {
    const levels = 2000
    const ref = (level: number): JsonObject => ({ $ref: `#/$defs/d${level}` })
    const definitions = Array.from({ length: levels }, (_, level): readonly [string, JsonObject] => [
      `d${level}`,
      { ...record({ [`p${level}`]: {} }), anyOf: [ref(level + 1), ref(level + 1)] }
    ])
    const written = rooted({ anyOf: [ref(0), ref(0)], $defs: Object.fromEntries(definitions) })
    assert.includeMembers(Object.keys(written["properties"] ?? {}), ["p0", "p1", "p30"])
  })
})
