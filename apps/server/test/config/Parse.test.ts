import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, ByteSize, Duration, Effect, Redacted, Result, Schema } from "effect"
import { inspect } from "node:util"
import { parse } from "../../src/Config.ts"
import { decodeConfig } from "../../src/config/ConfigSchema.ts"

const base = `
providers:
  - { id: a, dialect: openai-chat, baseUrl: "https://a.example/v1" }
models:
  - { id: "*", targets: [{ provider: a }] }
`
const parsed = (source: string, environment = {}) => Result.getOrThrow(parse(source, environment))
const problems = (source: string, environment = {}) =>
  Result.match(parse(source, environment), { onSuccess: () => [], onFailure: (error) => error.problems.map(({ path, message }) => `${path}: ${message}`) })
const places = (source: string, environment = {}) => problems(source, environment).map((problem) => problem.slice(0, problem.indexOf(": ")))

/** Every section of the file at once; what this version does not act on is left off. */
const everything = `
server:   { host: 127.0.0.1, port: 8787, workers: 1, bodyLimit: 32MiB, lameDuck: 5 seconds, drainTimeout: 30 seconds }
auth:     { mode: keys, adminToken: "\${SLUICE_ADMIN_TOKEN}" }            # a comment
ledger:   { url: "sqlite:./sluice.db", durability: strict, bodies: none, onFailure: deny, signingKey: "\${SLUICE_SIGNING_KEY:-}" }
redis:    { url: "\${REDIS_URL:-}" }
log:      { level: info, format: json }
otlp:     { url: "\${OTLP_URL:-}" }
providers:
  - { id: openai, dialect: openai-chat, baseUrl: "https://api.openai.com/v1", credentials: [{ id: main, apiKey: "\${OPENAI_API_KEY}" }] }
  - id: anthropic
    dialect: anthropic-messages
    baseUrl: https://api.anthropic.com
    credentials: [{ id: main, apiKey: "\${ANTHROPIC_API_KEY}" }]
    headers: { x-team: blue }
    query: { api-version: "2026-01-01" }
    timeouts: { connect: 10 seconds, firstEvent: 2 minutes, idle: 1 minute, total: 30 minutes }
    retries: 1
    breaker: false
    cooldown: false
  - { id: sim, dialect: openai-chat, simulator: true }
models:
  - { id: fast, targets: [{ provider: openai, model: gpt-4o-mini, weight: 3 }, { provider: anthropic, model: claude-haiku-4-5 }], fallbacks: [slow], fidelity: default, onClientGone: cancel, preCommit: 10 seconds }
  - { id: thinking, thinking: { kind: hybrid, min: 1024, max: "32000", levels: [low, high], canDisable: false }, targets: [{ provider: sim, thinking: { kind: none } }] }
  - { id: drained, targets: [{ provider: sim }], onClientGone: { drain: { time: 20 seconds, bytes: 1MiB } } }
  - { id: "*", targets: [{ provider: openai }] }
keys:     [{ id: ci, key: "\${CI_KEY}", models: [fast], limits: {} }]
extensions: {}
`
const environment = { SLUICE_ADMIN_TOKEN: "canary-admin", OPENAI_API_KEY: "canary-openai", ANTHROPIC_API_KEY: "canary-anthropic", CI_KEY: "canary-ci" }

describe("a file with every section", () => {
  const config = parsed(everything, environment)

  it("decodes durations, byte sizes and URLs", () => {
    assert.strictEqual(Duration.toSeconds(config.server.lameDuck), 5)
    assert.strictEqual(config.server.bodyLimit, ByteSize.mebibytes(32))
    assert.deepStrictEqual(config.ledger.url, { _tag: "Sqlite", filename: "./sluice.db" })
    assert.strictEqual(Duration.toMinutes(config.providers[1]!.timeouts.firstEvent), 2)
    const gone = config.models[2]!.onClientGone!
    assert.deepStrictEqual(typeof gone === "string" ? gone : [Duration.toSeconds(gone.drain.time), gone.drain.bytes], [20, ByteSize.mebibytes(1)])
  })

  it("decodes what models can be told about thinking", () => {
    const { targets, thinking } = config.models[1]!
    assert.deepStrictEqual(thinking, { kind: "hybrid", min: 1024, max: 32_000, levels: ["low", "high"], dynamic: true, canDisable: false })
    assert.deepStrictEqual(targets[0]?.thinking, { kind: "none", dynamic: true, canDisable: true })
  })

  it("holds secrets that can be used and are never printed", () => {
    assert.strictEqual(Redacted.value(config.auth.adminToken!), "canary-admin")
    assert.strictEqual(Redacted.value(config.providers[0]!.credentials[0]!.apiKey!), "canary-openai")
    assert.strictEqual(Redacted.value(config.providers[1]!.headers["x-team"]!), "blue")
    for (
      const printed of [JSON.stringify(config, (_, value) => typeof value === "bigint" ? `${value}` : value), inspect(config, { depth: 20 }), String(config)]
    ) {
      assert.notInclude(printed, "canary")
    }
  })

  it("leaves sections with an empty url and empty optional secrets out", () => {
    assert.notProperty(config, "redis")
    assert.notProperty(config, "otlp")
    assert.notProperty(config.ledger, "signingKey")
    assert.notProperty(parsed(`auth: { adminToken: "\${T:-}" }${base}`).auth, "adminToken")
  })
})

