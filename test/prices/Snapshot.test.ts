/**
 * The price book against the package its snapshot is made of: two implementations of the same prices, for every model of every
 * provider, must agree on what random usages cost. What they cannot agree on is named.
 */
import { calcPrice, findProvider, type ModelInfo } from "@pydantic/genai-prices"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as PriceBook from "@sluice/ledger/PriceBook"
import type { Usage } from "@sluice/protocol/CanonicalUsage"
import * as Money from "@sluice/protocol/Money"
import { Option } from "effect"
import { describe, expect, it } from "vitest"
import { random } from "../fuzz/Random.ts"

const book = PriceBook.make()

/** What the package prices by other things than the gateway's classes. */
const otherwise = /image|video|hours|messages|citation|pages/

const pricesOf = (model: ModelInfo): ReadonlyArray<string> =>
  (Array.isArray(model.prices) ? model.prices.map(({ prices }) => prices) : [model.prices]).flatMap((prices) => Object.keys(prices))

/** The same counts in the package's words, where a whole holds its parts. */
const inWhole = (usage: Usage) => {
  const { audioIn = 0, cacheRead = 0, cacheWrite1h = 0, cacheWrite5m = 0, input = 0, output = 0, reasoning = 0 } = usage
  return {
    input_tokens: input + cacheRead + cacheWrite5m + cacheWrite1h + audioIn,
    cache_read_tokens: cacheRead,
    cache_write_tokens: cacheWrite5m + cacheWrite1h,
    cache_write_1h_tokens: cacheWrite1h,
    input_audio_tokens: audioIn,
    cache_audio_read_tokens: 0,
    output_tokens: output + reasoning,
    output_reasoning_tokens: reasoning
  }
}

describe("the price book", () => {
  const compared = { models: 0, usages: 0, otherwise: 0, empty: 0, unnamed: 0 }

  for (const sheet of PriceBook.sheets) {
    it(`agrees with the source of its prices on ${sheet}`, () => {
      const { below: upTo } = random(1, PriceBook.sheets.indexOf(sheet))
      const different: Array<string> = []
      for (const model of findProvider({ providerId: sheet })?.models ?? []) {
        const keys = pricesOf(model)
        if (keys.some((key) => otherwise.test(key))) {
          compared.otherwise++
          continue
        }
        if (keys.length === 0) {
          compared.empty++
          continue
        }
        compared.models++
        for (let round = 0; round < 6; round++) {
          const scale = [100, 20_000, 150_000][round % 3] ?? 0
          const usage: Usage = {
            input: upTo(scale),
            cacheRead: upTo(scale),
            // Where there is no price for writing, or for an hour, the two say different things on purpose
            ...(keys.includes("cache_write_mtok") ? { cacheWrite5m: upTo(scale) } : {}),
            ...(keys.includes("cache_write_1h_mtok") ? { cacheWrite1h: upTo(scale) } : {}),
            ...(keys.includes("output_mtok") ? { output: upTo(scale), reasoning: upTo(scale) } : {}),
            ...(keys.includes("input_audio_mtok") ? { audioIn: upTo(scale) } : {})
          }
          const at = Date.UTC(2025, upTo(24), 1, upTo(24), upTo(60))
          const theirs = calcPrice(inWhole(usage), model.id, { providerId: sheet, timestamp: new Date(at) })
          const ours = Option.getOrUndefined(book.cost({ usage, upstreamModel: model.id, provider: ProviderId.make(sheet), at }))
          if (theirs === null) {
            compared.unnamed++
            continue
          }
          compared.usages++
          const cost = ours === undefined ? undefined : Number(Money.toDecimal(ours.amount))
          if (cost === undefined || Math.abs(cost - theirs.total_price) > 1e-9 * Math.max(1, theirs.total_price)) {
            different.push(`${model.id}: ${cost} and not ${theirs.total_price} for ${JSON.stringify(usage)} (${theirs.model.id}, ${ours?.version})`)
          }
        }
      }
      expect(different.slice(0, 5)).toEqual([])
    })
  }

  it("was compared on most of what the source has", () => {
    process.stdout.write(
      `prices: ${compared.usages} usages of ${compared.models} models agree; ${compared.otherwise} models priced by other things than tokens, ${compared.empty} without a price at the source, ${compared.unnamed} usages of models whose id is not one of their names\n`
    )
    expect(compared.models).toBeGreaterThan(1400)
    expect(compared.usages).toBeGreaterThan(8000)
  })
})
