import { assert, describe, it } from "@effect/vitest"
import * as ModelRegistry from "@sluice/gateway/ModelRegistry"
import * as Planner from "@sluice/gateway/Planner"
import { Duration, Option, Redacted, Result } from "effect"
import { defaults, toModelRegistry } from "../../src/Config.ts"

const configOf = (environment = {}) => Result.getOrThrow(defaults(environment))
const served = (environment: Record<string, string>, model: string) => {
  const registry = Result.getOrThrow(toModelRegistry(configOf(environment)))
  return Planner.plan(registry, Option.getOrThrow(ModelRegistry.resolve(registry, model)), () => 0).map((candidate) =>
    `${candidate.provider}:${candidate.model}`
  )
}

describe("without a file", () => {
  it("the server listens on this machine only, open, with its ledger beside it", () => {
    const config = configOf()
    assert.deepInclude(config.server, { host: "127.0.0.1", port: 8787 })
    assert.strictEqual(config.auth.mode, "open")
    assert.isTrue(Duration.isZero(config.server.lameDuck))
    assert.deepStrictEqual(config.ledger.url, { _tag: "Sqlite", filename: "./sluice.db" })
  })

  it("the simulator speaks every dialect and serves everything", () => {
    assert.deepStrictEqual(configOf().providers.map(({ id, dialect, simulator }) => [id, dialect, simulator]), [
      ["sim", "openai-chat", true],
      ["sim-responses", "openai-responses", true],
      ["sim-anthropic", "anthropic-messages", true],
      ["sim-gemini", "gemini-generate", true]
    ])
    assert.deepStrictEqual(served({}, "sim-anthropic/claude-x"), ["sim-anthropic:claude-x"])
    for (const model of ["gpt-4o", "claude-x", "anything/at:all"]) assert.deepStrictEqual(served({}, model), [`sim:${model}`])
  })

  it("OpenAI and Anthropic join when their variables hold a key, and serve their names", () => {
    const both = { OPENAI_API_KEY: "sk-o", ANTHROPIC_API_KEY: "sk-a" }
    assert.deepStrictEqual(configOf(both).providers.map(({ id }) => `${id}`), ["openai", "anthropic", "sim", "sim-responses", "sim-anthropic", "sim-gemini"])
    assert.strictEqual(Redacted.value(configOf(both).providers[0]!.credentials[0]!.apiKey!), "sk-o")
    assert.deepStrictEqual(
      ["gpt-4o", "o3-mini", "openai/x/y", "claude-haiku-4-5", "anthropic/claude-x", "sim-anthropic/m", "my-model"].flatMap((model) => served(both, model)),
      ["openai:gpt-4o", "openai:o3-mini", "openai:x/y", "anthropic:claude-haiku-4-5", "anthropic:claude-x", "sim-anthropic:m", "sim:my-model"]
    )
    assert.deepStrictEqual(served({ ANTHROPIC_API_KEY: "sk-a" }, "gpt-4o"), ["sim:gpt-4o"])
  })

  it("an empty variable is as good as none", () => {
    assert.deepStrictEqual(configOf({ OPENAI_API_KEY: "", SLUICE_ADMIN_TOKEN: "" }), configOf())
  })

  it("an admin token may come from the environment", () => {
    assert.strictEqual(Redacted.value(configOf({ SLUICE_ADMIN_TOKEN: "t" }).auth.adminToken!), "t")
    assert.notProperty(configOf().auth, "adminToken")
  })
})