describe("what is left out", () => {
  const config = parsed(base)

  it("has the documented defaults", () => {
    assert.deepInclude(config.server, { host: "127.0.0.1", port: 8787, workers: 1 })
    assert.strictEqual(config.auth.mode, "keys")
    assert.deepInclude(config.ledger, { durability: "strict", bodies: "none", onFailure: "deny" })
    assert.deepStrictEqual(config.log, { level: "info", format: "json" })
    assert.deepInclude(config.providers[0], { retries: 1, scheduler: "weighted", breaker: true, errorRules: [], simulator: false })
    assert.strictEqual(Duration.toMillis(config.providers[0]!.timeouts.idle), 60_000)
    assert.deepStrictEqual([config.keys, config.extensions], [[], {}])
  })

  it("may also be a key without a value", () => {
    assert.deepStrictEqual(parsed(`server:\n  port:\nkeys:\nredis:\n${base}`), config)
  })
})

describe("an unknown key", () => {
  it("is an error at its place, with the key that was probably meant", () => {
    assert.deepStrictEqual(problems(`server: { hots: x }\nlegder: {}\n${base}`), [
      "legder: unknown key; did you mean \"ledger\"?",
      "server.hots: unknown key; did you mean \"host\"?"
    ])
    assert.deepStrictEqual(
      problems("providers: [{ id: a, dialect: openai-chat, baseURL: x, baseUrl: \"https://a\" }]\nmodels: [{ id: x, targets: [{ provider: a, modle: y }] }]"),
      [
        "providers[0].baseURL: unknown key; did you mean \"baseUrl\"?",
        "models[0].targets[0].modle: unknown key; did you mean \"model\"?"
      ]
    )
  })

  it("lists the known ones where none is near", () => {
    assert.deepStrictEqual(problems(`log: { colour: red }${base}`), ["log.colour: unknown key; known here: level, format"])
  })

  it("is found inside a choice of forms too", () => {
    assert.deepStrictEqual(
      problems(
        "providers: [{ id: a, dialect: openai-chat, simulator: true }]\nmodels: [{ id: x, targets: [{ provider: a }], onClientGone: { drain: { time: 1 second, bites: 1MB, bytes: 1MB } } }]"
      ),
      [
        "models[0].onClientGone.drain.bites: unknown key; did you mean \"bytes\"?"
      ]
    )
  })
})

