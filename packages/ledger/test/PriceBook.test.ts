/** What the price book says things cost: golden sums, whose price is taken, and what is said where a price is not known. */
import type { Price, Spent } from "@sluice/gateway/Prices"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as PriceBook from "@sluice/ledger/PriceBook"
import * as Money from "@sluice/protocol/Money"
import { DialectId } from "@sluice/protocol/Wire"
import * as Option from "effect/Option"
import { describe, expect, it } from "vitest"
import { golden } from "./goldenCosts.ts"

const noon = Date.UTC(2026, 9, 1, 12)
const book = PriceBook.make()
const provider = (id: string) => ProviderId.make(id)

const costOf = (spent: Omit<Spent, "at">, prices = book) => Option.getOrUndefined(prices.cost({ at: noon, ...spent }))
const usd = (spent: Omit<Spent, "at">, prices = book) => {
  const cost = costOf(spent, prices)
  return cost && Money.toDecimal(cost.amount)
}

const money = (text: string) => Option.getOrThrow(Money.fromDecimal(text))
const price = (input: string, output: string): Price => ({ rates: { input: money(input), output: money(output) } })
const usage = { input: 1_000_000, output: 1_000_000 }

/** The sum of a line of arithmetic in pico-dollars: tokens times dollars for a million, and dollars alone. */
const sum = (arithmetic: string): bigint =>
  arithmetic.split(" + ").reduce((total, term) => {
    const [tokens = "", rate] = term.split("*")
    return total + (rate === undefined ? money(tokens) : BigInt(tokens) * money(rate) / 1_000_000n)
  }, 0n)

describe("the price book", () => {
  for (const { arithmetic, at, costUsd, model, provider: id, tier, usage, what } of golden) {
    it(`prices ${what}`, () => {
      expect(Money.toDecimal(Money.fromPicos(sum(arithmetic)))).toBe(costUsd)
      const cost = Option.getOrThrow(
        book.cost({
          usage,
          upstreamModel: model,
          provider: provider(id),
          at: at === undefined ? noon : Date.parse(at),
          ...(tier === undefined ? {} : { tier })
        })
      )
      expect(Money.toDecimal(cost.amount)).toBe(costUsd)
      expect(cost.version).toBe(`${PriceBook.version}/${cost.model}`)
    })
  }

  it("takes the served model before the one that was sent, and that before the one that was asked for", () => {
    const names = { servedModel: "gpt-5", upstreamModel: "gpt-5-mini", model: "gpt-5-nano" }
    const all = { usage: { input: 1000 }, provider: provider("openai") }
    expect(costOf({ ...all, ...names })?.model).toBe("openai/gpt-5")
    expect(costOf({ ...all, ...names, servedModel: "gpt-somebodys-own" })?.model).toBe("openai/gpt-5-mini")
    expect(costOf({ ...all, model: names.model, upstreamModel: "deployment-7" })?.model).toBe("openai/gpt-5-nano")
  })

  it("takes the route's own price before the configuration's, and that before the snapshot's", () => {
    const own = PriceBook.make({ overrides: [{ model: "gpt-5*", price: price("2", "3") }] })
    const asked = { usage, upstreamModel: "gpt-5", provider: provider("openai") }
    expect(usd(asked)).toBe("11.25")
    expect(costOf(asked, own)).toMatchObject({ model: "gpt-5*", version: expect.stringMatching(/^config-[0-9a-f]{8}$/) })
    expect(usd(asked, own)).toBe("5")
    const routed = { ...asked, price: price("0", "1") }
    expect(usd(routed, own)).toBe("1")
    expect(costOf(routed, own)?.version).toMatch(/^route-[0-9a-f]{8}$/)
  })

  it("gives another version to another price", () => {
    const version = (rate: string) => costOf({ usage, upstreamModel: "m", price: price(rate, "1") })?.version
    expect(version("1")).toBe(version("1"))
    expect(version("1")).not.toBe(version("2"))
  })

  it("takes a configuration's price only at its provider where it names one, and for any name a client uses", () => {
    const own = PriceBook.make({ overrides: [{ model: "fast", provider: provider("a"), price: price("1", "1") }] })
    expect(usd({ usage, model: "fast", upstreamModel: "x", provider: provider("a") }, own)).toBe("2")
    expect(usd({ usage, model: "fast", upstreamModel: "x", provider: provider("b") }, own)).toBeUndefined()
  })

  it("tells providers by their address, then by their id, then by the protocol where there is no address", () => {
    const at = (address: string | undefined, sheet?: string) =>
      PriceBook.make({
        providers: new Map([[provider("mine"), { ...(address === undefined ? {} : { address }), ...(sheet === undefined ? {} : { sheet }) }]])
      })
    const asked = { usage: { input: 1000 }, upstreamModel: "gpt-5", provider: provider("mine"), upstream: DialectId.make("openai-chat") }
    expect(costOf(asked, at("https://api.openai.com/v1"))?.model).toBe("openai/gpt-5")
    expect(costOf({ ...asked, upstreamModel: "openai/gpt-5" }, at("https://openrouter.ai/api/v1"))?.model).toBe("openrouter/openai/gpt-5")
    expect(costOf(asked, at("https://somewhere.example/v1"))).toBeUndefined()
    expect(costOf(asked, at("https://somewhere.example/v1", "openai"))?.model).toBe("openai/gpt-5")
    expect(costOf(asked, at("https://api.openai.com/v1", "none"))).toBeUndefined()
    expect(costOf(asked, at(undefined))?.model).toBe("openai/gpt-5")
    expect(costOf({ ...asked, provider: provider("openai") }, at(undefined))?.model).toBe("openai/gpt-5")
  })

  it("knows no price of a model nobody has heard of, of a provider nobody has heard of, of a tier nobody has heard of", () => {
    expect(costOf({ usage, upstreamModel: "not-a-model", provider: provider("openai") })).toBeUndefined()
    expect(costOf({ usage, upstreamModel: "gpt-5", provider: provider("somebody") })).toBeUndefined()
    expect(costOf({ usage, upstreamModel: "gpt-5", provider: provider("openai"), tier: "turbo" })).toBeUndefined()
    expect(costOf({ usage, upstreamModel: "gpt-5", provider: provider("openai"), tier: "default" })).toBeDefined()
  })

  it("prices what is read from or written to a cache as input where nothing else is known, and says so", () => {
    const cost = costOf({ usage: { input: 1_000_000, cacheRead: 1_000_000, cacheWrite1h: 1_000_000 }, upstreamModel: "m", price: price("2", "3") })
    expect([cost && Money.toDecimal(cost.amount), cost?.assumed]).toEqual(["6", ["cacheRead", "cacheWrite1h"]])
    const fiveMinutes = { rates: { ...price("2", "3").rates, cacheWrite5m: money("2.5") } }
    expect(usd({ usage: { cacheWrite1h: 1_000_000 }, upstreamModel: "m", price: fiveMinutes })).toBe("2.5")
  })

  it("knows no price of a whole of which a part has none, and none is ever zero by accident", () => {
    expect(usd({ usage: { input: 1, audioIn: 1 }, upstreamModel: "m", price: price("2", "3") })).toBeUndefined()
    expect(usd({ usage: { input: 1, audioOut: 1 }, upstreamModel: "m", price: price("2", "3") })).toBeUndefined()
    expect(usd({ usage: { input: 1, output: 1 }, upstreamModel: "text-embedding-3-small", provider: provider("openai") })).toBeUndefined()
    expect(usd({ usage: { input: 1, audioIn: 0 }, upstreamModel: "m", price: price("2", "3") })).toBe("0.000002")
  })

  it("survives counts that are no counts", () => {
    for (const input of [Number.NaN, Number.POSITIVE_INFINITY, -5, 1.5, 1e300]) {
      expect(() => costOf({ usage: { input }, upstreamModel: "m", price: price("2", "3") })).not.toThrow()
    }
  })

  it("rounds a sum once, to the nearest pico-dollar", () => {
    const third: Price = { rates: { input: money("0.000000333333"), output: money("0.000000333333") } }
    expect(usd({ usage: { input: 1, output: 2 }, upstreamModel: "m", price: third })).toBe("0.000000000001")
    expect(usd({ usage: { input: 1 }, upstreamModel: "m", price: third })).toBe("0")
  })
})

