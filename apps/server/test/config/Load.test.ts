import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, FileSystem, Layer, PlatformError, Redacted } from "effect"
import { load, loadDefaults } from "../../src/Config.ts"

const source = `
providers: [{ id: a, dialect: openai-chat, baseUrl: "https://a.example", credentials: [{ id: c, apiKey: "\${KEY}" }] }]
models: [{ id: "*", targets: [{ provider: a }] }]
log: { level: "\${LEVEL:-warn}" }
`
const files = (contents: Record<string, string>) =>
  FileSystem.layerNoop({
    readFileString: (path) => {
      const content = contents[path]
      return content === undefined
        ? Effect.fail(PlatformError.systemError({ _tag: "NotFound", module: "FileSystem", method: "readFileString", pathOrDescriptor: path }))
        : Effect.succeed(content)
    }
  })
const world = (contents: Record<string, string>, environment: Record<string, string>) =>
  Layer.merge(files(contents), ConfigProvider.layer(ConfigProvider.fromEnvRecord(environment)))

describe("load", () => {
  it.effect("reads the file and takes variables from the environment", () =>
    Effect.gen(function*() {
      const config = yield* load("sluice.yaml")
      assert.strictEqual(Redacted.value(config.providers[0]!.credentials[0]!.apiKey!), "k")
      assert.strictEqual(config.log.level, "warn")
    }).pipe(Effect.provide(world({ "sluice.yaml": source }, { KEY: "k", KEY_ID: "other", KEY_0: "x" }))))

  it.effect("names file, line and place of what is wrong", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(load("sluice.yaml"))
      assert.strictEqual(
        error.message,
        "sluice.yaml:2: providers[0].credentials[0].apiKey: the variable KEY is not set\nsluice.yaml:4: log.level: Expected one of trace, debug, info, warn, error, fatal"
      )
    }).pipe(Effect.provide(world({ "sluice.yaml": source }, { LEVEL: "loud" }))))

  it.effect("says so when the file cannot be read or is not YAML", () =>
    Effect.gen(function*() {
      const missing = yield* Effect.flip(load("nowhere.yaml"))
      assert.deepStrictEqual([missing._tag, missing.file, missing.problems.length], ["ConfigError", "nowhere.yaml", 1])
      assert.match(missing.message, /^nowhere\.yaml: cannot be read: /)
      const broken = yield* Effect.flip(load("broken.yaml"))
      assert.match(broken.message, /^broken\.yaml:1: is not valid YAML: /)
    }).pipe(Effect.provide(world({ "broken.yaml": "a: [b" }, {}))))

  it.effect("needs no file for the defaults", () =>
    Effect.gen(function*() {
      const config = yield* loadDefaults
      assert.deepStrictEqual(config.providers.map(({ id }) => `${id}`), ["anthropic", "sim", "sim-responses", "sim-anthropic", "sim-gemini"])
    }).pipe(Effect.provide(world({}, { ANTHROPIC_API_KEY: "k" }))))
})
