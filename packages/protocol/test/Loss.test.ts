import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { describe } from "vitest"
import * as Loss from "../src/Loss.ts"

const dropped = (canonical: string, at = canonical): Loss.Loss => ({ at, canonical, reason: "dropped", weight: "hint" })
const changed = (canonical: string, after: unknown): Loss.Loss => ({ at: canonical, canonical, reason: "approximated", weight: "hint", after })

describe("applying losses", () => {
  const request = { model: "m", seed: 1, turns: [{ parts: ["a", "b", "c"] }, { parts: ["d"] }], metadata: { a: "1" } }

  it("takes dropped fields away", () => {
    assert.deepStrictEqual(Loss.apply([dropped("/seed"), dropped("/metadata/a")], request), { model: "m", turns: request.turns, metadata: {} })
  })

  it("takes dropped elements away without moving the pointers of the others", () => {
    assert.deepStrictEqual(Loss.apply([dropped("/turns/0/parts/0"), dropped("/turns/0/parts/2"), dropped("/turns/1")], request), {
      ...request,
      turns: [{ parts: ["b"] }]
    })
  })

  it("puts what was received in the place of what was approximated, defaulted or renamed", () => {
    assert.deepStrictEqual(Loss.apply([changed("/seed", 2), { ...changed("/maxOutputTokens", 4096), reason: "defaulted" }], { seed: 1 }), {
      seed: 2,
      maxOutputTokens: 4096
    })
  })

  it("leaves the value it was given alone", () => {
    const copy = structuredClone(request)
    Loss.apply([dropped("/turns/0/parts/0"), changed("/seed", 9)], request)
    assert.deepStrictEqual(request, copy)
  })

  it("ignores pointers that lead nowhere, also below something dropped", () => {
    const losses = [dropped("/nothing/here"), dropped("/turns/0"), changed("/turns/0/parts/0", "x"), dropped("/model/x"), dropped("")]
    assert.deepStrictEqual(Loss.apply(losses, request), { ...request, turns: [request.turns[1]] })
  })

  it("treats keys of the client as data, whatever they are called", () => {
    const value = { foreign: ["length", "__proto__"], metadata: JSON.parse("{\"__proto__\":\"a\"}") }
    const losses = [
      dropped("/foreign/length"),
      dropped("/foreign/__proto__/polluted"),
      changed("/metadata/__proto__", "b"),
      changed("/constructor/polluted", 1)
    ]
    assert.deepStrictEqual(JSON.stringify(Loss.apply(losses, value)), "{\"foreign\":[\"length\",\"__proto__\"],\"metadata\":{\"__proto__\":\"b\"}}")
    assert.isFalse("polluted" in {})
  })
})

describe("the header", () => {
  it("lists pointer and reason, each once", () => {
    const losses = [dropped("/logitBias", "/logit_bias"), dropped("/logitBias", "/logit_bias"), changed("/thinking/budget_tokens", 1)]
    assert.strictEqual(Loss.toHeader(losses), "/logit_bias;dropped, /thinking/budget_tokens;approximated")
  })

  it("is empty without losses", () => {
    assert.strictEqual(Loss.toHeader([]), "")
  })

  it("counts what does not fit into 4 kB", () => {
    const header = Loss.toHeader(Array.from({ length: 1000 }, (_, index) => dropped(`/messages/${index}/content`)))
    assert.isAtMost(header.length, 4096)
    assert.match(header, /, \+\d+$/)
    assert.strictEqual(header.split(", ").length - 1 + Number(header.split("+")[1]), 1000)
  })

  it("holds only the count when a single pointer is too long", () => {
    assert.strictEqual(Loss.toHeader([dropped(`/${"x".repeat(5000)}`), dropped("/a")]), "+2")
  })

  it.effect.prop("is a legal header value whatever the client's keys are", [Schema.Array(Schema.String)], ([keys]) =>
    Effect.sync(() => {
      const header = Loss.toHeader([...keys, "\uD800", "a,b;c\r\nx: y"].map((key) => dropped("/x", `/${key}`)))
      assert.match(header, /^[\x20-\x7e]*$/)
      assert.isAtMost(header.length, 4096)
      assert.strictEqual(new Headers({ "x-sluice-losses": header }).get("x-sluice-losses"), header)
    }))
})

describe("counting", () => {
  it("joins places that differ in indexes only", () => {
    const losses = [dropped("/choices/0/parts/1"), dropped("/choices/3/parts/0"), changed("/choices/0/parts/1", 1)]
    assert.deepStrictEqual(Loss.count(losses), [
      { path: "/choices/*/parts/*", reason: "dropped", count: 2 },
      { path: "/choices/*/parts/*", reason: "approximated", count: 1 }
    ])
  })

  it("stops at 64 paths and still counts those it has", () => {
    const losses = Array.from({ length: 100 }, (_, index) => dropped(`/k${index}`))
    const counted = Loss.count([...losses, dropped("/k0")])
    assert.strictEqual(counted.length, 64)
    assert.deepStrictEqual(counted[0], { path: "/k0", reason: "dropped", count: 2 })
  })
})
