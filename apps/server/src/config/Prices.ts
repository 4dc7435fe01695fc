/**
 * Prices in the configuration: the `prices` section, and the price of a target. Amounts are US dollars, exact to the digit written.
 * Published prices are the price book's; what stands here goes before them.
 */
import type { Price, Rates } from "@sluice/gateway/Prices"
import * as PriceBook from "@sluice/ledger/PriceBook"
import { classes } from "@sluice/protocol/CanonicalUsage"
import { present } from "@sluice/protocol/Json"
import * as Money from "@sluice/protocol/Money"
import { Option, Schema, SchemaGetter } from "effect"
import type { Problem } from "./ConfigError.ts"
import { problem } from "./ConfigError.ts"
import type { Config } from "./ConfigSchema.ts"
import type { Doc } from "./Fields.ts"
import { defaulted, integer, list, optional, required, section, text } from "./Fields.ts"
import { providerId } from "./Providers.ts"

const money = (doc: Doc<number | string>) => {
  const wanted = "an amount in US dollars such as \"2.50\", with at most 12 decimal places"
  const read = (input: number | string) => Money.fromDecimal(`${input}`)
  const isRead = Schema.makeFilter((input: number | string) => Option.isSome(read(input)), { message: `Expected ${wanted}` })
  return Schema.Union([Schema.Finite, Schema.String]).annotate({ ...doc, title: "decimal", message: `Expected ${wanted}` }).check(isRead).pipe(
    Schema.decodeTo(Schema.BigInt.pipe(Schema.brand("Money")), {
      decode: SchemaGetter.transformOptional(Option.flatMap(read)),
      encode: SchemaGetter.transform((value: bigint): number | string => Money.toDecimal(Money.fromPicos(value)))
    })
  )
}

const rates = {
  input: optional(money, "Dollars for a million tokens of the prompt."),
  cacheRead: optional(money, "Dollars for a million tokens read from a cache. Absent = as `input`."),
  cacheWrite5m: optional(money, "Dollars for a million tokens written to a cache, for five minutes or for no stated time. Absent = as `input`."),
  cacheWrite1h: optional(money, "Dollars for a million tokens written to a cache for an hour. Absent = as `cacheWrite5m`."),
  output: optional(money, "Dollars for a million tokens of the answer."),
  reasoning: optional(money, "Dollars for a million tokens of thinking. Absent = as `output`."),
  audioIn: optional(money, "Dollars for a million tokens of sound in the prompt. Absent = not known."),
  audioOut: optional(money, "Dollars for a million tokens of sound in the answer. Absent = not known."),
  toolPrompt: optional(money, "Dollars for a million tokens of the prompts of the provider's own tools. Absent = as `input`."),
  request: optional(money, "Dollars for one request, whatever its tokens.")
}

const tiers = optional(
  list(section({ above: required(integer(0), "Prompts of more tokens than this have these prices, for the whole request."), ...rates })),
  "Other prices for long prompts."
)

/** What a model costs. */
export const price = section({ ...rates, tiers })

/** The `prices` section. */
export const prices = section({
  assumedOutput: defaulted(
    integer(0),
    PriceBook.assumedOutput,
    "Tokens that an answer is taken to have at most where the client does not limit it: what a budget holds back for it."
  ),
  models: defaulted(
    list(section({
      model: required(text, "A name of the model: as the provider serves it, as it is sent, or as clients ask for it. A `*` matches any text."),
      provider: optional(providerId, "Only at this provider. Absent = at all of them."),
      ...rates,
      tiers
    })),
    [],
    "Prices that go before the published ones; the first entry that fits is taken."
  )
})

type PriceValue = ReturnType<typeof price>["Type"]

const ratesOf = (value: Rates): Rates => present(Object.fromEntries([...classes, "request" as const].map((name) => [name, value[name]])))

/** A configured price as the gateway takes it. */
export const toPrice = ({ tiers, ...value }: PriceValue): Price =>
  present({
    rates: ratesOf(value),
    tiers: tiers?.map(({ above, ...tier }) => ({ above, rates: ratesOf(tier) }))
  })

/** What the price book is told. */
export const toPriceBook = ({ prices, providers }: Pick<Config, "prices" | "providers">): PriceBook.Options => ({
  assumedOutput: prices.assumedOutput,
  overrides: prices.models.map(({ model, provider, ...price }) => present({ model, provider, price: toPrice(price) })),
  providers: new Map(
    providers.map((
      { baseUrl, id, prices, simulator }
    ) => [id, present({ address: simulator ? "" : baseUrl, sheet: prices ?? (simulator ? "none" : undefined) })])
  )
})

const problemsOf = ({ tiers, ...value }: PriceValue, path: ReadonlyArray<PropertyKey>): ReadonlyArray<Problem> => [
  ...(Object.keys(ratesOf(value)).length === 0 ? [problem(path, "names no price: give at least input or output")] : []),
  ...(tiers ?? []).flatMap(({ above }, at) =>
    above <= (tiers?.[at - 1]?.above ?? -1) ? [problem([...path, "tiers", at, "above"], "must be more than in the tier before")] : []
  )
]

/** What is wrong with the prices of a configuration. */
export const priceProblems = ({ models, prices, providers }: Config): ReadonlyArray<Problem> => [
  ...prices.models.flatMap(({ provider, model: _, ...price }, at) => [
    ...problemsOf(price, ["prices", "models", at]),
    ...(provider === undefined || providers.some(({ id }) => id === provider)
      ? []
      : [problem(["prices", "models", at, "provider"], `there is no provider "${provider}"`)])
  ]),
  ...providers.flatMap(({ prices }, at) =>
    prices === undefined || prices === "none" || PriceBook.sheets.includes(prices)
      ? []
      : [problem(["providers", at, "prices"], `nobody publishes prices under this name; known: ${PriceBook.sheets.join(", ")}, none`)]
  ),
  ...models.flatMap(({ targets }, entry) =>
    targets.flatMap(({ price }, at) => price === undefined ? [] : problemsOf(price, ["models", entry, "targets", at, "price"]))
  )
]
