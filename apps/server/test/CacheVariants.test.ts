/** What tells requests to the cache apart under a configuration: what its rules go by, and the rules. */
import { assert, describe, it } from "@effect/vitest"
import { ExchangeId } from "@sluice/gateway/ExchangeId"
import type { ExchangeContext } from "@sluice/gateway/Extension"
import { DialectId } from "@sluice/protocol/Wire"
import { Result } from "effect"
import * as CacheVariants from "../src/CacheVariants.ts"
import { parse } from "../src/Config.ts"

const base = "providers: [{ id: p, dialect: openai-chat, simulator: true }]\nmodels: [{ id: \"*\", targets: [{ provider: p }] }]\n"

const context = (more: Partial<ExchangeContext> = {}): ExchangeContext => ({
  id: ExchangeId.make("0".repeat(26)),
  startedAt: 0,
  principal: { id: "a", tenant: "acme" },
  inbound: DialectId.make("openai-chat"),
  operation: "generate",
  model: "m",
  stream: false,
  header: () => undefined,
  targets: [],
  ...more
})

const variant = (extensions: string, more: Partial<ExchangeContext> = {}): string =>
  JSON.stringify(CacheVariants.of(Result.getOrThrow(parse(`${base}extensions: { ${extensions} }`, {})))(context(more)))

describe("variants of cached answers", () => {
  const others: ReadonlyArray<Partial<ExchangeContext>> = [
    { principal: { id: "b", tenant: "acme" } },
    { inbound: DialectId.make("anthropic-messages") },
    { model: "n" },
    { header: () => "yes" }
  ]

  it("are none where no rule goes by anything", () => {
    for (
      const rules of ["", "maxTokens: [{ max: 5 }]", "redact: { when: { principals: [a] } }", "headers: [{ client: { clear: [x] }, when: { models: [m] } }]"]
    ) {
      for (const other of others) assert.strictEqual(variant(rules, other), variant(rules), rules)
    }
  })

  it("are as many as there are facts that rules go by", () => {
    const rules: ReadonlyArray<readonly [rule: string, apart: number]> = [
      ["maxTokens: [{ max: 5, when: { principals: [a] } }]", 0],
      ["systemPrompt: [{ text: t, mode: append, when: { dialects: [openai-chat] } }]", 1],
      ["guardrail: { rules: [{ name: n, patterns: [email], action: mask, when: { models: [m] } }] }", 2],
      ["payload: [{ filter: [/seed], when: { headers: { X-Cheap: yes } } }]", 3]
    ]
    for (const [rule, apart] of rules) {
      for (const [index, other] of others.entries()) assert.strictEqual(variant(rule, other) === variant(rule), index !== apart, rule)
    }
  })

  it("are others under other rules", () => {
    assert.notStrictEqual(variant("maxTokens: [{ max: 5 }]"), variant("maxTokens: [{ max: 6 }]"))
    assert.notStrictEqual(variant("systemPrompt: [{ text: one, mode: append }]"), variant("systemPrompt: [{ text: two, mode: append }]"))
  })
})
