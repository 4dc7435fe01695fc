/** How credentials are chosen and rest, what errors mean, and where requests go on to, as it is configured. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { parse, toModelEntries, toPolicy } from "../../src/Config.ts"

const file = (provider: string, model = "") => `
providers: [{ id: p, dialect: openai-chat, baseUrl: "https://a.example"${provider === "" ? "" : `, ${provider}`} }]
models: [{ id: m, targets: [{ provider: p }]${model === "" ? "" : `, ${model}`} }, { id: n, targets: [{ provider: p }] }]
keys: [{ id: k, key: s }]
`
const parsed = (source: string) => Result.getOrThrow(parse(source, {}))
const problems = (source: string): ReadonlyArray<string> =>
  Result.match(parse(source, {}), { onFailure: ({ problems }) => problems.map(({ message, path }) => `${path}: ${message}`), onSuccess: () => [] })
const policyOf = (provider: string) => {
  const [first] = parsed(file(provider)).providers
  return first === undefined ? assert.fail("no provider") : toPolicy(first)
}

describe("a provider's policy", () => {
  it("is the documented one where nothing is said", () => {
    assert.deepStrictEqual(policyOf(""), { scheduler: "weighted", breaker: true, errorRules: [] })
  })

  it("may be a switch or details, with the defaults for what they leave out", () => {
    assert.deepInclude(policyOf("cooldown: false, breaker: false, scheduler: session-affinity"), {
      scheduler: "session-affinity",
      cooldown: false,
      breaker: false
    })
    assert.deepInclude(policyOf("cooldown: { max: 5 minutes }, breaker: { failures: 3 }"), {
      cooldown: { maxMs: 300_000, minMs: 1_000, rateLimitedMs: 1_000, refusedMs: 1_800_000, exhaustedMs: 1_800_000, missingMs: 300_000 },
      breaker: { failures: 3, firstMs: 30_000, maxMs: 300_000 }
    })
  })

  it("has rules for errors", () => {
    assert.deepStrictEqual(
      policyOf("errorRules: [{ status: 400, message: \"/quota/i\", scope: credential, action: cooldown, for: 1 hour }]").errorRules,
      [{ status: 400, message: "/quota/i", scope: "credential", action: "cooldown", forMs: 3_600_000 }]
    )
  })

  it("is refused where its parts do not fit, at their places", () => {
    const wrong: ReadonlyArray<readonly [string, RegExp]> = [
      ["cooldown: { min: 1 hour }", /^providers\[0\]\.cooldown\.min: the shortest rest is longer/],
      ["breaker: { for: 1 hour }", /^providers\[0\]\.breaker\.for: /],
      ["breaker: maybe", /^providers\[0\]\.breaker: /],
      ["scheduler: fastest", /^providers\[0\]\.scheduler: /],
      ["errorRules: [{ scope: model, action: next }]", /^providers\[0\]\.errorRules\[0\]: fits every error/],
      ["errorRules: [{ status: 400, message: \"/(/\", scope: model, action: next }]", /^providers\[0\]\.errorRules\[0\]\.message: is no pattern/],
      ["errorRules: [{ status: 400, scope: request, action: cooldown }]", /^providers\[0\]\.errorRules\[0\]\.action: a request cannot rest/],
      ["errorRules: [{ status: 400, scope: model, action: next, for: 1 hour }]", /^providers\[0\]\.errorRules\[0\]\.for: /]
    ]
    for (const [setting, message] of wrong) {
      const [only, second] = problems(file(setting))
      assert.match(only ?? "", message, setting)
      assert.isUndefined(second, setting)
    }
  })
})

describe("where requests go on to", () => {
  const entryOf = (model: string) => toModelEntries(parsed(file("", model)))[0]

  it("may have conditions, and fallbacks may be names as before", () => {
    assert.deepStrictEqual(entryOf("fallbacks: [n]")?.fallbacks, ["n"])
    assert.deepStrictEqual(entryOf("fallbacks: [{ model: n, when: { stream: true, minTokens: \"5\" }, on: [context-overflow] }]")?.fallbacks, [
      { model: "n", when: { stream: true, minTokens: 5 }, on: ["context-overflow"] }
    ])
    assert.deepStrictEqual(entryOf("routes: [{ model: n, when: { tools: true, metadata: { tier: \"gold*\" }, roles: [admin] } }]")?.routes, [
      { model: "n", when: { tools: true, metadata: { tier: "gold*" }, roles: ["admin"] } }
    ])
  })

  it("is refused where it leads nowhere, or back", () => {
    assert.deepStrictEqual(problems(file("", "fallbacks: [{ model: nowhere }]")), ["models[0].fallbacks[0].model: no entry serves the fallback \"nowhere\""])
    assert.deepStrictEqual(problems(file("", "routes: [{ model: nowhere }]")), ["models[0].routes[0].model: no entry serves \"nowhere\""])
    assert.deepStrictEqual(problems(file("", "routes: [{ model: m }]")), ["models[0].routes[0].model: requests for \"m\" would go on to itself"])
    assert.match(problems(file("", "fallbacks: [{ model: n, on: [sometimes] }]")).join(), /fallbacks\[0\]/)
  })
})

describe("the section scheduling", () => {
  it("bounds tries and what is remembered", () => {
    const { scheduling } = parsed(`${file("")}scheduling: { attempts: 3 }\n`)
    assert.deepInclude(scheduling, { attempts: 3, retryShare: 10, retryLeast: 3, sessions: 10_000 })
    assert.match(problems(`${file("")}scheduling: { attempts: 0 }\n`).join(), /scheduling\.attempts/)
  })
})
