import { describe, expect, it } from "vitest"
import * as Schemas from "../../src/generate/Schemas.ts"

describe("Gemini's schema read as JSON Schema", () => {
  it("has types in small letters, counts as numbers and null as a type", () => {
    expect(
      Schemas.decode({
        type: "OBJECT",
        properties: { a: { type: 1, nullable: true, minLength: "3" }, b: { type: "ARRAY", items: { type: "INTEGER" }, max_items: "2" } }
      })
    )
      .toEqual({ type: "object", properties: { a: { type: ["string", "null"], minLength: 3 }, b: { type: "array", items: { type: "integer" }, maxItems: 2 } } })
  })

  it("leaves properties alone that are named like keywords", () => {
    const schema = { type: "object", properties: { type: { type: "string" }, nullable: { type: "boolean" }, properties: { type: "string" } } }
    expect(Schemas.decode(schema)).toEqual(schema)
  })
})

describe("JSON Schema in Gemini's words", () => {
  it("is exact for what both can say, properties named like keywords included", () => {
    const schema = {
      type: "object",
      properties: { type: { type: "string", pattern: "^a" }, $ref: { type: "integer" }, pattern: { anyOf: [{ type: "string" }, { type: "number" }] } },
      required: ["type"]
    }
    const { isExact, schema: own } = Schemas.encode(schema)
    expect(isExact).toBe(true)
    expect(Schemas.decode(own)).toEqual(schema)
  })

  it("puts references in place, and ends those that lead back to themselves", () => {
    const { isExact, schema } = Schemas.encode({
      $ref: "#/$defs/node",
      $defs: {
        node: { type: "object", properties: { next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] }, "a/b": { $ref: "#/$defs/a~1b" } } },
        "a/b": { type: "string" }
      }
    })
    expect(isExact).toBe(false)
    expect(schema).toEqual({ type: "OBJECT", properties: { next: { nullable: true, type: "OBJECT" }, "a/b": { type: "STRING" } } })
  })

  it("ends where references multiply each other", () => {
    const names = Array.from({ length: 40 }, (_, index) => `d${index}`)
    const definitions = names.map((
      name,
      index
    ) => [name, { type: "object", properties: { a: { $ref: `#/$defs/d${index + 1}` }, b: { $ref: `#/$defs/d${index + 1}` } } }])
    const { schema } = Schemas.encode({ $ref: "#/$defs/d0", $defs: Object.fromEntries(definitions) })
    expect(JSON.stringify(schema).length).toBeLessThan(10_000_000)
  })

  const inexact = {
    "lists of types": [{ type: ["string", "integer", "null"] }, { nullable: true, anyOf: [{ type: "STRING" }, { type: "INTEGER" }] }],
    "one value": [{ const: "a" }, { type: "STRING", enum: ["a"] }],
    "numbers to choose from": [{ type: "integer", enum: [1, 2] }, { type: "INTEGER" }],
    alternatives: [{ oneOf: [{ type: "string" }, { type: "object", properties: { a: { type: "string" } } }] }, {
      anyOf: [{ type: "STRING" }, { type: "OBJECT", properties: { a: { type: "STRING" } } }]
    }],
    "parts that all hold": [{ allOf: [{ type: "object", properties: { a: { type: "string" } } }, { required: ["a", "b"] }] }, {
      type: "OBJECT",
      properties: { a: { type: "STRING" } },
      required: ["a"]
    }],
    "exclusive bounds": [{ type: "number", exclusiveMinimum: 1 }, { type: "NUMBER", minimum: 1 }],
    "formats it does not take": [{ type: "string", format: "uri" }, { type: "STRING" }],
    "closed objects": [{ $schema: "x", type: "object", properties: { a: { type: "string" } }, additionalProperties: false }, {
      type: "OBJECT",
      properties: { a: { type: "STRING" } }
    }]
  } as const
  for (const [what, [schema, expected]] of Object.entries(inexact)) {
    it(`says the nearest for ${what}`, () => {
      expect(Schemas.encode(schema)).toEqual({ isExact: false, schema: expected })
    })
  }

  it("is not exact for objects without properties, which Gemini refuses", () => {
    expect(Schemas.encode({ type: "object", properties: {} }).isExact).toBe(false)
  })
})
