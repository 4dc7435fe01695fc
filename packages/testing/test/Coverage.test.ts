import { assert } from "@effect/vitest"
import { describe, it } from "vitest"
import * as Coverage from "../src/Coverage.ts"

const loss = (canonical: string) => ({ at: canonical, canonical, reason: "dropped", weight: "hint" }) as const

describe("coverage", () => {
  it("counts what is inside: parts in results, sources in documents, tools in namespaces", () => {
    const coverage = Coverage.make()
    coverage.request({
      model: "m",
      turns: [{
        role: "tool",
        parts: [{
          type: "tool-result",
          id: "a",
          kind: "function",
          parts: [{ type: "document", source: { type: "parts", parts: [{ type: "text", text: "a", cache: {} }] } }]
        }]
      }],
      tools: [{ type: "namespace", name: "n", tools: [{ type: "custom", name: "c" }] }],
      toolChoice: { type: "none" }
    })
    for (
      const name of [
        "part:tool-result",
        "part:document",
        "part:text",
        "part with:cache",
        "source:parts",
        "tool:namespace",
        "tool:custom",
        "tool choice:none",
        "role:tool"
      ]
    ) {
      assert.strictEqual(coverage.counts.get(name), 1, name)
    }
  })

  it("counts events with their blocks, reasons, annotations and classes of tokens", () => {
    const coverage = Coverage.make()
    coverage.events([
      { type: "block-start", choice: 0, index: 0, kind: "media" },
      { type: "annotation", annotation: { kind: "citation" } },
      { type: "usage", usage: { cacheRead: 0 } },
      { type: "finish", choice: 0, reason: "pause" }
    ])
    for (const name of ["event:usage", "block:media", "annotation:citation", "usage:cacheRead", "finish:pause"]) {
      assert.strictEqual(coverage.counts.get(name), 1, name)
    }
  })

  it("counts losses of one kind together, whatever their indexes and the client's keys", () => {
    const coverage = Coverage.make()
    coverage.losses("request a → b", [
      loss("/turns/0/parts/1/cache"),
      loss("/turns/7/parts/0/cache"),
      loss("/metadata/x"),
      loss("/metadata/y/z"),
      loss("/turns/1/foreign/k")
    ])
    assert.strictEqual(coverage.counts.get("loss request a → b:/turns/*/parts/*/cache;dropped"), 2)
    assert.strictEqual(coverage.counts.get("loss request a → b:/metadata/*;dropped"), 2)
    assert.strictEqual(coverage.counts.get("loss request a → b:/turns/*/foreign/*;dropped"), 1)
  })

  it("names what was met too rarely, losses that were expected among it", () => {
    const coverage = Coverage.make()
    const missing = Coverage.missing(coverage, ["loss request a → b:/seed;dropped"])
    assert.include(missing, "part:text: 0 of 20")
    assert.include(missing, "loss request a → b:/seed;dropped: 0 of 5")
    assert.strictEqual(missing.length, Coverage.constructors.length + 1)
  })

  it("prints every constructor, met or not", () => {
    const coverage = Coverage.make()
    coverage.events([{ type: "ping" }])
    const table = Coverage.table(coverage)
    assert.match(table, /^event .*\bping 1\b/m)
    assert.match(table, /^part .*\bvideo 0\b/m)
  })
})
