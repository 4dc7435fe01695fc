/**
 * The arithmetic of prices, in whole numbers: what a usage costs at a price, and what a request may cost at most. Rounded once, to
 * the nearest pico-dollar, at the end. Which class is priced as which is decided here and nowhere else.
 */
import type { Price, Rates } from "@sluice/gateway/Prices"
import { classes, inputTotal, type Usage, type UsageClass } from "@sluice/protocol/CanonicalUsage"
import * as Money from "@sluice/protocol/Money"

/**
 * What a class is a kind of, nearest first: it is priced as the first of them that has a rate where it has none of its own. Sound
 * costs a multiple of text, so that it is priced as nothing else.
 */
const kindOf: { readonly [K in UsageClass]: ReadonlyArray<UsageClass> } = {
  input: [],
  cacheRead: ["input"],
  cacheWrite5m: ["input"],
  cacheWrite1h: ["cacheWrite5m", "input"],
  output: [],
  reasoning: ["output"],
  audioIn: [],
  audioOut: [],
  toolPrompt: ["input"]
}

/** Classes that providers hardly ever price by themselves. */
const seldomPriced: ReadonlySet<UsageClass> = new Set(["reasoning", "toolPrompt"])

const perMillion = 1_000_000n

/** A count as a whole number: providers' numbers are checked elsewhere, and arithmetic must not fail for one. */
const whole = (tokens: number): bigint => Number.isFinite(tokens) && tokens > 0 ? BigInt(Math.ceil(Math.min(tokens, Number.MAX_SAFE_INTEGER))) : 0n

/** The rates for a prompt of so many tokens. */
export const ratesFor = ({ rates, tiers = [] }: Price, prompt: number): Rates => tiers.findLast(({ above }) => prompt > above)?.rates ?? rates

const rateOf = (rates: Rates, name: UsageClass): Money.Money | undefined => {
  const own = rates[name]
  if (own !== undefined) return own
  for (const each of kindOf[name]) if (rates[each] !== undefined) return rates[each]
  return undefined
}

const rounded = (millionths: bigint): bigint => (millionths + perMillion / 2n) / perMillion

/** An amount, and the classes that were priced as another although they usually have a price. */
export interface Amount {
  readonly amount: Money.Money
  readonly assumed: ReadonlyArray<UsageClass>
}

/** What a usage costs; undefined where something was used that has no rate. */
export const cost = (price: Price, usage: Usage): Amount | undefined => {
  const rates = ratesFor(price, inputTotal(usage))
  const assumed: Array<UsageClass> = []
  let millionths = 0n
  for (const name of classes) {
    const count = usage[name]
    if (count === undefined || count === 0) continue
    const tokens = whole(count)
    const rate = rateOf(rates, name)
    if (rate === undefined) return undefined
    if (rates[name] === undefined && !seldomPriced.has(name)) assumed.push(name)
    millionths += tokens * rate
  }
  return { amount: Money.fromPicos(rounded(millionths) + (rates.request ?? 0n)), assumed }
}

const highest = (rates: Rates, names: ReadonlyArray<UsageClass>): Money.Money | undefined =>
  names.reduce<Money.Money | undefined>((most, name) => {
    const rate = rates[name]
    return rate === undefined ? most : most === undefined ? rate : Money.max(most, rate)
  }, undefined)

/**
 * What a request of so many tokens costs at most: all of its prompt written to the dearest cache, and all of its answer of the
 * dearest kind. Undefined where the prompt or the answer has no rate.
 */
export const bound = (price: Price, input: number, output: number): Money.Money | undefined => {
  const rates = ratesFor(price, input)
  const read = highest(rates, ["input", "cacheWrite5m", "cacheWrite1h"])
  const written = output === 0 ? Money.zero : highest(rates, ["output", "reasoning", "audioOut"])
  if (read === undefined || written === undefined) return undefined
  return Money.fromPicos(rounded(whole(input) * read + whole(output) * written) + (rates.request ?? 0n))
}

/** A price times a fraction: what service tiers make of it. The charge for the request stays. */
export const scaled = (price: Price, times: bigint, over: bigint): Price => {
  const scale = (rates: Rates): Rates => ({
    ...Object.fromEntries(classes.flatMap((name) => rates[name] === undefined ? [] : [[name, Money.fromPicos(rates[name] * times / over)]])),
    ...(rates.request === undefined ? {} : { request: rates.request })
  })
  return { rates: scale(price.rates), ...(price.tiers === undefined ? {} : { tiers: price.tiers.map(({ above, rates }) => ({ above, rates: scale(rates) })) }) }
}
