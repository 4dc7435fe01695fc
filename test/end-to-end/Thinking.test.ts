/**
 * How much to think, told in any protocol or by the suffix of a model's name, to a provider of any: what the provider is asked
 * in the end, what the client is told of it, and what is refused.
 */
import { assert, layer } from "@effect/vitest"
import type { ModelEntry } from "@sluice/gateway/ModelEntry"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { isObject } from "@sluice/protocol/Wire"
import { Effect } from "effect"
import { describe } from "vitest"
import * as Clients from "./Clients.ts"
import * as Rig from "./Rig.ts"

const entry = (id: string, provider: string, thinking: ModelEntry["thinking"], model = "sim-text"): ModelEntry => ({
  id,
  targets: [{ provider: ProviderId.make(provider), model }],
  ...(thinking === undefined ? {} : { thinking })
})

const models: ReadonlyArray<ModelEntry> = [
  entry("claude-budget", "anthropic", { kind: "budget", min: 2048, max: 20_000 }),
  entry("claude-level", "anthropic", { kind: "level", levels: ["low", "medium", "high"] }),
  entry("gpt-level", "openai", { kind: "level", levels: ["low", "medium", "high"], canDisable: false }),
  entry("gpt-plain", "openai", { kind: "none" }),
  entry("gemini-hybrid", "gemini", { kind: "hybrid", min: 128, max: 32_768, levels: ["low", "high"], canDisable: false }),
  entry("odd(high)", "openai", undefined),
  {
    id: "two",
    thinking: { kind: "none" },
    targets: [{ provider: ProviderId.make("openai"), model: "sim-text", thinking: { kind: "level", levels: ["low"] } }]
  }
]

/** What a provider was told about thinking, in its own words. */
const told = (body: unknown): unknown => {
  if (!isObject(body)) return undefined
  const { generationConfig, output_config, reasoning, reasoning_effort, thinking } = body
  const found = {
    thinking,
    output_config,
    reasoning,
    reasoning_effort,
    thinkingConfig: isObject(generationConfig) ? generationConfig["thinkingConfig"] : undefined
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

const ofVisibility: ReadonlySet<string> = new Set(["summary", "display", "includeThoughts"])

/** How much to think, without what of it is to be shown. */
const effort = (value: unknown): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !ofVisibility.has(key)).map(([key, inner]) => [key, effort(inner)])) : value

const asked = (sent: Clients.Sent) =>
  Effect.gen(function*() {
    const reply = yield* Clients.send(sent)
    return { ...reply, told: effort(told(yield* Clients.received)) }
  })

