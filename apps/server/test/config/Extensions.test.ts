/** The section of built-in behaviours: what it decodes to, what it refuses, and that a server of it starts. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Result } from "effect"
import { parse } from "../../src/Config.ts"

const base = "providers: [{ id: p, dialect: openai-chat, simulator: true }]\nmodels: [{ id: \"*\", targets: [{ provider: p }] }]\n"

const parsed = (text: string) => Result.getOrThrow(parse(base + text, {}))
const problems = (text: string): ReadonlyArray<string> => {
  const result = parse(base + text, {})
  return Result.isFailure(result) ? result.failure.problems.map(({ message, path }) => `${path}: ${message}`) : []
}

const everything = `
extensions:
  cache: { ttl: 10 minutes, scope: tenant, when: { models: ["gpt-*"] } }
  redact: { patterns: [email, card], own: [{ name: ticket, pattern: "TCK-\\\\d+" }], reversible: true }
  systemPrompt: [{ text: Be brief., mode: append, when: { dialects: [openai-chat] } }]
  headers: [{ upstream: { clear: [x-a], set: { x-b: "1" } }, client: { set: { x-c: "2" } } }]
  payload: [{ default: { /top_p: 0.5 }, override: { /a/b: { c: [1, true, "x"] } }, filter: [/seed], when: { headers: { x-d: "y*" }, equals: { /n: 1 } } }]
  maxTokens: [{ max: 1000, when: { principals: [trial] } }]
  guardrail: { hold: 64, rules: [{ name: mail, patterns: [email], action: mask, on: [answer] }] }
  tracer: { file: ./trace.ndjson }
`

describe("the section of built-in behaviours", () => {
  it("decodes what each of them is told, with defaults", () => {
    const { extensions } = parsed(everything)
    assert.deepInclude(extensions.cache, { store: "memory", scope: "tenant", answers: 10_000, when: { models: ["gpt-*"] } })
    assert.strictEqual(Duration.toMinutes(extensions.cache?.ttl ?? Duration.zero), 10)
    assert.deepStrictEqual(extensions.redact, {
      patterns: ["email", "card"],
      own: [{ name: "ticket", pattern: "TCK-\\d+", ignoreCase: false }],
      reversible: true
    })
    assert.deepStrictEqual(extensions.payload?.[0]?.override, { "/a/b": { c: [1, true, "x"] } })
    assert.deepStrictEqual(extensions.maxTokens, [{ max: 1000, whenAbsent: "set", when: { principals: ["trial"] } }])
    assert.deepStrictEqual(extensions.tracer, { file: "./trace.ndjson", content: "lengths", lines: 10_000 })
  })

  it("has nothing where nothing is stated", () => {
    assert.deepStrictEqual(parsed("").extensions, {})
  })

  const refused: ReadonlyArray<readonly [text: string, problem: RegExp]> = [
    ["redact: { own: [{ name: twice, pattern: \"(a)\\\\1\" }] }", /redact\.own\[0\]: cannot be used: .*refers back/],
    [
      "guardrail: { rules: [{ name: n, own: [{ name: x, pattern: \"(?=a)\" }], action: block }] }",
      /guardrail\.rules\[0\]\.own\[0\]: cannot be used: .*looks around/
    ],
    ["guardrail: { rules: [{ name: n, action: block }] }", /guardrail\.rules\[0\]: looks for nothing/],
    ["headers: [{ client: { set: { content-length: \"1\" } } }]", /headers\[0\]: header "content-length" is written by the gateway itself/],
    ["payload: [{ override: { /model: x } }]", /payload\[0\]: place "\/model" is decided by the gateway/],
    ["payload: [{ filter: [temperature] }]", /payload\[0\]: place "temperature" is no JSON Pointer/],
    ["cache: { store: redis }", /cache\.store: needs redis\.url/],
    ["cache: { key: short }", /cache\.key: must have at least 32 characters/],
    ["redact: { patterns: [names] }", /redact\.patterns\[0\]: /],
    ["maxTokens: [{ max: 0 }]", /maxTokens\[0\]\.max: /]
  ]
  for (const [text, problem] of refused) {
    it(`refuses ${text}`, () => {
      assert.match(problems(`extensions: { ${text} }`).join("\n"), problem)
    })
  }

  it("never shows a secret in what it refuses", () => {
    assert.notInclude(problems("extensions: { cache: { key: canary }, redact: { key: canary } }").join(), "canary")
  })
})
