import { assert, describe, it } from "@effect/vitest"
import { Ajv2020 } from "ajv/dist/2020.js"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { jsonSchema } from "../../src/Config.ts"
import type { Node } from "../../src/config/JsonSchema.ts"
import { fileSchema } from "../../src/config/JsonSchema.ts"
import { reference } from "../../src/config/Reference.ts"

const committed = (name: string) => readFileSync(join(import.meta.dirname, "../../../../docs/reference", name), "utf8")
const remedy = "regenerate it: node scripts/generate-config-reference.ts"

/** Every key of a schema with its path. */
const keys = (node: Node, prefix = ""): ReadonlyArray<readonly [path: string, key: Node]> => [
  ...Object.entries(node.properties ?? {}).flatMap(([name, key]) => [[`${prefix}${name}`, key] as const, ...keys(key, `${prefix}${name}.`)]),
  ...(node.items === undefined ? [] : keys(node.items, `${prefix.slice(0, -1)}[].`)),
  ...(node.anyOf ?? []).flatMap((member) => keys(member, prefix))
]

describe("docs/reference", () => {
  it("holds the page made from the schema", () => {
    assert.strictEqual(committed("config.md"), reference(), remedy)
  })

  it("holds the JSON Schema made from the schema", () => {
    assert.deepStrictEqual(JSON.parse(committed("config.schema.json")), JSON.parse(JSON.stringify(jsonSchema())), remedy)
  })

  it("describes every key", () => {
    const all = keys(fileSchema())
    assert.isAbove(all.length, 60)
    for (const [path, key] of all) {
      assert.isString(key.description, path)
      if (path.includes(".")) assert.include(reference(), `\`${path}\``)
    }
  })
})

describe("the JSON Schema", () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(jsonSchema())
  const file = (server: unknown) => ({
    server,
    log: { level: "${LEVEL:-info}" },
    providers: [{ id: "a", dialect: "openai-chat", simulator: "${SIM}", retries: "${R}" }],
    models: [{ id: "*", targets: [{ provider: "a", weight: 2 }], onClientGone: { drain: { time: "1 second", bytes: "1MB" } } }]
  })

  it("accepts a file before its variables are replaced", () => {
    assert.isTrue(validate(file({ port: 1, workers: "${N:-1}" })), JSON.stringify(validate.errors))
  })

  it("refuses unknown keys, wrong kinds and missing keys", () => {
    assert.isFalse(validate(file({ prot: 1 })))
    assert.isFalse(validate(file({ port: 70000 })))
    assert.isFalse(validate({ ...file({}), log: { level: "loud" } }))
    assert.isFalse(validate({ models: [] }))
  })
})