layer(Rig.layer({ models }), { excludeTestServices: true })("thinking", (it) => {
  describe("by the suffix of the model's name", () => {
    const expected: Readonly<Record<Clients.Client, readonly [high: object, budget: object, none: object]>> = {
      openai: [{ reasoning_effort: "high" }, { reasoning_effort: "medium" }, { reasoning_effort: "none" }],
      responses: [{ reasoning: { effort: "high" } }, { reasoning: { effort: "medium" } }, { reasoning: { effort: "none" } }],
      anthropic: [{ thinking: { type: "enabled", budget_tokens: 24_576 } }, { thinking: { type: "enabled", budget_tokens: 8000 } }, {
        thinking: { type: "disabled" }
      }],
      gemini: [{ thinkingConfig: { thinkingLevel: "HIGH" } }, { thinkingConfig: { thinkingBudget: 8000 } }, { thinkingConfig: { thinkingBudget: 0 } }]
    }
    for (const upstream of Rig.upstreams) {
      for (const client of Rig.upstreams) {
        it.effect(`reaches ${upstream} from a client of ${client}`, () =>
          Effect.gen(function*() {
            for (const [index, suffix] of ["high", "8000", "none"].entries()) {
              const { status, told } = yield* asked(Clients.question(client, `${upstream}/sim-text(${suffix})`))
              assert.strictEqual(status, 200)
              assert.deepEqual(told, expected[upstream][index])
              const [row] = yield* Rig.settled(1)
              assert.deepInclude(row, { model: `${upstream}/sim-text(${suffix})`, upstreamModel: "sim-text" })
            }
          }))
      }
    }

    it.effect("goes before what the body says", () =>
      Effect.gen(function*() {
        const { losses, told } = yield* asked(Clients.question("openai", "openai/sim-text(low)", { reasoning_effort: "high" }))
        assert.deepStrictEqual([told, losses], [{ reasoning_effort: "low" }, ""])
      }))

    it.effect("is taken off and says nothing where its content is not known", () =>
      Effect.gen(function*() {
        const { status, told } = yield* asked(Clients.question("openai", "openai/sim-text(fast)", { reasoning_effort: "high" }))
        assert.deepStrictEqual([status, told], [200, { reasoning_effort: "high" }])
        const [row] = yield* Rig.settled(1)
        assert.deepInclude(row, { model: "openai/sim-text(fast)", upstreamModel: "sim-text", lane: "bytes" })
      }))

    it.effect("is part of the name where a model is configured with it", () =>
      Effect.gen(function*() {
        const { status, told } = yield* asked(Clients.question("openai", "odd(high)"))
        assert.deepStrictEqual([status, told], [200, {}])
      }))

    it.effect("asks for the nearest there is", () =>
      Effect.gen(function*() {
        const clamped = yield* asked(Clients.question("anthropic", "claude-budget(100)"))
        assert.deepStrictEqual([clamped.status, clamped.told, clamped.losses], [
          200,
          { thinking: { type: "enabled", budget_tokens: 2048 } },
          "/reasoning;approximated"
        ])
        const least = yield* asked(Clients.question("openai", "gpt-level(none)"))
        assert.deepStrictEqual([least.told, least.losses], [{ reasoning_effort: "low" }, "/reasoning;approximated"])
      }))
  })

  describe("of a model whose limits are known", () => {
    it.effect("is refused with the path where a client of the provider's protocol asks for what it does not take", () =>
      Effect.gen(function*() {
        const level = yield* Clients.send(Clients.question("openai", "gpt-level", { reasoning_effort: "xhigh" }))
        assert.strictEqual(level.status, 400)
        assert.deepInclude(JSON.parse(level.text).error, {
          message: "The model takes one of the levels low, medium, high, not the level \"xhigh\".",
          param: "/reasoning_effort"
        })
        const budget = yield* Clients.send(Clients.question("anthropic", "claude-budget", { thinking: { type: "enabled", budget_tokens: 30_000 } }))
        assert.strictEqual(budget.status, 400)
        assert.include(JSON.parse(budget.text).error.message, "a budget of 2048 tokens to 20000")
      }))

    it.effect("passes through untouched where it is taken", () =>
      Effect.gen(function*() {
        const { status, told } = yield* asked(Clients.question("openai", "gpt-level", { reasoning_effort: "medium" }))
        assert.deepStrictEqual([status, told], [200, { reasoning_effort: "medium" }])
        const [row] = yield* Rig.settled(1)
        assert.strictEqual(row?.lane, "bytes")
      }))

    it.effect("is the nearest one in a crossing, which is a loss", () =>
      Effect.gen(function*() {
        const level = yield* asked(Clients.question("openai", "claude-level", { reasoning_effort: "xhigh" }))
        assert.deepStrictEqual([level.told, level.losses.includes("/reasoning_effort;approximated")], [
          { thinking: { type: "adaptive" }, output_config: { effort: "high" } },
          true
        ])
        const budget = yield* asked(Clients.question("gemini", "claude-budget", { generationConfig: { thinkingConfig: { thinkingBudget: 30_000 } } }))
        assert.deepInclude(budget.told, { thinking: { type: "enabled", budget_tokens: 20_000 } })
      }))

    it.effect("is said in the model's own way", () =>
      Effect.gen(function*() {
        const level = yield* asked(Clients.question("anthropic", "claude-level", { thinking: { type: "enabled", budget_tokens: 5000 } }))
        assert.deepInclude(level.told, { output_config: { effort: "medium" } })
        const least = yield* asked(Clients.question("openai", "gemini-hybrid", { reasoning_effort: "none" }))
        assert.deepStrictEqual(least.told, { thinkingConfig: { thinkingLevel: "LOW" } })
      }))

    it.effect("is left away for a model that does not think", () =>
      Effect.gen(function*() {
        const { losses, status, told } = yield* asked(Clients.question("openai", "gpt-plain", { reasoning_effort: "high" }))
        assert.deepStrictEqual([status, told, losses], [200, {}, "/reasoning_effort;dropped"])
      }))

    it.effect("is held to what the target says before what the entry says", () =>
      Effect.gen(function*() {
        const { told } = yield* asked(Clients.question("openai", "two(high)"))
        assert.deepStrictEqual(told, { reasoning_effort: "low" })
      }))
  })

  describe("towards Anthropic", () => {
    it.effect("leaves room for the answer: a budget is one token less than its longest at most", () =>
      Effect.gen(function*() {
        const { losses, status, told } = yield* asked(Clients.question("openai", "anthropic/sim-text", { reasoning_effort: "xhigh", max_tokens: 4000 }))
        assert.deepStrictEqual([status, told], [200, { thinking: { type: "enabled", budget_tokens: 3999 } }])
        assert.include(losses, "/reasoning_effort;approximated")
      }))

    it.effect("is dropped where no budget fits into the answer", () =>
      Effect.gen(function*() {
        const { losses, status, told } = yield* asked(Clients.question("openai", "anthropic/sim-text", { reasoning_effort: "high", max_tokens: 500 }))
        assert.deepStrictEqual([status, told], [200, {}])
        assert.include(losses, "/reasoning_effort;dropped")
      }))

    it.effect("is lowered for a client of Anthropic's own protocol, too, where a suffix asks for more than fits", () =>
      Effect.gen(function*() {
        const { status, told } = yield* asked(Clients.question("anthropic", "anthropic/sim-text(high)", { max_tokens: 4000 }))
        assert.deepStrictEqual([status, told], [200, { thinking: { type: "enabled", budget_tokens: 3999 } }])
      }))
  })

  describe("switched on by a suffix for a client of Anthropic's own protocol", () => {
    it.effect("excludes sampling, which is reported", () =>
      Effect.gen(function*() {
        const { losses, status, told } = yield* asked(Clients.question("anthropic", "anthropic/sim-text(high)", { temperature: 0.4, top_k: 3 }))
        assert.deepStrictEqual([status, told], [200, { thinking: { type: "enabled", budget_tokens: 24_576 } }])
        assert.strictEqual(losses, "/temperature;dropped, /top_k;dropped, /reasoning;approximated")
        const body = yield* Clients.received
        assert.isTrue(isObject(body) && !("temperature" in body) && !("top_k" in body))
      }))

    it.effect("gives way to a forced tool", () =>
      Effect.gen(function*() {
        const tools = [{ name: "look", input_schema: { type: "object", properties: {} } }]
        const { losses, status, told } = yield* asked(Clients.question("anthropic", "anthropic/sim-text(high)", { tools, tool_choice: { type: "any" } }))
        assert.deepStrictEqual([status, told], [200, {}])
        assert.strictEqual(losses, "/reasoning;dropped")
      }))
  })

  describe("what of it is shown", () => {
    const ways: Readonly<Record<Exclude<Clients.Client, "openai">, readonly [shown: object, hidden: object]>> = {
      responses: [{ reasoning: { effort: "high", summary: "auto" } }, { reasoning: { effort: "high" } }],
      anthropic: [{ thinking: { type: "enabled", budget_tokens: 24_576, display: "summarized" } }, {
        thinking: { type: "enabled", budget_tokens: 24_576, display: "omitted" }
      }],
      gemini: [{ generationConfig: { thinkingConfig: { thinkingLevel: "HIGH", includeThoughts: true } } }, {
        generationConfig: { thinkingConfig: { thinkingLevel: "HIGH", includeThoughts: false } }
      }]
    }
    const clients = ["responses", "anthropic", "gemini"] as const
    const isShown = (body: unknown): boolean | undefined => {
      const text = JSON.stringify(told(body))
      return /"summary":|summarized|"includeThoughts":true/.test(text) ? true : /omitted|"includeThoughts":false/.test(text) ? false : undefined
    }
    for (const upstream of clients) {
      it.effect(`is a summary where a client of openai, which cannot ask for it, has ${upstream} think`, () =>
        Effect.gen(function*() {
          yield* Clients.send(Clients.question("openai", `${upstream}/sim-text`, { reasoning_effort: "high" }))
          assert.isTrue(isShown(yield* Clients.received))
          for (const rest of [{}, { reasoning_effort: "none" }, { reasoning: { effort: "high", exclude: true } }]) {
            yield* Clients.send(Clients.question("openai", `${upstream}/sim-text`, rest))
            assert.isNotTrue(isShown(yield* Clients.received))
          }
        }))

      for (const client of clients) {
        it.effect(`is asked of ${upstream} as a client of ${client} asks it`, () =>
          Effect.gen(function*() {
            yield* Clients.send(Clients.question(client, `${upstream}/sim-text`, ways[client][0]))
            assert.isTrue(isShown(yield* Clients.received))
            yield* Clients.send(Clients.question(client, `${upstream}/sim-text`, ways[client][1]))
            assert.isNotTrue(isShown(yield* Clients.received))
          }))
      }
    }
  })
})
