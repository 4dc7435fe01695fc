import { assert, describe, it } from "@effect/vitest"
import * as Money from "@sluice/protocol/Money"
import { Result } from "effect"
import { parse, toApiKeys, toLimitOptions } from "../../src/Config.ts"

const file = (more: string) => `
providers:
  - { id: a, dialect: openai-chat, baseUrl: "https://a.example" }
models:
  - { id: m, targets: [{ provider: a }] }
${more}
`
const problems = (more: string) =>
  Result.match(parse(file(more), {}), { onSuccess: () => [], onFailure: (error) => error.problems.map(({ message, path }) => `${path}: ${message}`) })

const parsed = (more: string) => Result.getOrThrow(parse(file(more), {}))

const usd = (dollars: number) => Money.fromNanos(BigInt(Math.round(dollars * 1e9)))

describe("limits of keys, teams and tenants", () => {
  it("come to the gateway as the rules they are", () => {
    const config = parsed(`
tenants: [{ id: acme, limits: { requestsPerDay: 100000, concurrency: 50 }, budget: { usd: "2500", period: month } }]
teams: [{ id: research, tenant: acme, budget: [{ usd: "10.50", period: day }, { usd: 100, period: total }] }]
keys:
  - id: ci
    key: s
    team: research
    priority: batch
    models: [m]
    limits: { requestsPerMinute: 60, tokensPerMinute: 100000, models: [{ model: "m*", concurrency: 2 }] }
  - { id: plain, key: t }
`)
    const [ci, plain] = toApiKeys(config).map(({ principal }) => principal)
    assert.deepStrictEqual(ci, {
      id: "ci",
      tenant: "acme",
      team: "research",
      priority: "batch",
      models: ["m"],
      limits: {
        rates: [{ kind: "requests", limit: 60, windowMs: 60_000 }, { kind: "tokens", limit: 100_000, windowMs: 60_000 }],
        budgets: [],
        models: [{ model: "m*", rates: [], concurrency: 2 }]
      }
    })
    assert.deepStrictEqual(plain, { id: "plain", priority: "interactive", limits: { rates: [], budgets: [], models: [] } })
    const { teams, tenants } = toLimitOptions(config)
    assert.deepStrictEqual(teams.get("research")?.budgets, [{ limit: usd(10.5), period: "day" }, { limit: usd(100), period: "total" }])
    assert.deepStrictEqual(tenants.get("acme"), {
      rates: [{ kind: "requests", limit: 100_000, windowMs: 86_400_000 }],
      concurrency: 50,
      budgets: [{ limit: usd(2500), period: "month" }],
      models: []
    })
  })

  it("refuse what they cannot mean, with its place", () => {
    assert.deepStrictEqual(problems("keys: [{ id: k, key: s, tenant: nobody, team: none }]"), [
      "keys[0].team: no team has this id",
      "keys[0].tenant: no tenant has this id"
    ])
    assert.deepStrictEqual(
      problems("tenants: [{ id: a }, { id: b }, { id: a }]\nteams: [{ id: t, tenant: b }]\nkeys: [{ id: k, key: s, team: t, tenant: a }]"),
      [
        "tenants[2].id: another entry has this id",
        "keys[0].tenant: is another tenant than that of the team; leave it out"
      ]
    )
    assert.deepStrictEqual(
      problems("keys: [{ id: k, key: s, budget: { usd: \"0.0000000000001\", period: day } }, { id: l, key: t, budget: [{ usd: 9000001, period: day }] }]"),
      ["keys[0].budget.usd: has more than twelve decimal places", "keys[1].budget[0].usd: is more than 9000000, the greatest budget"]
    )
    assert.deepStrictEqual(
      problems(
        "keys: [{ id: k, key: s, budget: [{ usd: 1, period: day }, { usd: 2, period: day }], limits: { models: [{ model: m, concurrency: 1 }, { model: m, concurrency: 2 }] } }]"
      ),
      ["keys[0].budget[1].period: another budget has this period", "keys[0].limits.models[1].model: another entry is for the same models"]
    )
    assert.deepStrictEqual(problems("keys: [{ id: k, key: s, limits: { requestsPerMinut: 5 } }]"), [
      "keys[0].limits.requestsPerMinut: unknown key; did you mean \"requestsPerMinute\"?"
    ])
  })
})
