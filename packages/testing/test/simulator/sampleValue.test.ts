import { assert, it } from "@effect/vitest"
import addFormats from "ajv-formats"
import { Ajv2020 } from "ajv/dist/2020.js"
import { describe } from "vitest"
import { sampleValue } from "../../src/simulator/SampleValue.ts"

const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)

const object = (properties: object, ...required: ReadonlyArray<string>) => ({ type: "object", properties, required, additionalProperties: false })

const schemas: ReadonlyArray<readonly [name: string, schema: Record<string, unknown>]> = [
  ["an empty schema", {}],
  ["an object without properties", { type: "object" }],
  ["required properties only", object({ a: { type: "string" }, b: { type: "integer" } }, "a")],
  ["nested objects and lists", object({ a: object({ b: { type: "array", items: { type: "number" }, minItems: 3 } }, "b") }, "a")],
  [
    "bounds",
    object({ a: { type: "integer", minimum: 100 }, b: { type: "number", exclusiveMinimum: 0, maximum: 1 }, c: { type: "integer", maximum: -4 } }, "a", "b", "c")
  ],
  ["exclusive bounds of both sides", { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 0.2 }],
  ["multiples", { type: "integer", minimum: 10, multipleOf: 7 }],
  ["lengths", object({ long: { type: "string", minLength: 80 }, short: { type: "string", maxLength: 3 } }, "long", "short")],
  ["enums and constants", object({ a: { enum: ["x", "y"] }, b: { const: 5 } }, "a", "b")],
  ["nullable types", object({ a: { type: ["null", "boolean"] }, b: { anyOf: [{ type: "null" }, { type: "integer" }] } }, "a", "b")],
  ["oneOf", { oneOf: [{ type: "string", minLength: 2 }, { type: "integer" }] }],
  ["allOf", { allOf: [{ type: "object", properties: { a: { type: "string" } }, required: ["a"] }, { properties: { b: { type: "integer" } } }] }],
  ["references", { ...object({ a: { $ref: "#/$defs/A~1B" } }, "a"), $defs: { "A/B": object({ c: { type: "boolean" } }, "c") } }],
  ["recursion through an optional property", { ...object({ a: { $ref: "#" } }) }],
  [
    "the known formats",
    object(
      Object.fromEntries(
        ["date", "date-time", "time", "email", "uri", "uuid", "ipv4", "ipv6", "hostname", "duration"].map((format) => [format, { type: "string", format }])
      ),
      "date",
      "date-time",
      "time",
      "email",
      "uri",
      "uuid",
      "ipv4",
      "ipv6",
      "hostname",
      "duration"
    )
  ]
]

describe("a sample value satisfies", () => {
  for (const [name, schema] of schemas) {
    it(name, () => {
      const validate = ajv.compile(schema)
      assert.isTrue(validate(sampleValue(schema)), JSON.stringify([sampleValue(schema), validate.errors]))
    })
  }

  it("nothing for ever: endless recursion is cut", () => {
    assert.isAbove(JSON.stringify(sampleValue({ type: "object", properties: { a: { $ref: "#" } }, required: ["a"] })).length, 20)
  })
})
