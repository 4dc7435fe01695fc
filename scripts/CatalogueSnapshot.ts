// Makes the data of the package `catalogue` from the package `@pydantic/genai-prices`: limits, and the prices that fit the gateway's
// classes of tokens, as decimal texts. `npm run catalogue:refresh` writes them and a test compares; what is new comes with a new version
// of that package. What it does not say stays absent.
import { type ConditionalPrice, findProvider, type MatchLogic, type ModelInfo, type ModelPrice, type Provider } from "@pydantic/genai-prices"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import type { DatedPriceData, ModelData, RatesData, SheetData } from "../packages/catalogue/src/CatalogueData.ts"

/** The providers whose prices are taken. The package has no list of them. */
const providers = [
  "anthropic",
  "arcee",
  "avian",
  "aws",
  "azure",
  "baseten",
  "cerebras",
  "cloudflare",
  "cohere",
  "deepseek",
  "doubleword",
  "fireworks",
  "github-copilot",
  "google",
  "groq",
  "huggingface_cerebras",
  "huggingface_fireworks-ai",
  "huggingface_groq",
  "huggingface_hyperbolic",
  "huggingface_nebius",
  "huggingface_novita",
  "huggingface_nscale",
  "huggingface_ovhcloud",
  "huggingface_publicai",
  "huggingface_sambanova",
  "huggingface_together",
  "minimax",
  "mistral",
  "modal",
  "moonshotai",
  "novita",
  "openai",
  "openrouter",
  "ovhcloud",
  "perplexity",
  "together",
  "typesafe",
  "voyageai",
  "x-ai",
  "zai",
  "zhipuai"
]

const classes: { readonly [key: string]: Exclude<keyof RatesData, "request"> } = {
  input_mtok: "input",
  cache_read_mtok: "cacheRead",
  cache_write_mtok: "cacheWrite5m",
  cache_write_1h_mtok: "cacheWrite1h",
  output_mtok: "output",
  output_reasoning_mtok: "reasoning",
  input_audio_mtok: "audioIn",
  output_audio_mtok: "audioOut"
}

/** Tokens that providers price by what they hold where the gateway's classes do not tell: the class that holds them gets no price. */
const ambiguous: { readonly [key: string]: "input" | "output" } = {
  input_image_mtok: "input",
  input_video_mtok: "input",
  output_image_mtok: "output",
  output_video_mtok: "output",
  output_citation_mtok: "output"
}

/** A number as decimal text with at most twelve places. */
const decimal = (value: number): string => value.toFixed(12).replace(/\.?0+$/, "")

const escaped = (text: string): string => text.toLowerCase().replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

const pattern = (match: MatchLogic): string => {
  if ("or" in match) return match.or.map(pattern).join("|")
  if ("and" in match) return `^${match.and.map((each) => `(?=.*?(?:${pattern(each)}))`).join("")}`
  if ("equals" in match) return `^${escaped(match.equals)}$`
  if ("starts_with" in match) return `^${escaped(match.starts_with)}`
  if ("ends_with" in match) return `${escaped(match.ends_with)}$`
  return "contains" in match ? escaped(match.contains) : match.regex
}

/** The starts of all tiers of a price, shortest first. */
const starts = (price: ModelPrice): ReadonlyArray<number> =>
  [
    ...new Set(Object.values(price).flatMap((value) => typeof value === "object" ? value.tiers.map(({ start }) => start) : []))
  ].toSorted((left, right) => left - right)

/** A rate for prompts of more than so many tokens. */
const rateAbove = (value: NonNullable<ModelPrice[string]>, above: number): number =>
  typeof value === "number" ? value : value.tiers.reduce((rate, { price, start }) => start <= above ? price : rate, value.base)

const ratesAbove = (sheet: string, model: ModelInfo, price: ModelPrice, above: number): RatesData => {
  const rates: { -readonly [K in keyof RatesData]: RatesData[K] } = {}
  for (const [key, value] of Object.entries(price)) {
    const name = classes[key]
    if (value !== undefined && name !== undefined) rates[name] = decimal(rateAbove(value, above))
    if (key === "requests_kcount" && typeof value === "number") rates.request = decimal(value / 1000)
  }
  // What is free is written as if it had no price
  if (Object.keys(price).length === 0 && model.id.endsWith(":free")) return { input: "0", output: "0" }
  const { input_mtok: input } = price
  // Anthropic's models cost twice the input for an hour in the cache, wherever they are served
  if (rates.cacheWrite1h === undefined && rates.cacheWrite5m !== undefined && input !== undefined && /claude/i.test(model.id)) {
    rates.cacheWrite1h = decimal(2 * rateAbove(input, above))
  }
  // Google has one price for all that is read where it names none for sound
  if (sheet === "google" && rates.audioIn === undefined && rates.input !== undefined && model.id.startsWith("gemini")) rates.audioIn = rates.input
  for (const [key, name] of Object.entries(ambiguous)) if (price[key] !== undefined) delete rates[name]
  return rates
}

