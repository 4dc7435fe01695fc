/** JSON Schemas on their way to providers that take a part of JSON Schema only: what comes out they take, and no property is lost. */
import { assert, it } from "@effect/vitest"
import * as Pointer from "@sluice/protocol/Pointer"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { Effect } from "effect"
import { describe } from "vitest"
import * as Messages from "../../packages/anthropic/src/messages/Schemas.ts"
import * as Generate from "../../packages/gemini/src/generate/Schemas.ts"
import * as Strict from "../../packages/openai/src/internal/strictSchemas.ts"
import * as Draw from "../../packages/testing/src/arbitraries/Draw.ts"
import { findOpen } from "../../packages/testing/src/simulator/ClosedSchema.ts"
import { checkSchema } from "../../packages/testing/src/simulator/GeminiGenerateSchema.ts"
import * as Crossed from "./Crossed.ts"
import { anySchema, namesIn } from "./SchemaValues.ts"

const seeded = { arbitrary: { seed: 5, runs: 400, size: 12 } }
const schemas = Draw.arbitrary(anySchema)

describe("Gemini's own Schema", () => {
  it.effect.prop("is what comes out", [schemas], ([schema]) =>
    Effect.sync(() => {
      const refusal = checkSchema(Generate.encode(schema).schema, "schema")
      assert.isUndefined(refusal, `${refusal?.message}\n${JSON.stringify(schema)}`)
    }), seeded)

  it.effect.prop("holds every property, whatever its name", [schemas], ([schema]) =>
    Effect.sync(() => {
      const there = namesIn(Generate.encode(schema).schema)
      const lost = [...namesIn(schema)].filter((name) => !there.has(name))
      assert.deepStrictEqual(lost, [], JSON.stringify(schema))
    }), seeded)

  it.effect.prop("stays as it is when it is written once more", [schemas], ([schema]) =>
    Effect.sync(() => {
      const { schema: once } = Generate.encode(schema)
      assert.deepStrictEqual(Generate.encode(Generate.decodeObject(once)).schema, once, JSON.stringify(schema))
    }), seeded)
})

describe("a schema that Anthropic enforces", () => {
  it.effect.prop("has closed objects only, and every property but those that depend on a condition", [schemas], ([schema]) =>
    Effect.sync(() => {
      const { schema: closed } = Messages.closed(schema)
      assert.isUndefined(findOpen(closed, false), JSON.stringify(schema))
      const there = namesIn(closed)
      assert.deepStrictEqual([...namesIn(schema, [])].filter((name) => !there.has(name)), [], JSON.stringify(schema))
      assert.deepStrictEqual(Messages.closed(closed).schema, closed)
    }), seeded)

  it("says in words what it cannot bound", () => {
    const { isWider, schema } = Messages.closed({
      type: "object",
      properties: { minimum: { type: "integer", minimum: 1, description: "How many." }, mail: { type: "string", format: "iri", minLength: 3 } }
    })
    assert.isFalse(isWider)
    assert.deepStrictEqual(schema, {
      type: "object",
      properties: {
        minimum: { type: "integer", description: "How many. {minimum: 1}" },
        mail: { type: "string", description: "{format: \"iri\", minLength: 3}" }
      },
      additionalProperties: false
    })
  })

  it("cannot have an object inside itself", () => {
    const list = { type: "object", properties: { next: { anyOf: [{ $ref: "#/$defs/list" }, { type: "null" }] } } }
    assert.isTrue(Messages.closed({ $ref: "#/$defs/list", $defs: { list } }).isWider)
    assert.isTrue(Messages.closed({ type: "object", properties: { again: { $ref: "#" } } }).isWider)
    assert.isFalse(
      Messages.closed({ type: "object", properties: { a: { $ref: "#/$defs/b" }, c: { $ref: "#/$defs/b" } }, $defs: { b: { type: "string" } } }).isWider
    )
  })
})

