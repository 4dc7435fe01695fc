/** Models as a person reads them: a table of all, and everything about one. The same facts as data are what `--json` prints. */
import type { Origin } from "@sluice/gateway/ModelEntry"
import { columns } from "../Columns.ts"
import type { Fact, ShownModel, ShownPrice, ShownTarget } from "./Describe.ts"

const unknown = "?"

const originText = (origin: Origin | undefined): string => {
  switch (origin?._tag) {
    case undefined:
      return "configured"
    case "Part":
      return `part ${origin.part}`
    case "Discovered":
      return `listed by ${origin.provider}`
    case "Alias":
      return `${origin.models.length === 1 ? "alias of" : "pool of"} ${origin.models.join(", ")}`
    case "Prefix":
      return `${origin.model} at ${origin.provider} alone`
  }
}

const worth = (value: unknown): string => typeof value === "string" ? value : Array.isArray(value) ? value.join(", ") : JSON.stringify(value)

const cell = (fact: Fact | undefined): string => fact === undefined ? unknown : worth(fact.value)

const rateOf = ({ targets: [first] }: ShownModel, name: string): string => {
  const price = first?.price ?? "unknown"
  return price === "unknown" ? unknown : price.rates[name] ?? unknown
}

const head = ["NAME", "FIRST TARGET", "CONTEXT", "MAX OUTPUT", "$ IN", "$ OUT", "NAMED"]

const row = (model: ShownModel): ReadonlyArray<string> => {
  const [first] = model.targets
  const more = model.targets.length > 1 ? ` +${model.targets.length - 1}` : ""
  return [
    model.name,
    first === undefined ? unknown : `${first.provider} → ${first.model}${more}`,
    cell(model.facts["contextWindow"] ?? model.facts["maxInputTokens"]),
    cell(model.facts["maxOutputTokens"]),
    rateOf(model, "input"),
    rateOf(model, "output"),
    originText(model.origin)
  ]
}

/** The table of all names; patterns serve any number of other names. */
export const tableText = (models: ReadonlyArray<ShownModel>, patterns: ReadonlyArray<string>): string =>
  [
    ...(models.length === 0 ? ["No names of their own."] : columns([head, ...models.map(row)], new Set([2, 3, 4, 5]))),
    ...(patterns.length === 0 ? [] : ["", `And whatever fits ${patterns.join(", ")}.`])
  ].join("\n")

const sources = { configuration: "configuration", provider: "the provider's list", catalogue: "catalogue" }

const factRows = (facts: ShownModel["facts"]): ReadonlyArray<ReadonlyArray<string>> =>
  Object.entries(facts).map(([name, { from, value }]) => [name, `${worth(value)} (${sources[from]})`])

/** What is not said of the name as a whole already. */
const beside = (facts: ShownModel["facts"], whole: ShownModel["facts"]): ShownModel["facts"] =>
  Object.fromEntries(Object.entries(facts).filter(([name, { value }]) => JSON.stringify(whole[name]?.value) !== JSON.stringify(value)))

const ratesText = (rates: ShownPrice["rates"]): string => Object.entries(rates).map(([name, amount]) => `${name} $${amount}`).join(", ")

const priceRows = ({ price }: ShownTarget): ReadonlyArray<ReadonlyArray<string>> =>
  price === "unknown"
    ? [["price", "unknown: neither published nor configured"]]
    : [
      ["price", `${ratesText(price.rates)} (${price.from})`],
      ...(price.longPrompts ?? []).map(({ above, rates }) => [`price above ${above}`, ratesText(rates)])
    ]

const targetLines = (target: ShownTarget, number: number, whole: ShownModel["facts"]): ReadonlyArray<string> => {
  const rows = [
    ["speaks", target.dialect],
    ...(target.fallback === undefined ? [] : [["fallback", `of ${target.fallback}`]]),
    ...(target.weight === undefined ? [] : [["weight", String(target.weight)]]),
    ...(target.credentials === undefined ? [] : [["credentials", `${target.credentials.join(", ")} (the provider's list)`]]),
    ...factRows(beside(target.facts, whole)),
    ...priceRows(target)
  ]
  return [`${number}. ${target.provider} → ${target.model}`, ...columns(rows).map((line) => `   ${line}`)]
}

/** Everything about one name. */
export const modelText = (model: ShownModel, catalogue: { readonly version: string; readonly licence: string }): string =>
  [
    `${model.name} (${originText(model.origin)})`,
    ...(model.order === undefined ? [] : [`targets: ${model.order}`]),
    ...(model.forced === true ? ["answers name the model as the client does"] : []),
    ...(Object.keys(model.facts).length === 0 ? ["nothing is known of it"] : columns(factRows(model.facts))),
    ...model.targets.flatMap((target, index) => ["", ...targetLines(target, index + 1, model.facts)]),
    "",
    `Dollars are for a million tokens. Catalogue: ${catalogue.version} (${catalogue.licence}).`
  ].join("\n")