const priceOf = (sheet: string, model: ModelInfo, { constraint, prices }: ConditionalPrice): DatedPriceData => {
  const tiers = starts(prices).map((above) => ({ above, rates: ratesAbove(sheet, model, prices, above) }))
  return {
    ...(constraint?.type === "start_date" ? { from: constraint.start_date } : {}),
    ...(constraint?.type === "time_of_date" ? { daily: [constraint.start_time.slice(0, 5), constraint.end_time.slice(0, 5)] } : {}),
    rates: ratesAbove(sheet, model, prices, -1),
    ...(tiers.length === 0 ? {} : { tiers })
  }
}

const oneLine = (text: string): string => text.replaceAll("`", "'").replaceAll(/\s+/g, " ").trim()

const modelOf = (sheet: string, model: ModelInfo): ModelData => {
  const dated = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }]
  return {
    id: model.id,
    match: pattern(model.match),
    ...(model.name === undefined || model.name === model.id ? {} : { name: model.name }),
    ...(model.description === undefined ? {} : { description: oneLine(model.description) }),
    ...(model.context_window === undefined ? {} : { context: model.context_window }),
    ...(model.deprecated === true ? { deprecated: true } : {}),
    prices: dated.map((price) => priceOf(sheet, model, price))
  }
}

const hasRates = ({ prices }: ModelData): boolean => prices.some(({ rates }) => Object.keys(rates).length > 0)

const sheetOf = ({ api_pattern, fallback_model_providers, id, models, provider_match }: Provider): SheetData => ({
  id,
  address: api_pattern,
  ...(provider_match === undefined ? {} : { names: pattern(provider_match) }),
  ...(fallback_model_providers === undefined ? {} : { fallbacks: fallback_model_providers }),
  ...(id === "openrouter" ? { isReseller: true } : {}),
  models: models.map((model) => modelOf(id, model)).filter(hasRates)
})

const folder = dirname(dirname(createRequire(import.meta.url).resolve("@pydantic/genai-prices")))

interface Manifest {
  readonly version: string
  readonly licence: string
  readonly source: string
}

const manifest = (): Manifest => {
  const { homepage, version }: { readonly version: string; readonly homepage: string } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const licence = readFileSync(join(folder, "LICENSE"), "utf8").includes("Permission is hereby granted, free of charge") ? "MIT" : undefined
  if (licence === undefined) throw new Error("the licence of @pydantic/genai-prices is another than it was: look at it before its data are taken")
  return { version, licence, source: homepage }
}

/** One line of JSON for each model, so that a new snapshot is read as the changes of prices it is. */
const sheetText = ({ models, ...sheet }: SheetData): string =>
  [
    "  {",
    ...Object.entries(sheet).map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)},`),
    "    \"models\": [",
    models.map((model) => `      ${JSON.stringify(model)}`).join(",\n"),
    "    ]",
    "  }"
  ].join("\n")

/** The text in a template that changes nothing of it. */
const verbatim = (text: string): string => {
  if (text.includes("`") || text.includes("${")) throw new Error("a price snapshot with a backtick or ${ in it needs another form of text")
  return `String.raw\`${text}\``
}

/** A gateway that passes on what the providers behind it ask. */
const vercel: SheetData = { id: "vercel", address: "https://ai-gateway\\.vercel\\.sh", names: "vercel", isReseller: true, models: [] }

/** All sheets, as the installed package has them. */
export const catalogueSheets = (): ReadonlyArray<SheetData> => [
  ...providers.map((id) => {
    const found = findProvider({ providerId: id })
    if (found === undefined) throw new Error(`@pydantic/genai-prices has no prices of ${id} any more`)
    return sheetOf(found)
  }),
  vercel
]

/** Sheets as the module of the package `catalogue`. */
export const catalogueModule = (sheets: ReadonlyArray<SheetData>): string => {
  const { licence, source, version } = manifest()
  return [
    "/**",
    " * What is known of models: prices in dollars for a million tokens of each class and for a request, and limits in tokens.",
    ` * Made by \`npm run catalogue:refresh\` from @pydantic/genai-prices ${version}, under its licence, which follows; not edited by hand.`,
    " */",
    `import type { SheetData } from "./CatalogueData.ts"`,
    "",
    "/*",
    ...readFileSync(join(folder, "LICENSE"), "utf8").trim().split("\n").map((line) => line.trim() === "" ? " *" : ` * ${line.trim()}`),
    " */",
    "",
    "/** Where the data are from, and of which version they are. */",
    `export const version = "genai-prices-${version}"`,
    "",
    "/** The licence of the data, as an SPDX identifier. */",
    `export const licence = "${licence}"`,
    "",
    "/** Where the data are published. */",
    `export const source = "${source}"`,
    "",
    "// As text, because reading JSON costs a start a tenth of what reading as many lines of code does",
    `const json = ${verbatim(`[\n${sheets.map(sheetText).join(",\n")}\n]`)}`,
    "",
    "/** What is known, by provider. */",
    "export const sheets: ReadonlyArray<SheetData> = JSON.parse(json)",
    ""
  ].join("\n")
}