describe("the bound of a request", () => {
  const bound = (asked: Parameters<typeof book.bound>[0]) => Option.getOrUndefined(Option.map(book.bound(asked), Money.toDecimal))

  it("has all of the prompt written to the dearest cache and all of the answer of the dearest kind", () => {
    expect(bound({ at: noon, upstreamModel: "claude-sonnet-4-5", provider: provider("anthropic"), estimatedInput: 1000, maxOutput: 100 })).toBe("0.0075")
  })

  it("is never less than what is used within it costs", () => {
    for (const input of [0, 1, 999, 150_000, 250_000]) {
      for (const model of ["claude-sonnet-4-5", "claude-haiku-4-5"]) {
        const asked = { at: noon, upstreamModel: model, provider: provider("anthropic") }
        const most = Option.getOrThrow(book.bound({ ...asked, estimatedInput: input, maxOutput: 50 }))
        for (const each of [{ input }, { cacheRead: input }, { cacheWrite5m: input }, { cacheWrite1h: input }]) {
          expect(most >= Option.getOrThrow(book.cost({ ...asked, usage: { ...each, output: 20, reasoning: 30 } })).amount).toBe(true)
        }
      }
    }
  })

  it("assumes an answer where nobody limited it, within the model's context", () => {
    const own = (assumedOutput: number) => PriceBook.make({ assumedOutput })
    const asked = { at: noon, upstreamModel: "gpt-5", provider: provider("openai"), estimatedInput: 0 }
    expect(Option.map(own(1_000_000).bound(asked), Money.toDecimal)).toEqual(Option.some("4"))
    expect(Option.map(own(1000).bound(asked), Money.toDecimal)).toEqual(Option.some("0.01"))
    expect(bound(asked)).toBe("0.32768")
  })

  it("of vectors has no answer in it, and of an unknown model is not known", () => {
    expect(bound({ at: noon, upstreamModel: "text-embedding-3-small", provider: provider("openai"), estimatedInput: 1_000_000 })).toBe("0.02")
    expect(bound({ at: noon, upstreamModel: "nothing", provider: provider("openai"), estimatedInput: 1 })).toBeUndefined()
  })
})
