import type { ReasoningIntent } from "@sluice/protocol/CanonicalRequest"
import { describe, expect, it } from "vitest"
import { decode, encode, encodeFresh, lossesOf, request } from "./Generate.ts"

const thinking = (model: string, reasoning: ReasoningIntent) => {
  const encoded = encodeFresh({ model, reasoning })
  const config: { readonly thinkingConfig?: unknown } = JSON.parse(JSON.stringify(encoded.body["generationConfig"] ?? {}))
  return { config: config.thinkingConfig, losses: lossesOf(encoded) }
}

describe("the thinking a request asks for", () => {
  it("is read as level, budget, auto or none, the level first", () => {
    const read = (thinkingConfig: { readonly [key: string]: string | number | boolean }) => decode(request({ generationConfig: { thinkingConfig } })).reasoning
    expect(read({ thinkingBudget: 100 })).toEqual({ effort: { mode: "budget", tokens: 100 } })
    expect(read({ thinking_budget: -1 })).toEqual({ effort: { mode: "auto" } })
    expect(read({ thinkingBudget: 0, includeThoughts: false })).toEqual({ effort: { mode: "none" }, visibility: "hidden" })
    expect(read({ thinkingLevel: "HIGH", thinkingBudget: 5, includeThoughts: true })).toEqual({
      effort: { mode: "level", level: "high" },
      visibility: "summary"
    })
  })

  it("is a level for Gemini 3, where levels beyond the highest are the highest", () => {
    expect(thinking("gemini-3-pro", { effort: { mode: "level", level: "low" } })).toEqual({ config: { thinkingLevel: "LOW" }, losses: [] })
    expect(thinking("gemini-3-pro", { effort: { mode: "level", level: "xhigh" } })).toEqual({
      config: { thinkingLevel: "HIGH" },
      losses: ["/reasoning approximated"]
    })
    expect(thinking("gemini-3-flash", { effort: { mode: "none" } })).toEqual({ config: { thinkingLevel: "MINIMAL" }, losses: ["/reasoning approximated"] })
  })

  it("is a budget within the model's range for Gemini 2.5", () => {
    expect(thinking("gemini-2.5-pro", { effort: { mode: "level", level: "low" } }).config).toEqual({ thinkingBudget: 1024 })
    expect(thinking("gemini-2.5-flash", { effort: { mode: "budget", tokens: 60_000 } }).config).toEqual({ thinkingBudget: 24_576 })
    expect(thinking("gemini-2.5-flash", { effort: { mode: "none" } })).toEqual({ config: { thinkingBudget: 0 }, losses: [] })
    expect(thinking("gemini-2.5-pro", { effort: { mode: "none" } })).toEqual({ config: { thinkingBudget: 128 }, losses: ["/reasoning approximated"] })
  })

  it("is passed on as it is to models of other names", () => {
    expect(thinking("tuned", { effort: { mode: "budget", tokens: 60_000 } })).toEqual({ config: { thinkingBudget: 60_000 }, losses: [] })
    expect(thinking("tuned", { effort: { mode: "level", level: "medium" }, visibility: "full" }).config).toEqual({
      thinkingLevel: "MEDIUM",
      includeThoughts: true
    })
  })

  it("is edited without touching the rest", () => {
    const body = request({ generationConfig: { thinkingConfig: { thinkingBudget: 5, x: 1 } } })
    const encoded = encode({ ...decode(body), reasoning: { effort: { mode: "budget", tokens: 9 } } })
    expect(encoded.body).toEqual(request({ generationConfig: { thinkingConfig: { thinkingBudget: 9, x: 1 } } }))
  })
})
