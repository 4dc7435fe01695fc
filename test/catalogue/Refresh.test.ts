/** What keeps a bad catalogue out: planted mistakes of every kind are found, what was looked at may pass, and the data are those of the installed source. */
import * as Catalogue from "@sluice/catalogue/Catalogue"
import type { ModelData, SheetData } from "@sluice/catalogue/CatalogueData"
import { spawnSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { type Allowed, findings } from "../../scripts/CatalogueChecks.ts"
import { catalogueModule, catalogueSheets } from "../../scripts/CatalogueSnapshot.ts"
import { read, root } from "../Repository.ts"

const current: ReadonlyArray<SheetData> = Catalogue.ids.flatMap((id) => Catalogue.sheet(id) ?? [])

/** The catalogue with one model of it changed. */
const planted = (sheetId: string, modelId: string, change: (model: ModelData) => ReadonlyArray<ModelData>): ReadonlyArray<SheetData> => {
  expect(Catalogue.sheet(sheetId)?.models.some(({ id }) => id === modelId)).toBe(true)
  return current.map((sheet) =>
    sheet.id !== sheetId ? sheet : { ...sheet, models: sheet.models.flatMap((model) => model.id === modelId ? change(model) : [model]) }
  )
}

const haiku = (change: (model: ModelData) => ModelData) => planted("anthropic", "claude-haiku-4-5", (model) => [change(model)])
const costing = (rates: ModelData["prices"][number]["rates"]) =>
  haiku((model) => ({ ...model, prices: model.prices.map((price) => ({ ...price, rates: { ...price.rates, ...rates } })) }))
const found = (after: ReadonlyArray<SheetData>, allowed: Allowed = {}) => findings(current, after, allowed).map(({ kind, message }) => `${kind}: ${message}`)

describe("a new catalogue", () => {
  it("that is the old one passes", () => {
    expect(found(current)).toEqual([])
  })

  it("with a price ten times as high passes, and with a higher one does not until it was looked at", () => {
    expect(found(costing({ input: "10" }))).toEqual([])
    expect(found(costing({ input: "10.01" }))).toEqual(["change: anthropic/claude-haiku-4-5 costs 10.01 for input where it cost 1"])
    expect(found(costing({ output: "0.49" }))).toEqual(["change: anthropic/claude-haiku-4-5 costs 0.49 for output where it cost 5"])
    expect(found(costing({ input: "10.01" }), { gone: true })).toHaveLength(1)
    expect(found(costing({ input: "10.01" }), { changes: true })).toEqual([])
  })

  it("in which something has become free does not pass", () => {
    expect(found(costing({ input: "0" }))).toEqual(["change: anthropic/claude-haiku-4-5 costs 0 for input where it cost 1"])
  })

  it("without a model, a price or a limit that was known does not pass until it was looked at", () => {
    const { input: _, ...others } = Catalogue.find("anthropic", "claude-haiku-4-5")?.model.prices.at(-1)?.rates ?? {}
    const gone = [
      planted("anthropic", "claude-haiku-4-5", () => []),
      haiku((model) => ({ ...model, prices: [{ rates: others }] })),
      haiku(({ context: _, ...model }) => model),
      current.filter(({ id }) => id !== "perplexity")
    ]
    expect(gone.flatMap((after) => found(after))).toEqual([
      "gone: anthropic/claude-haiku-4-5 is gone",
      "gone: anthropic/claude-haiku-4-5 has no price for input any more; it was 1",
      "gone: anthropic/claude-haiku-4-5 has no context any more; it was 200000 tokens",
      "gone: the sheet perplexity is gone"
    ])
    expect(gone.flatMap((after) => found(after, { gone: true }))).toEqual([])
  })

  it("with a limit of another order does not pass", () => {
    expect(found(haiku((model) => ({ ...model, context: 2_000_001 })))).toEqual([
      "change: anthropic/claude-haiku-4-5 has a context of 2000001 tokens where it had 200000"
    ])
  })

  it("that has shrunk does not pass, whatever was looked at", () => {
    const all = { gone: true, changes: true }
    const halved = current.map((sheet) => sheet.id === "openrouter" ? { ...sheet, models: sheet.models.slice(0, sheet.models.length / 2) } : sheet)
    expect(found(halved, all).map((line) => line.replaceAll(/\d+/g, "N"))).toEqual([
      "count: there are N models where there were N",
      "count: openrouter has N models where it had N"
    ])
  })

  it("of another form does not pass, whatever was looked at", () => {
    const all = { gone: true, changes: true }
    const wrong: ReadonlyArray<readonly [string, ReadonlyArray<SheetData>]> = [
      ["costs \"1e-7\" for input", costing({ input: "1e-7" })],
      ["costs \"-1\" for input", costing({ input: "-1" })],
      ["costs \"NaN\" for input", costing({ input: "NaN" })],
      ["has a context of 0 tokens; what is not known is left out", haiku((model) => ({ ...model, context: 0 }))],
      ["matches \"(\", which is no regular expression", haiku((model) => ({ ...model, match: "(" }))],
      ["has no prices", haiku((model) => ({ ...model, prices: [] }))],
      ["is no date", haiku((model) => ({ ...model, prices: model.prices.map((price) => ({ ...price, from: "soon" })) }))],
      [
        "tiers that do not rise",
        haiku((model) => ({ ...model, prices: [{ rates: { input: "1" }, tiers: [{ above: 5, rates: {} }, { above: 5, rates: {} }] }] }))
      ],
      ["is there twice", planted("anthropic", "claude-haiku-4-5", (model) => [model, model])],
      ["the sheet openai is there twice", [...current, ...current.filter(({ id }) => id === "openai")]]
    ]
    for (const [message, after] of wrong) {
      const lines = found(after, all)
      expect(lines.some((line) => line.startsWith("form: ") && line.includes(message)), `${message} in ${lines.join("\n")}`).toBe(true)
    }
  })
})

describe("the catalogue's data", () => {
  it("are those of the installed source: renew them by npm run catalogue:refresh", () => {
    expect(read("packages/catalogue/src/Generated.ts")).toBe(catalogueModule(catalogueSheets()))
  })

  it("are what the command finds current", () => {
    const { status, stdout } = spawnSync(process.execPath, ["scripts/refresh-catalogue.ts", "--check"], { cwd: root, encoding: "utf8" })
    expect([status, stdout.trim()]).toEqual([0, `The catalogue is current: ${Catalogue.version}`])
  })
})