describe("values", () => {
  it("may be numbers and flags that arrive as text from variables", () => {
    const config = parsed(base.replace("dialect:", "retries: \"${R}\", breaker: \"${B}\", dialect:") + "server: { port: \"${PORT}\" }", {
      PORT: "99",
      R: "3",
      B: "false"
    })
    assert.deepStrictEqual([config.server.port, config.providers[0]!.retries, config.providers[0]!.breaker], [99, 3, false])
  })

  it("are refused with what was expected, all of them at once, and without the value", () => {
    const found = problems(`
server: { host: "", port: canary1, workers: 0, bodyLimit: 1 canary, lameDuck: 5, drainTimeout: Infinity }
auth: { mode: canary, adminToken: 12345678 }
ledger: { url: "canary://x", retention: 0 days }
redis: { url: canary }
otlp: { url: "ftp://canary" }
providers:
  - { id: "can ary", dialect: canary, baseUrl: "https://canary@x", simulator: canary, retries: 1.5, headers: { a: "x\\ncanary" } }
models:
  - { id: x, targets: [{ provider: a, weight: -1 }], onClientGone: canary, fidelity: canary }
keys: [{ id: k, key: s, budget: { usd: "1,5", period: canary } }]
`)
    assert.deepStrictEqual(found, [
      "server.host: must not be empty",
      "server.port: Expected a whole number from 0 to 65535",
      "server.workers: Expected a whole number from 1 to 256",
      "server.bodyLimit: Expected a byte size such as \"64KiB\", \"32MiB\" or \"1GB\"",
      "server.lameDuck: Expected a duration such as \"250 millis\", \"5 seconds\", \"2 minutes\" or \"90 days\"",
      "server.drainTimeout: Expected a duration such as \"250 millis\", \"5 seconds\", \"2 minutes\" or \"90 days\"",
      "auth.mode: Expected one of keys, jwt, open",
      "auth.adminToken: Expected a text (quote it if it looks like a number)",
      "ledger.url: Expected \"sqlite:FILE\", \"sqlite::memory:\" or a postgres:// URL",
      "ledger.retention: Expected a duration above zero such as \"5 seconds\", \"2 minutes\" or \"90 days\"",
      "redis.url: Expected a URL beginning with redis:// or rediss://",
      "otlp.url: Expected a URL beginning with http:// or https://",
      "providers[0].id: Expected 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit",
      "providers[0].dialect: Expected one of openai-chat, openai-responses, anthropic-messages, gemini-generate",
      "providers[0].baseUrl: Expected an http or https URL without user, query or fragment",
      "providers[0].simulator: Expected true or false",
      "providers[0].headers.a: must be one line",
      "providers[0].retries: Expected a whole number from 0 to 10",
      "models[0].targets[0].weight: Expected a number above 0",
      "models[0].fidelity: Expected one of default, strict, lenient",
      "models[0].onClientGone: Expected cancel, drain or { drain: { time, bytes } }",
      "keys[0].budget.usd: Expected an amount in US dollars such as \"25.00\"",
      "keys[0].budget.period: Expected one of day, week, month, total"
    ])
  })

  it("keep money exact, written as a text or as a number", () => {
    const usd = (written: string | number) =>
      Result.getOrThrow(decodeConfig({ providers: [], models: [], keys: [{ id: "k", key: "s", budget: [{ usd: written, period: "day" }] }] })).keys.flatMap((
        { budget }
      ) => budget === undefined || "usd" in budget ? [] : budget.map(({ usd }) => BigDecimal.format(usd)))
    assert.deepStrictEqual(usd("12345678901234567890.000000001"), ["12345678901234567890.000000001"])
    assert.deepStrictEqual(usd(0.1), ["0.1"])
  })

  it("of base URLs lose the slash at their end", () => {
    assert.strictEqual(parsed(base.replace("/v1", "/v1//")).providers[0]!.baseUrl, "https://a.example/v1")
  })
})

describe("the shape of the file", () => {
  it("must be a mapping with providers and models", () => {
    assert.deepStrictEqual(places("- a"), [""])
    assert.deepStrictEqual(problems(""), ["providers: is missing"])
    const noModels = "models: needs at least one entry, unless the list of a provider is read (providers[].discovery)"
    assert.deepStrictEqual(problems("providers: []"), ["providers: needs at least one entry", noModels])
    assert.deepStrictEqual(problems("providers: []\nmodels: []"), ["providers: needs at least one entry", noModels])
    assert.deepStrictEqual(problems("providers: {}\nmodels: x\nserver: 1"), [
      "server: Expected a mapping of keys",
      "providers: Expected a list",
      "models: Expected a list"
    ])
  })

  it("must be YAML, or the line is named", () => {
    const errorOf = (source: string) => Result.match(parse(source, {}), { onSuccess: () => undefined, onFailure: (error) => error.problems[0] })
    assert.deepInclude(errorOf("server:\n  port: 1\nauth: { mode: keys\nlog: {}\n"), { path: "", line: 3 })
    assert.deepInclude(errorOf("a: 1\na: 2\nb: 3"), { line: 2 })
    assert.match(errorOf("a: 1\na: 2")!.message, /^is not valid YAML: Duplicate key 'a'/)
  })

  const Fragment = Schema.Literals([..."\n\n\n  -:{}[]\"'&*$|#a1", "providers", "models", "id", ": ", "- ", "${A}", "${A:-", "\n  "])
  it.effect.prop(
    "may be any text: it gives a configuration or problems, never an exception",
    [Schema.Array(Fragment), Schema.String],
    ([fragments, text]) =>
      Effect.sync(() => {
        for (const source of [fragments.join(""), text, base + fragments.join("")]) {
          const result = parse(source, {})
          if (Result.isFailure(result)) assert.isAbove(result.failure.problems.length, 0)
        }
      }),
    { arbitrary: { seed: 5, runs: 500, size: 60 } }
  )
})
