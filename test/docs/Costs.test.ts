/** What docs/guides/costs.md says requests cost is what they cost with the file it shows. */
import * as ModelRegistry from "@sluice/gateway/ModelRegistry"
import * as Planner from "@sluice/gateway/Planner"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as PriceBook from "@sluice/ledger/PriceBook"
import { type Usage } from "@sluice/protocol/CanonicalUsage"
import * as Money from "@sluice/protocol/Money"
import { Option, Result } from "effect"
import { describe, expect, it } from "vitest"
import { parse, toModelEntries, toPriceBook } from "../../apps/server/src/Config.ts"
import { read } from "../Repository.ts"
import { blocks } from "./Markdown.ts"

const page = "docs/guides/costs.md"
const at = Date.UTC(2026, 10, 1)

const usageOf = (text: string): Usage => Object.fromEntries([...text.matchAll(/(\w+) (\d+)/g)].map(([, name = "", count]) => [name, Number(count)]))

/** Tokens times dollars for a million, added; nothing where the line has no arithmetic. */
const sumOf = (text: string): string | undefined => {
  const terms = [...text.matchAll(/(\d+) × ([\d.]+)/g)]
  const sum = terms.reduce((total, [, tokens = "", rate = ""]) => total + BigInt(tokens) * Option.getOrThrow(Money.fromDecimal(rate)) / 1_000_000n, 0n)
  return terms.length === 0 ? undefined : Money.toDecimal(Money.fromPicos(sum))
}

describe("the guide on costs", () => {
  const config = Result.getOrThrow(parse(blocks(page).find(({ language }) => language === "yaml")?.code ?? "", { OPENAI_API_KEY: "sk-1" }))
  const registry = Result.getOrThrow(ModelRegistry.make(toModelEntries(config), config.providers.map(({ id }) => id)))
  const book = PriceBook.make(toPriceBook(config))
  const rows = read(page).split("\n").filter((line) => line.startsWith("| `")).map((line) => line.split("|").map((cell) => cell.trim()))

  it("has a table of costs", () => {
    expect(rows.length).toBeGreaterThan(5)
  })

  it.each(rows.map(([, model = "", tokens = "", by = "", costs = ""]) => [model.replaceAll("`", ""), tokens, by, costs.replaceAll("`", "")] as const))(
    "says what %s with %s costs",
    (model, tokens, by, costs) => {
      const route = Option.getOrThrow(ModelRegistry.resolve(registry, model))
      const [target] = Planner.plan(registry, route, () => 0)
      const cost = book.cost({ usage: usageOf(tokens), model, upstreamModel: target?.model, provider: target?.provider, price: target?.price, at })
      expect(Option.match(cost, { onNone: () => "unknown", onSome: ({ amount }) => Money.toDecimal(amount) })).toBe(costs)
      if (costs !== "unknown") expect(sumOf(by)).toBe(costs)
    }
  )

  it("shows an entry whose cost is that of its usage", () => {
    const shown: { readonly usage: Usage; readonly costUsd: string; readonly priceVersion: string; readonly servedModel: string; readonly provider: string } =
      JSON
        .parse(blocks(page).find(({ language }) => language === "json")?.code ?? "{}")
    const cost = Option.getOrThrow(PriceBook.make().cost({ usage: shown.usage, servedModel: shown.servedModel, provider: ProviderId.make(shown.provider), at }))
    expect([Money.toDecimal(cost.amount), cost.version]).toEqual([shown.costUsd, shown.priceVersion])
  })
})
