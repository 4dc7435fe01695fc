/** What stands in the ledger of what an exchange costs, and which names and prices were asked for it. */
import { assert, layer } from "@effect/vitest"
import * as Extension from "@sluice/gateway/Extension"
import { type Priced, Prices } from "@sluice/gateway/Prices"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { inputTotal, outputTotal } from "@sluice/protocol/CanonicalUsage"
import * as Money from "@sluice/protocol/Money"
import { DialectId } from "@sluice/protocol/Wire"
import { Effect, Layer, Option, Schedule } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { answer, ended, said } from "./Streams.ts"
import * as Verbatim from "./Verbatim.ts"

const json = { "content-type": "application/json" }

const answers: { readonly [model: string]: Verbatim.Answer } = {
  whole: { headers: json, body: [answer("Hello")] },
  streamed: { body: [said("Hello"), ...ended] },
  flex: { headers: json, body: [JSON.stringify({ ...JSON.parse(answer("Hello")), service_tier: "flex" })] },
  "flex-streamed": { body: [said("Hello"), ...ended.map((event) => event.replace("\"usage\":", "\"service_tier\":\"flex\",\"usage\":"))] },
  free: { headers: json, body: [answer("Hello")] },
  refused: { status: 400, headers: json, body: [JSON.stringify({ error: { message: "No.", type: "invalid_request_error" } })] }
}

const asked: Array<Priced> = []

/** A micro-dollar for a token that is read, ten for one that is written; nothing is known of the model `free`. */
const prices = Layer.succeed(Prices, {
  cost: (spent) => {
    asked.push(spent)
    return spent.upstreamModel === "free"
      ? Option.none()
      : Option.some({
        amount: Money.fromPicos(BigInt(inputTotal(spent.usage) + 10 * outputTotal(spent.usage)) * 1_000_000n),
        model: "m",
        version: "test-1",
        assumed: []
      })
  },
  bound: () => Option.none()
})

/** How many losses of the tier the record of each client has. */
const lost: Array<readonly [inbound: string, losses: number]> = []

const parts = Extension.layer({
  id: "losses",
  finish: ({ inbound, responseLosses }) => Effect.sync(() => void lost.push([inbound, responseLosses.filter(({ path }) => path === "/usage/tier").length]))
})

const price = { rates: { input: Money.fromPicos(1n) } }
const models = [{ id: "own", targets: [{ provider: ProviderId.make("openai"), model: "whole", price }] }]

layer(Verbatim.layer({ answers, prices, models, parts }), { excludeTestServices: true })("the cost of an exchange", (it) => {
  for (const [name, stream] of [["openai/whole", false], ["openai/streamed", true]] as const) {
    it.effect(`stands in its entry with the version of its price: ${name}`, () =>
      Effect.gen(function*() {
        yield* Verbatim.ask("openai", name, { stream })
        const { costUsd, priceVersion, usage } = yield* Verbatim.entryOf(name)
        assert.deepStrictEqual({ usage, costUsd, priceVersion }, { usage: { input: 7, output: 3 }, costUsd: "0.000037", priceVersion: "test-1" })
      }))
  }

  it.effect("is asked for by the served, the sent and the requested name, with the price of the route", () =>
    Effect.gen(function*() {
      asked.length = 0
      yield* Verbatim.ask("openai", "own")
      yield* Verbatim.entryOf("own")
      const [prompt, whole] = asked
      assert.deepInclude(prompt, { upstreamModel: "whole", model: "own", provider: ProviderId.make("openai"), upstream: DialectId.make("openai-chat"), price })
      assert.deepInclude(whole, { servedModel: "served-1", upstreamModel: "whole", model: "own", provider: ProviderId.make("openai"), price })
    }))

  for (const [model, stream] of [["openai/flex", false], ["openai/flex-streamed", true]] as const) {
    it.effect(`is asked for by the service tier of the answer, which a client of another protocol cannot be told: ${model}`, () =>
      Effect.gen(function*() {
        asked.length = 0
        lost.length = 0
        for (const client of ["openai", "anthropic"] as const) yield* Verbatim.ask(client, model, { stream })
        yield* Verbatim.entriesOf(model, 2)
        assert.strictEqual(asked.filter(({ tier }) => tier === "flex").length, 2)
        assert.deepStrictEqual(lost, [["openai-chat", 0], ["anthropic-messages", 1]])
      }))
  }

  it.effect("that is not known is absent and counted, never zero", () =>
    Effect.gen(function*() {
      yield* Verbatim.ask("openai", "openai/free")
      const entry = yield* Verbatim.entryOf("openai/free")
      assert.deepStrictEqual([entry.costUsd, entry.priceVersion], [undefined, undefined])
      const text = yield* PrometheusMetrics.format().pipe(
        Effect.flatMap((text) => text.includes("sluice_unpriced_total{") ? Effect.succeed(text) : Effect.fail("pending" as const)),
        Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 500 })
      )
      assert.match(text, /sluice_unpriced_total\{[^}]*provider="openai"[^}]*\} 1/)
    }))

  it.effect("of what used nothing is not asked for", () =>
    Effect.gen(function*() {
      yield* Verbatim.ask("openai", "openai/refused")
      assert.deepInclude(yield* Verbatim.entryOf("openai/refused"), { status: "failed", usage: {} })
      assert.isUndefined((yield* Verbatim.entryOf("openai/refused")).costUsd)
    }))
})
