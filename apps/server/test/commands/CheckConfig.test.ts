import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import { asProcess, folder, sluice } from "./Sluice.ts"

const good = `
providers:
  - { id: a, dialect: openai-chat, baseUrl: "https://a.example/v1", credentials: [{ id: main, apiKey: "\${A_KEY}" }] }
models:
  - { id: "*", targets: [{ provider: a }] }
`
const bad = `${good}
server: { prot: 1 }
otlp: { url: "http://127.0.0.1:4318" }
`
const check = (text: string, env: Record<string, string>, ...flags: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const file = join(yield* folder({ "sluice.yaml": text }), "sluice.yaml")
    return { file, ...(yield* sluice(["check-config", "--config", file, ...flags], { env })) }
  }).pipe(Effect.scoped)

describe("check-config", () => {
  it.effect("says that a good file is good", () =>
    Effect.gen(function*() {
      const { code, file, stderr, stdout } = yield* check(good, { A_KEY: "canary" })
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.strictEqual(stdout, `${file}: no problems (1 provider, 1 model entry, 0 keys)`)
    }))

  it.effect("prints every problem with its file, line and path", () =>
    Effect.gen(function*() {
      const { code, file, stderr, stdout } = yield* check(bad, {})
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.deepStrictEqual(stderr.split("\n"), [
        `${file}:3: providers[0].credentials[0].apiKey: the variable A_KEY is not set`,
        `${file}:7: server.prot: unknown key; did you mean "port"?`
      ])
    }))

  it.effect("refuses what would do nothing", () =>
    Effect.gen(function*() {
      const { code, file, stderr } = yield* check(bad.replace("server: { prot: 1 }", ""), { A_KEY: "canary" })
      assert.deepStrictEqual([code, stderr], [1, `${file}:8: otlp: export over OpenTelemetry is not supported in this version; leave it out`])
    }))

  it.effect("prints the same as JSON", () =>
    Effect.gen(function*() {
      const wrong = yield* check(bad, {}, "--json")
      assert.deepStrictEqual([wrong.code, wrong.stderr], [1, ""])
      assert.deepStrictEqual(JSON.parse(wrong.stdout), {
        ok: false,
        file: wrong.file,
        problems: [
          { path: "providers[0].credentials[0].apiKey", message: "the variable A_KEY is not set", line: 3 },
          { path: "server.prot", message: "unknown key; did you mean \"port\"?", line: 7 }
        ]
      })
      const right = yield* check(good, { A_KEY: "canary" }, "--json")
      assert.strictEqual(right.code, 0)
      assert.deepStrictEqual(JSON.parse(right.stdout), { ok: true, file: right.file, problems: [] })
    }))

  it.effect("says so when there is no such file", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* sluice(["check-config", "--config", "/nowhere/sluice.yaml"])
      assert.deepStrictEqual([code, stderr], [1, "/nowhere/sluice.yaml: cannot be read: there is no such file"])
    }))

  it.effect("counts aliases, those of entries too, and lists of models that a server would read", () =>
    Effect.gen(function*() {
      const { file, stdout } = yield* check(
        `providers:
  - { id: a, dialect: openai-chat, simulator: true, discovery: {} }
models:
  - { id: m, targets: [{ provider: a }], aliases: [x] }
aliases: [{ alias: y, model: m }]
`,
        {}
      )
      assert.strictEqual(stdout, `${file}: no problems (1 provider, 1 model entry, 2 aliases, 1 list of models to read, 0 keys)`)
    }))

  it.effect("checks the configuration that needs no file", () =>
    Effect.gen(function*() {
      const { code, stdout } = yield* sluice(["check-config"], { env: { OPENAI_API_KEY: "canary" } })
      assert.deepStrictEqual([code, stdout], [0, "The configuration without a file: no problems (5 providers, 7 model entries, 0 keys)"])
    }))

  it.live("is a program that ends with 1 when a file is bad", () =>
    Effect.gen(function*() {
      const cwd = yield* folder({ "bad.yaml": "models: [\n" })
      const { code, stderr, stdout } = yield* asProcess(["check-config", "-c", "bad.yaml"], cwd)
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.match(stderr, /bad\.yaml:\d: is not valid YAML: .*\n$/)
    }).pipe(Effect.scoped), 60_000)
})
