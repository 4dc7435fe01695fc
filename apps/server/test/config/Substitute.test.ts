import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"
import { parse } from "../../src/Config.ts"
import { pathText } from "../../src/config/ConfigError.ts"
import { substitute, variableNames } from "../../src/config/Substitute.ts"

const replaced = (text: string, environment = {}) => substitute(text, environment).value

describe("variables", () => {
  it("are replaced anywhere in a text, any number of times", () => {
    assert.strictEqual(replaced("${A}", { A: "1" }), "1")
    assert.strictEqual(replaced("x-${A}-${B_2}${A}", { A: "1", B_2: "2" }), "x-1-21")
  })

  it("have a default for when they are unset or empty", () => {
    assert.strictEqual(replaced("${A:-d e:f}", {}), "d e:f")
    assert.strictEqual(replaced("${A:-d}", { A: "" }), "d")
    assert.strictEqual(replaced("${A:-d}", { A: "a" }), "a")
    assert.strictEqual(replaced("${A:-}", {}), "")
  })

  it("are not looked for in values that were put in", () => {
    assert.strictEqual(replaced("${A}", { A: "${B} $& $1", B: "no" }), "${B} $& $1")
  })

  it("are not found on the prototype of the environment", () => {
    assert.strictEqual(substitute("${constructor}", {}).problems.length, 1)
  })

  it("can be escaped", () => {
    assert.strictEqual(replaced("$${A} and $A and $", { A: "1" }), "${A} and $A and $")
  })

  it("that are malformed are an error, with the way to write them", () => {
    for (const text of ["${", "${A", "${1}", "${A-b}", "${REDIS_URL:-"]) {
      assert.deepStrictEqual(substitute({ a: [text] }, {}).problems.map(({ path }) => pathText(path)), ["a[0]"])
    }
  })

  it("are listed by name, once each", () => {
    assert.deepStrictEqual(variableNames({ a: ["${X} ${Y:-z}", "${X}", "$${N}"], b: 1 }), ["X", "Y"])
  })
})

const file = (key: string) => `
providers:
  # the first one
  - id: a
    dialect: openai-chat
    baseUrl: https://a.example
    credentials:
      - id: main
        apiKey: ${key}
models: [{ id: "*", targets: [{ provider: a }] }]
`

describe("in a file", () => {
  it("an unset variable is an error that names place, line and variable, beside all other problems", () => {
    const source = `${file("\"${NOT_SET}\"")}keys: [{ id: k, key: "\${ALSO_NOT}", models: [m] }]\nserver: { port: x }\n`
    const error = Result.match(parse(source, {}), { onSuccess: () => undefined, onFailure: (found) => found })
    assert.strictEqual(
      error?.message,
      "configuration:9: providers[0].credentials[0].apiKey: the variable NOT_SET is not set\n" +
        "configuration:11: keys[0].key: the variable ALSO_NOT is not set\n" +
        "configuration:12: server.port: Expected a whole number from 0 to 65535"
    )
  })

  it("a value cannot add anything to the file, whatever it holds", () => {
    const nasty = "x\"}]\nserver: { host: 0.0.0.0 } # ${OTHER}"
    const config = Result.getOrThrow(parse(file("k\n        attributes: { is: \"${K}\" }"), { K: nasty }))
    assert.deepStrictEqual(config.providers[0]!.credentials[0]!.attributes, { is: nasty })
    assert.strictEqual(config.server.host, "127.0.0.1")
  })

  it("a key of digits stays a text", () => {
    const config = Result.getOrThrow(parse(file("${K}"), { K: "0123" }))
    assert.strictEqual(Redacted.value(config.providers[0]!.credentials[0]!.apiKey!), "0123")
  })

  it("comments are not read", () => {
    assert.isTrue(Result.isSuccess(parse(`# \${NOWHERE}\n${file("k")}`, {})))
  })
})
