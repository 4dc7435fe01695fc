/** What the catalogue finds under the names that providers and clients use, and what it says of itself. */
import * as Catalogue from "@sluice/catalogue/Catalogue"
import { describe, expect, it } from "vitest"

const named = (sheet: string, name: string) => {
  const found = Catalogue.find(sheet, name)
  return found && `${found.sheet}/${found.model.id}`
}

describe("the catalogue", () => {
  it("says of which version it is, under which licence, and where from", () => {
    expect(Catalogue.version).toMatch(/^genai-prices-\d+\.\d+\.\d+$/)
    expect(Catalogue.licence).toBe("MIT")
    expect(Catalogue.source).toMatch(/^https:\/\//)
  })

  it("finds a model by its name, dated, with its vendor before it, and with dashes for dots", () => {
    expect(["claude-haiku-4-5", "claude-haiku-4-5-20251001", "anthropic/claude-haiku-4.5", "CLAUDE-HAIKU-4-5"].map((name) => named("anthropic", name)))
      .toEqual(Array(4).fill("anthropic/claude-haiku-4-5"))
  })

  it("asks the sheets a sheet falls back to, and the vendor's where a reseller passes a model on", () => {
    expect(named("vercel", "anthropic/claude-haiku-4-5")).toBe("anthropic/claude-haiku-4-5")
    expect(named("anthropic", "gpt-4o")).toBeUndefined()
  })

  it("finds nothing for nobody's name, and nothing in no sheet", () => {
    expect([named("openai", "no-such-model"), named("no-such-sheet", "gpt-4o"), named("openai", ""), Catalogue.sheet("no-such-sheet")]).toEqual(
      Array(4).fill(undefined)
    )
  })

  it("tells a sheet by an address and by a name", () => {
    expect([Catalogue.ofAddress("https://api.openai.com/v1"), Catalogue.ofName("Anthropic"), Catalogue.ofAddress("https://example.com")]).toEqual([
      "openai",
      "anthropic",
      undefined
    ])
  })

  it("is found in time for names of any length", () => {
    const long = `${"a-".repeat(500)}b`
    expect(Catalogue.ids.flatMap((id) => named(id, long) ?? []).filter((name) => name.includes("a-a-a"))).toEqual([])
  })
})
