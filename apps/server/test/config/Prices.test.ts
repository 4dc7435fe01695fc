/** Prices of a configuration file: how they are read, what is wrong with them and where, and which price the book then takes. */
import { assert, describe, it } from "@effect/vitest"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as PriceBook from "@sluice/ledger/PriceBook"
import * as Money from "@sluice/protocol/Money"
import { Option, Result } from "effect"
import { parse, toModelEntries, toPriceBook } from "../../src/Config.ts"

const file = ({ prices = "{}", price = "{ input: 1 }", provider = "" }: { readonly prices?: string; readonly price?: string; readonly provider?: string }) => `
providers:
  - { id: a, dialect: openai-chat, baseUrl: "https://api.openai.com/v1"${provider} }
models:
  - { id: m, targets: [{ provider: a, price: ${price} }] }
prices: ${prices}
`

const problems = (parts: Parameters<typeof file>[0]) =>
  Result.match(parse(file(parts), {}), {
    onSuccess: () => [],
    onFailure: (error) => error.problems.map(({ message, path }) => `${path}: ${message}`)
  })

const book = (parts: Parameters<typeof file>[0]) => PriceBook.make(toPriceBook(Result.getOrThrow(parse(file(parts), {}))))

const usd = (parts: Parameters<typeof file>[0], model: string) =>
  Option.map(
    book(parts).cost({ usage: { input: 1_000_000 }, upstreamModel: model, provider: ProviderId.make("a"), at: Date.UTC(2026, 9, 1) }),
    ({ amount }) => Money.toDecimal(amount)
  )

describe("prices in a file", () => {
  it("are exact, as text and as numbers", () => {
    for (const [written, read] of [["\"0.000000000001\"", "0.000000000001"], ["0.1", "0.1"], ["3", "3"], ["\"1234.50\"", "1234.5"]] as const) {
      assert.deepStrictEqual(usd({ prices: `{ models: [{ model: "x", input: ${written} }] }` }, "x"), Option.some(read))
    }
  })

  it("that are no amounts are told with their place", () => {
    for (const wrong of ["-1", "\"1,5\"", "\"$3\"", "1e-9", "\"0.0000000000001\"", "\"\"", "true"]) {
      const [found] = problems({ prices: `{ models: [{ model: "x", input: ${wrong} }] }` })
      assert.match(found ?? "", /^prices\.models\[0\]\.input: Expected an amount in US dollars/, wrong)
    }
    assert.match(problems({ price: "{ output: three }" })[0] ?? "", /^models\[0\]\.targets\[0\]\.price\.output: Expected an amount/)
  })

  it("that price nothing, turn tiers around or name nobody are told with their place", () => {
    assert.deepStrictEqual(problems({ price: "{}" }), ["models[0].targets[0].price: names no price: give at least input or output"])
    assert.deepStrictEqual(problems({ prices: "{ models: [{ model: x, provider: b, input: 1 }] }" }), [
      "prices.models[0].provider: there is no provider \"b\""
    ])
    assert.deepStrictEqual(problems({ prices: "{ models: [{ model: x, input: 1, tiers: [{ above: 5, input: 2 }, { above: 5, input: 3 }] }] }" }), [
      "prices.models[0].tiers[1].above: must be more than in the tier before"
    ])
    assert.match(problems({ provider: ", prices: nobody" })[0] ?? "", /^providers\[0\]\.prices: nobody publishes prices under this name; known: anthropic, /)
  })

  it("go before the published ones, and the route's own goes with the route", () => {
    assert.deepStrictEqual(usd({}, "gpt-5"), Option.some("1.25"))
    assert.deepStrictEqual(usd({ prices: "{ models: [{ model: \"gpt-*\", input: 7 }] }" }, "gpt-5"), Option.some("7"))
    assert.deepStrictEqual(usd({ prices: "{ models: [{ model: x, input: 1, tiers: [{ above: 200000, input: 2 }] }] }" }, "x"), Option.some("2"))
    const [entry] = toModelEntries(Result.getOrThrow(parse(file({ price: "{ input: 2, request: 0.01 }" }), {})))
    const { input, request } = entry?.targets[0]?.price?.rates ?? {}
    assert.deepStrictEqual([input, request].map((rate) => rate === undefined ? undefined : Money.toDecimal(rate)), ["2", "0.01"])
  })

  it("of another provider are taken where it is named, and none where none is wanted", () => {
    assert.deepStrictEqual(usd({ provider: ", prices: anthropic" }, "claude-haiku-4-5"), Option.some("1"))
    assert.deepStrictEqual(usd({ provider: ", prices: none" }, "gpt-5"), Option.none())
  })
})
