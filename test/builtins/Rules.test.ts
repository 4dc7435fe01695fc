/** Instructions, limits on output, headers and edits by rule, as a provider sees them and as the ledger tells them. */
import { assert, layer } from "@effect/vitest"
import * as HeaderRules from "@sluice/gateway/interceptors/HeaderRules"
import * as MaxTokens from "@sluice/gateway/interceptors/MaxTokens"
import * as PayloadRules from "@sluice/gateway/interceptors/PayloadRules"
import * as SystemPrompt from "@sluice/gateway/interceptors/SystemPrompt"
import { Effect, Layer, Redacted } from "effect"
import * as Rig from "../end-to-end/Rig.ts"
import { ask, upstream } from "./Asking.ts"

const parts = Layer.mergeAll(
  SystemPrompt.layer([
    { text: "Be brief.", mode: "append", when: { models: ["*/prompted"] } },
    { text: "Only this.", mode: "replace", when: { models: ["*/replaced"] } }
  ]),
  MaxTokens.layer([{ max: 1000 }, { max: 200, when: { principals: ["trial"] } }]),
  HeaderRules.layer([
    { upstream: { set: { "x-team": "search" }, clear: ["anthropic-beta"] }, client: { set: { "x-served-by": "us" }, clear: ["x-sluice-model"] } },
    { client: { set: { "x-from": "anthropic" } }, when: { providers: ["anthropic"] } }
  ]),
  PayloadRules.layer([
    {
      default: { "/temperature": 0.5 },
      override: { "/metadata/team": "blue" },
      filter: ["/stop"],
      when: { providers: ["openai"], upstreamModels: ["*edited"] }
    },
    { override: { "/service_tier": "flex" }, when: { headers: { "x-cheap": "yes*" } } }
  ])
).pipe(Layer.orDie)

const keys = [{ key: Redacted.make("sk-trial"), principal: { id: "trial" } }]

const bodyOf = (ending: string) => Effect.map(upstream(ending), (seen) => seen.at(-1)?.body)
const lossesOf = (count: number) => Effect.map(Rig.settled(count), ([entry]) => entry?.losses)

layer(Rig.layer({ parts, keys }), { excludeTestServices: true })("rules", (it) => {
  const system = [{ role: "system" as const, parts: [{ type: "text" as const, text: "Mine." }] }]

  it.effect("put the operator's words behind the client's", () =>
    Effect.gen(function*() {
      yield* ask({ model: "anthropic/prompted", request: { instructions: system } })
      assert.include(JSON.stringify(yield* bodyOf("prompted")), "Be brief.")
      assert.include(JSON.stringify(yield* bodyOf("prompted")), "Mine.")
    }))

  it.effect("put them in their place, and say so", () =>
    Effect.gen(function*() {
      const before = (yield* Rig.settled(0)).length
      const answer = yield* ask({ model: "openai/replaced", request: { instructions: system } })
      assert.notInclude(JSON.stringify(yield* bodyOf("replaced")), "Mine.")
      assert.include(answer.headers.get("x-sluice-losses"), "/messages/0;dropped")
      assert.include((yield* lossesOf(before + 1)) ?? [], "/messages/0;dropped")
    }))

  it.effect("lower the number of output tokens, never raise it, and say so", () =>
    Effect.gen(function*() {
      const before = (yield* Rig.settled(0)).length
      const answer = yield* ask({ model: "anthropic/clamped", request: { maxOutputTokens: 4000 } })
      assert.deepInclude(yield* bodyOf("clamped"), { max_tokens: 1000 })
      assert.match(answer.headers.get("x-sluice-losses") ?? "", /\/max_(?:completion_)?tokens;approximated/)
      assert.match((yield* lossesOf(before + 1))?.join() ?? "", /approximated/)
      yield* ask({ model: "anthropic/clamped", request: { maxOutputTokens: 10 } })
      assert.deepInclude(yield* bodyOf("clamped"), { max_tokens: 10 })
      yield* ask({ model: "anthropic/clamped", apiKey: "sk-trial", request: { maxOutputTokens: 900 } })
      assert.deepInclude(yield* bodyOf("clamped"), { max_tokens: 200 })
    }))

  it.effect("clear and set headers on both sides, of streams, whole answers and errors", () =>
    Effect.gen(function*() {
      for (const stream of [false, true]) {
        const answer = yield* ask({ client: "anthropic", model: "anthropic/headers", stream, headers: { "anthropic-beta": "some-2025" } })
        const seen = (yield* upstream("headers")).at(-1)
        assert.strictEqual(seen?.headers["x-team"], "search")
        assert.isUndefined(seen?.headers["anthropic-beta"])
        assert.strictEqual(seen?.headers["x-api-key"], "upstream-key")
        assert.deepStrictEqual(["x-served-by", "x-sluice-model", "x-from"].map((name) => answer.headers.get(name)), ["us", null, "anthropic"])
      }
      const refused = yield* ask({ model: "openai/sim-error;status=400" })
      assert.strictEqual(refused.status, 400)
      assert.deepStrictEqual(["x-served-by", "x-from"].map((name) => refused.headers.get(name)), ["us", null])
    }))

  it.effect("edit what goes upstream in the provider's own words, and say so", () =>
    Effect.gen(function*() {
      const before = (yield* Rig.settled(0)).length
      const request = { stop: ["x"], temperature: 1 }
      const answer = yield* ask({ model: "openai/edited", request })
      assert.deepInclude(yield* bodyOf("edited"), { temperature: 1, metadata: { team: "blue" } })
      assert.notProperty(yield* bodyOf("edited"), "stop")
      for (const told of [answer.headers.get("x-sluice-losses") ?? "", (yield* lossesOf(before + 1))?.join() ?? ""]) {
        assert.include(told, "/metadata/team;defaulted")
        assert.include(told, "/stop;dropped")
        assert.notInclude(told, "/temperature")
      }
      yield* ask({ client: "anthropic", model: "openai/edited" })
      assert.deepInclude(yield* bodyOf("edited"), { temperature: 0.5 })
    }))

  it.effect("ask for headers of the client", () =>
    Effect.gen(function*() {
      yield* ask({ model: "openai/plain" })
      assert.notProperty(yield* bodyOf("plain"), "service_tier")
      yield* ask({ model: "openai/plain", headers: { "x-cheap": "yes please" } })
      assert.deepInclude(yield* bodyOf("plain"), { service_tier: "flex" })
    }))
})
