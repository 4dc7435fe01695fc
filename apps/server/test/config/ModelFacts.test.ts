/** What a file says of models beside where they are: aliases, pools, prefixes, exclusions, facts, lists of providers. */
import { assert, describe, it } from "@effect/vitest"
import * as ModelRegistry from "@sluice/gateway/ModelRegistry"
import * as Planner from "@sluice/gateway/Planner"
import { Duration, Option, Result } from "effect"
import { type Config, parse, toDiscoveries, toModelRegistry } from "../../src/Config.ts"

const providers = `providers:
  - { id: work, dialect: openai-chat, simulator: true, prefix: acme, excluded: ["*-preview", "GPT-3*"] }
  - { id: home, dialect: anthropic-messages, simulator: true, prefix: home, forcePrefix: true }
`
const config = (rest: string): Config => Result.getOrThrow(parse(providers + rest, {}))
const problems = (text: string): ReadonlyArray<string> =>
  Result.match(parse(text, {}), { onSuccess: () => [], onFailure: (error) => error.problems.map(({ line, message, path }) => `${line} ${path}: ${message}`) })

const leads = (of: Config, model: string) => {
  const snapshot = Result.getOrThrow(toModelRegistry(of))
  return Option.map(
    ModelRegistry.resolve(snapshot, model),
    (route) => Planner.plan(snapshot, route, () => 0).map((candidate) => `${candidate.provider}:${candidate.model}`)
  ).pipe(Option.getOrUndefined)
}

describe("models", () => {
  it("have aliases of their own and in a section, which may pool, fork and force", () => {
    const of = config(`models:
  - { id: gpt-5, targets: [{ provider: work }], aliases: [best] }
  - { id: "claude-*", targets: [{ provider: work, model: "vendor/claude-*" }] }
aliases:
  - { alias: pool, model: gpt-5 }
  - { alias: pool, model: claude-1, forced: true }
  - { alias: only, model: claude-2, fork: false }
`)
    assert.deepStrictEqual(["best", "pool", "only", "claude-2", "acme/best"].map((model) => leads(of, model)), [
      ["work:gpt-5"],
      ["work:gpt-5", "work:vendor/claude-1"],
      ["work:vendor/claude-2"],
      undefined,
      ["work:gpt-5"]
    ])
    const { entry } = Option.getOrThrow(ModelRegistry.resolve(Result.getOrThrow(toModelRegistry(of)), "pool"))
    assert.deepInclude(entry, { order: "turn", forced: true })
  })

  it("are named and left out as their providers say", () => {
    const of = config(`models:
  - { id: m, targets: [{ provider: home, weight: 3 }, { provider: work }] }
  - { id: "*", targets: [{ provider: work }] }
`)
    assert.deepStrictEqual(["m", "home/m", "acme/m", "x-preview", "gpt-3.5", "gpt-5"].map((model) => leads(of, model)), [
      ["work:m"],
      ["home:m"],
      ["work:m"],
      undefined,
      undefined,
      ["work:gpt-5"]
    ])
  })

  it("have facts, dates in seconds, and no limit of nothing", () => {
    const { models: [model] } = config(`models:
  - id: m
    targets: [{ provider: work }]
    order: listed
    info: { displayName: "M", created: "2025-11-24", contextWindow: 200000, input: [text, image], tools: true, retiresAt: "2027-01-01T12:00:00Z" }
`)
    assert.deepStrictEqual({ ...model?.info }, {
      displayName: "M",
      created: 1_763_942_400,
      contextWindow: 200_000,
      input: ["text", "image"],
      tools: true,
      retiresAt: 1_798_804_800
    })
    assert.deepStrictEqual(problems(`${providers}models:\n  - { id: m, targets: [{ provider: work }], info: { maxOutputTokens: 0, created: yesterday } }\n`), [
      "5 models[0].info.created: Expected a date such as \"2025-11-24\" or a time such as \"2025-11-24T12:00:00Z\"",
      "5 models[0].info.maxOutputTokens: Expected a whole number of at least 1"
    ])
  })

  it("are refused at their place, aliases too", () => {
    assert.deepStrictEqual(
      problems(`${providers}models:
  - { id: m, targets: [{ provider: work, weight: 2 }], aliases: [m, "a*"], order: turn }
aliases:
  - { alias: x, model: nowhere }
  - { alias: y, model: m }
`),
      [
        "5 models[0].targets[0].weight: a weight says nothing where the order of targets is \"turn\"",
        "7 aliases[0].model: no entry serves the model \"nowhere\"",
        "8 aliases[1].model: \"m\" is an alias itself; name the model it leads to",
        "5 models[0].aliases[0]: the name \"m\" is taken by an entry",
        "5 models[0].aliases[1]: an alias is one name, \"a*\" has a *"
      ]
    )
  })
})

describe("a provider", () => {
  it("needs the prefix it forces, and one of its own", () => {
    const models = "models:\n  - { id: m, targets: [{ provider: a }] }\n"
    assert.deepStrictEqual(
      problems(`providers:
  - { id: a, dialect: openai-chat, simulator: true, forcePrefix: true }
  - { id: b, dialect: openai-chat, simulator: true, prefix: x }
  - { id: c, dialect: openai-chat, simulator: true, prefix: x }
  - { id: d, dialect: openai-chat, simulator: true, prefix: "x/y" }
${models}`),
      ["5 providers[3].prefix: Expected 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit"]
    )
    assert.deepStrictEqual(
      problems(`providers:
  - { id: a, dialect: openai-chat, simulator: true, forcePrefix: true }
  - { id: b, dialect: openai-chat, simulator: true, prefix: x }
  - { id: c, dialect: openai-chat, simulator: true, prefix: x }
${models}`),
      [
        "2 providers[0].forcePrefix: needs a prefix: without one its models would have no name",
        "4 providers[2].prefix: another provider has this prefix"
      ]
    )
  })

  it("whose list is read makes models unnecessary, and lets keys and aliases name what only the list has", () => {
    const of = Result.getOrThrow(parse(
      `providers:
  - { id: a, dialect: openai-chat, simulator: true, discovery: { names: bare, excluded: ["*-audio-*"], interval: 30 minutes } }
keys: [{ id: k, key: secret, models: [from-the-list] }]
aliases: [{ alias: x, model: from-the-list }]
`,
      {}
    ))
    assert.deepStrictEqual(toDiscoveries(of).map((each) => ({ ...each })), [
      { provider: of.providers[0]!.id, names: "bare", excluded: ["*-audio-*"], interval: Duration.minutes(30), timeout: Duration.seconds(30) }
    ])
  })
})

describe("many", () => {
  it("keys are checked in time that grows with them and no faster", () => {
    const keys = Array.from({ length: 20_000 }, (_, at) => `  - { id: k${at}, key: secret-${at} }`).join("\n")
    const of = Result.getOrThrow(parse(`${providers}models: [{ id: m, targets: [{ provider: work }] }]\nkeys:\n${keys}\n`, {}))
    assert.lengthOf(of.keys, 20_000)
  })
})