describe("a schema that OpenAI enforces", () => {
  it.effect.prop("has closed objects that require all their properties, or there is none", [schemas], ([schema]) =>
    Effect.sync(() => {
      const enforced = Strict.enforced(schema)
      if (enforced === undefined) return
      assert.isUndefined(findOpen(enforced, true), JSON.stringify(schema))
      assert.deepStrictEqual([...namesIn(enforced)].sort(), [...namesIn(schema)].sort())
      assert.deepStrictEqual(Strict.enforced(enforced), enforced)
    }), seeded)

  it("is closed where it was not, and none where a property is optional, objects are open, or alternatives stand at its root", () => {
    const whole = { type: "object", properties: { type: { type: "object", properties: {} } }, required: ["type"] }
    assert.deepStrictEqual(Strict.enforced(whole), {
      ...whole,
      properties: { type: { type: "object", properties: {}, required: [], additionalProperties: false } },
      additionalProperties: false
    })
    for (
      const refused of [
        { type: "object", properties: { a: {} } },
        { type: "object", properties: {}, additionalProperties: { type: "string" } },
        { anyOf: [whole, whole] },
        { type: "object", properties: { a: { oneOf: [{ type: "string" }] } }, required: ["a"] },
        { type: "string" }
      ]
    ) assert.isUndefined(Strict.enforced(refused))
  })
})

describe("arguments of a tool that are no plain object", () => {
  const union = { anyOf: [{ type: "object", properties: { a: { type: "string" } }, required: ["a"] }, { properties: { b: { type: "number" } } }] }
  const asked = (parametersJsonSchema: JsonObject) => ({
    contents: [{ role: "user", parts: [{ text: "Look." }] }],
    tools: [{ functionDeclarations: [{ name: "look", parametersJsonSchema }] }]
  })

  for (
    const [to, schemaOf] of [[Crossed.chat, "/tools/0/function/parameters"], [Crossed.responses, "/tools/0/parameters"], [
      Crossed.messages,
      "/tools/0/input_schema"
    ]] as const
  ) {
    it(`are an object for ${to.id}, with every property`, () => {
      const { body, losses, refusing } = Crossed.request(Crossed.gemini, to, asked(union))
      const schema = Pointer.steps(schemaOf).reduce<Json | undefined>(
        (value, step) => value === null || typeof value !== "object" ? undefined : Reflect.get(value, step),
        body
      )
      assert.deepInclude(schema, { type: "object", properties: { a: { type: "string" }, b: { type: "number" } } })
      assert.includeMembers([...losses], ["/tools/0/functionDeclarations/0 approximated"])
      assert.deepStrictEqual(refusing, [])
    })
  }
})

describe("the form of an answer that a client's protocol always enforces", () => {
  const schema = { type: "object", properties: { a: { type: "string" } }, required: ["a"] }
  const asked = (responseJsonSchema: JsonObject) => ({
    contents: [{ role: "user", parts: [{ text: "Say." }] }],
    generationConfig: { responseMimeType: "application/json", responseJsonSchema }
  })

  it("is asked for strictly where OpenAI can enforce it", () => {
    const chat = Crossed.request(Crossed.gemini, Crossed.chat, asked(schema))
    const format = { name: "response", schema: { ...schema, additionalProperties: false }, strict: true }
    assert.deepStrictEqual(chat.body["response_format"], { type: "json_schema", json_schema: format })
    assert.deepStrictEqual(chat.refusing, [])
    const responses = Crossed.request(Crossed.gemini, Crossed.responses, asked(schema))
    assert.deepStrictEqual(responses.body["text"], { format: { type: "json_schema", ...format } })
  })

  it("is asked for without where it cannot, or where the client's silence means so", () => {
    const optional = Crossed.request(Crossed.gemini, Crossed.chat, asked({ ...schema, required: [] }))
    assert.notNestedProperty(optional.body, "response_format.json_schema.strict")
    const silent = { model: "m", messages: [{ role: "user", content: "Say." }], response_format: { type: "json_schema", json_schema: { name: "n", schema } } }
    assert.notNestedProperty(Crossed.request(Crossed.chat, Crossed.responses, silent).body, "text.format.strict")
  })
})
