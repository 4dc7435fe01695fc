/** What `sluice models` says of the models of a file: names, targets, facts and prices, and who said each of them. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import { folder, sluice } from "./Sluice.ts"

const config = `providers:
  - { id: openai, dialect: openai-chat, baseUrl: "https://api.openai.com/v1", credentials: [{ id: main, apiKey: canary-key }], prefix: acme }
  - { id: anthropic, dialect: anthropic-messages, baseUrl: "https://api.anthropic.com", credentials: [{ id: main, apiKey: canary-key }] }
  - { id: sim, dialect: anthropic-messages, simulator: true, discovery: { included: [sim-auto, sim-text] } }
  - { id: down, dialect: openai-chat, baseUrl: "http://127.0.0.1:1/v1", discovery: {} }
models:
  - { id: fast, targets: [{ provider: openai, model: gpt-4o-mini, weight: 3 }, { provider: anthropic, model: claude-haiku-4-5 }], info: { displayName: Fast } }
  - { id: own, targets: [{ provider: openai, model: house-1, price: { input: 1, output: "2.50" } }] }
  - { id: "exact/*", targets: [{ provider: anthropic, model: "*" }] }
aliases:
  - { alias: pool, model: own }
  - { alias: pool, model: exact/claude-sonnet-4-5, forced: true }
  - { alias: auto, model: sim/sim-auto }
`

const models = (...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const cwd = yield* folder({ "sluice.yaml": config })
    return yield* sluice(["models", ...args, "--config", join(cwd, "sluice.yaml")])
  }).pipe(Effect.scoped)

const shown = (name: string) => Effect.map(models("show", name, "--json"), ({ stdout }) => JSON.parse(stdout))

describe("models list", () => {
  it.effect("shows every name, unknown facts as unknown, and no secret", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* models("list")
      assert.strictEqual(code, 0)
      const rows = stdout.split("\n").map((line) => line.split(/ {2,}/).map((cell) => cell.trim()))
      assert.deepStrictEqual(rows, [
        ["NAME", "FIRST TARGET", "CONTEXT", "MAX OUTPUT", "$ IN", "$ OUT", "NAMED"],
        ["fast", "openai → gpt-4o-mini +1", "128000", "?", "0.15", "0.6", "configured"],
        ["own", "openai → house-1", "?", "?", "1", "2.5", "configured"],
        ["acme/fast", "openai → gpt-4o-mini", "128000", "?", "0.15", "0.6", "fast at openai alone"],
        ["acme/own", "openai → house-1", "?", "?", "1", "2.5", "own at openai alone"],
        ["pool", "openai → house-1 +1", "?", "?", "1", "2.5", "pool of own, exact/claude-sonnet-4-5"],
        ["acme/pool", "openai → house-1", "?", "?", "1", "2.5", "pool at openai alone"],
        [""],
        ["And whatever fits exact/*."]
      ])
      assert.strictEqual(stderr, "A server also serves what sim, down list; --discover asks for it")
      const json = yield* models("list", "--json")
      assert.deepStrictEqual(JSON.parse(json.stdout).models.map(({ name }: { readonly name: string }) => name), [
        "fast",
        "own",
        "acme/fast",
        "acme/own",
        "pool",
        "acme/pool"
      ])
      assert.notInclude(stdout + json.stdout, "canary")
    }))

  it.live("asks the providers for their lists where it is told to, and says which did not answer", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* models("list", "--discover")
      assert.strictEqual(code, 0)
      assert.match(stdout, /sim\/sim-auto +sim → sim-auto +200000 +64000 +\? +\? +listed by sim/)
      assert.notInclude(stdout, "sim-error")
      assert.match(stderr, /^The list of down could not be read: /m)
    }))
})

describe("models show", () => {
  it.effect("says of each fact who said it, and of each price its version", () =>
    Effect.gen(function*() {
      const fast = yield* shown("fast")
      assert.deepStrictEqual(fast.facts, { contextWindow: { value: 128_000, from: "catalogue" }, displayName: { value: "Fast", from: "configuration" } })
      assert.deepStrictEqual(
        fast.targets.map(({ model, weight }: { readonly model: string; readonly weight: number }) => [model, weight]),
        [["gpt-4o-mini", 3], ["claude-haiku-4-5", 1]]
      )
      const [mini, haiku] = fast.targets
      assert.match(mini.price.from, /^genai-prices-[\d.]+\/openai\/gpt-4o-mini$/)
      assert.deepStrictEqual([haiku.price.rates.input, haiku.facts.contextWindow], ["1", { value: 200_000, from: "catalogue" }])
      assert.deepStrictEqual([fast.order, fast.catalogue.licence], ["weighted", "MIT"])
    }))

  it.effect("knows pools, prefixes, configured prices, other prices for long prompts, and what is not known", () =>
    Effect.gen(function*() {
      const pool = yield* shown("pool")
      assert.deepInclude(pool, { order: "turn", forced: true, origin: { _tag: "Alias", models: ["own", "exact/claude-sonnet-4-5"] }, facts: {} })
      const [own, sonnet] = pool.targets
      assert.deepStrictEqual(own.price.rates, { input: "1", output: "2.5" })
      assert.match(own.price.from, /^route-/)
      assert.deepStrictEqual([sonnet.price.longPrompts[0].above, sonnet.price.longPrompts[0].rates.input], [200_000, "6"])
      assert.deepInclude((yield* shown("acme/fast")).origin, { _tag: "Prefix", prefix: "acme", provider: "openai", model: "fast" })
      const unknown = yield* shown("exact/nobodys-model")
      assert.deepStrictEqual([unknown.facts, unknown.targets[0].price, unknown.targets[0].catalogue], [{}, "unknown", undefined])
    }))

  it.effect("is readable", () =>
    Effect.gen(function*() {
      const { stdout } = yield* models("show", "pool")
      assert.include(stdout, "pool (pool of own, exact/claude-sonnet-4-5)\ntargets: turn\nanswers name the model as the client does\nnothing is known of it\n")
      assert.match(stdout, /price above 200000 +input \$6, /)
      assert.match(stdout, /contextWindow +200000 \(catalogue\)/)
      assert.match(stdout, /Catalogue: genai-prices-[\d.]+ \(MIT\)\.$/)
    }))

  it.live("tells what the provider's list said from what the configuration said, also behind an alias", () =>
    Effect.gen(function*() {
      for (const name of ["sim/sim-auto", "auto"]) {
        const { stdout } = yield* models("show", name, "--discover", "--json")
        assert.deepStrictEqual(JSON.parse(stdout).facts.maxOutputTokens, { value: 64_000, from: "provider" })
      }
    }))

  it.effect("fails for nobody's name, and says which lists may have it", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* models("show", "nope")
      assert.deepStrictEqual([code, stderr], [1, "no model entry serves \"nope\"; the lists of sim, down may have it: --discover asks for them"])
    }))
})
