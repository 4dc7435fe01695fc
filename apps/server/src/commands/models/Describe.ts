/**
 * What is known of the models of a configuration, and from where: names, targets, facts and prices, as plain data. Pure; the same parts
 * answer here that answer in a running server.
 */
import type { Catalogue } from "@sluice/gateway/Catalogue"
import type { ModelEntry, ModelTarget, Origin } from "@sluice/gateway/ModelEntry"
import * as ModelRegistry from "@sluice/gateway/ModelRegistry"
import * as Planner from "@sluice/gateway/Planner"
import type { Price, Rates } from "@sluice/gateway/Prices"
import type * as PriceBook from "@sluice/ledger/PriceBook"
import { present } from "@sluice/protocol/Json"
import * as ModelInfo from "@sluice/protocol/ModelInfo"
import * as Money from "@sluice/protocol/Money"
import type { DialectId } from "@sluice/protocol/Wire"
import { Option } from "effect"

/** Who said a fact. */
export type Source = "configuration" | "provider" | "catalogue"

/** A fact and who said it. */
export interface Fact {
  readonly value: unknown
  readonly from: Source
}

/** A price in US dollars for a million tokens of each class, and what for prompts of more than so many tokens. */
export interface ShownPrice {
  readonly rates: { readonly [name: string]: string }
  readonly longPrompts?: ReadonlyArray<{ readonly above: number; readonly rates: { readonly [name: string]: string } }>
  /** The version of the source of the price. */
  readonly from: string
}

/** A target of a model, with what is known of the model there. */
export interface ShownTarget {
  readonly provider: string
  readonly model: string
  readonly dialect: string
  /** The entry the target belongs to, where that is a fallback's. */
  readonly fallback?: string
  readonly weight?: number
  /** The credentials that may be used, where not all may. */
  readonly credentials?: ReadonlyArray<string>
  readonly facts: { readonly [name: string]: Fact }
  readonly price: "unknown" | ShownPrice
  /** The model as the catalogue calls it; absent = it does not know it. */
  readonly catalogue?: string
}

/** A name that clients may use. */
export interface ShownModel {
  readonly name: string
  /** How the name came to be; absent = it is written down as it is. */
  readonly origin?: Origin
  readonly order?: ModelEntry["order"]
  readonly forced?: boolean
  /** What holds for the name, whichever target answers. */
  readonly facts: { readonly [name: string]: Fact }
  readonly targets: ReadonlyArray<ShownTarget>
}

/** What is looked at. */
export interface Surroundings {
  readonly snapshot: ModelRegistry.Snapshot
  readonly dialectOf: (provider: string) => DialectId
  readonly prices: PriceBook.Book
  readonly catalogue: Catalogue["Service"]
  /** The time whose prices hold, in milliseconds since the epoch. */
  readonly at: number
}

const said = (info: ModelInfo.ModelInfo | undefined, from: Source): { readonly [name: string]: Fact } =>
  info === undefined ? {} : Object.fromEntries(ModelInfo.facts.flatMap((name) => info[name] === undefined ? [] : [[name, { value: info[name], from }]]))

const ratesOf = (rates: Rates): ShownPrice["rates"] =>
  Object.fromEntries(Object.entries(rates).flatMap(([name, rate]) => typeof rate === "bigint" ? [[name, Money.toDecimal(Money.fromPicos(rate))]] : []))

const priceOf = ({ rates, tiers }: Price, from: string): ShownPrice =>
  present({ rates: ratesOf(rates), longPrompts: tiers?.map((tier) => ({ above: tier.above, rates: ratesOf(tier.rates) })), from })

const isOf = (target: ModelTarget, { model, provider }: Planner.Candidate): boolean =>
  target.provider === provider && (target.model === undefined || target.model === model || target.model.includes("*"))

const listedBySnapshot = new WeakMap<ModelRegistry.Snapshot, ReadonlySet<ModelInfo.ModelInfo>>()

/** What lists said. Aliases and prefixes pass facts on as they are: it is the same object wherever it stands. */
const listed = (snapshot: ModelRegistry.Snapshot): ReadonlySet<ModelInfo.ModelInfo> => {
  const known = listedBySnapshot.get(snapshot)
  if (known !== undefined) return known
  const discovered = snapshot.entries.filter(({ origin }) => origin?._tag === "Discovered")
  const found = new Set(discovered.flatMap(({ targets }) => targets.flatMap(({ info }) => info ?? [])))
  listedBySnapshot.set(snapshot, found)
  return found
}

const target = (around: Surroundings, name: string, entry: ModelEntry, candidate: Planner.Candidate): ShownTarget => {
  const { credentials, model, provider } = candidate
  const own = candidate.entry.targets.find((each) => isOf(each, candidate))
  const dialect = around.dialectOf(provider)
  const known = Option.getOrUndefined(around.catalogue.find({ model, provider, dialect }))
  const quote = Option.getOrUndefined(
    around.prices.quote({ at: around.at, model: name, upstreamModel: model, provider, upstream: dialect, price: candidate.price })
  )
  return present({
    provider,
    model,
    dialect,
    fallback: candidate.entry === entry ? undefined : candidate.entry.id,
    weight: (candidate.entry.order ?? "weighted") === "weighted" && candidate.entry.targets.length > 1 ? own?.weight ?? 1 : undefined,
    credentials,
    facts: {
      ...said(known?.info, "catalogue"),
      ...said(own?.info, own?.info !== undefined && listed(around.snapshot).has(own.info) ? "provider" : "configuration"),
      ...(candidate.thinking === undefined ? {} : said({ thinking: candidate.thinking }, "configuration"))
    },
    price: quote === undefined ? "unknown" : priceOf(quote.price, quote.version),
    catalogue: known?.name
  })
}

/** What all targets say alike, and the smallest limit where all have one; said by whoever said it of the first that says so. */
const together = (targets: ReadonlyArray<ShownTarget>): ShownModel["facts"] => {
  const infos = targets.map(({ facts }): ModelInfo.ModelInfo => Object.fromEntries(Object.entries(facts).map(([name, { value }]) => [name, value])))
  return Object.fromEntries(
    Object.entries(ModelInfo.common(infos)).map(([name, value]) => {
      const from = targets.find(({ facts }) => JSON.stringify(facts[name]?.value) === JSON.stringify(value))?.facts[name]?.from
      return [name, { value, from: from ?? "configuration" }]
    })
  )
}

/** What is known of the model a route leads to. */
export const describe = (around: Surroundings, route: ModelRegistry.Route): ShownModel => {
  const { entry, model: name } = route
  const targets = Planner.plan(around.snapshot, route, () => 0).map((candidate) => target(around, name, entry, candidate))
  return present({
    name,
    origin: entry.origin,
    order: entry.targets.length < 2 ? undefined : entry.order ?? "weighted",
    forced: entry.forced === true ? true : undefined,
    facts: { ...together(targets.filter(({ fallback }) => fallback === undefined)), ...said(entry.info, "configuration") },
    targets
  })
}

/** All names that are names, in their order, and the patterns beside them. */
export const all = (around: Surroundings): { readonly models: ReadonlyArray<ShownModel>; readonly patterns: ReadonlyArray<string> } => ({
  models: ModelRegistry.list(around.snapshot).map((entry) => describe(around, { model: entry.id, entry })),
  patterns: around.snapshot.entries.map(({ id }) => id).filter((id) => id.includes("*"))
})
