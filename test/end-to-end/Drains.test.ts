/**
 * What becomes of the upstream when a client leaves a stream, by what the model's entry asks for: read on to the provider's own count,
 * never for more clients, longer or further than the bounds say.
 */
import { assert, describe, layer } from "@effect/vitest"
import type { Entry } from "@sluice/gateway/Ledger"
import type { ModelEntry, OnClientGone } from "@sluice/gateway/ModelEntry"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { inputTotal, outputTotal, type Usage } from "@sluice/protocol/CanonicalUsage"
import { Duration, Effect, Schedule } from "effect"
import { PrometheusMetrics } from "effect/observability"
import * as RawClient from "./RawClient.ts"
import * as Rig from "./Rig.ts"

const route = (id: string, onClientGone: OnClientGone): ReadonlyArray<ModelEntry> =>
  Rig.upstreams.map((upstream) => ({ id: `${id}-${upstream}/*`, targets: [{ provider: ProviderId.make(upstream), model: "*" }], onClientGone }))

const models = [
  ...route("drain", "drain"),
  ...route("brief", { drain: { time: Duration.millis(300), bytes: 1e9 } }),
  ...route("small", { drain: { time: Duration.minutes(5), bytes: 3_000 } })
]

/** Leaves a stream as soon as some of its text has come. */
const leave = Effect.fnUntraced(function*(model: string, how: "FIN" | "RST" = "FIN") {
  const { url } = yield* Rig.Rig
  const request = yield* RawClient.send(url, "/v1/chat/completions", { model, stream: true, messages: [{ role: "user", content: "Count." }] })
  yield* request.until((text) => text.includes("\ndata: ") && text.length > 700)
  yield* request.leave(how)
})

/** The simulator's own record of a request with this tag, once it is over. */
const upstreamOf = (tag: string) =>
  Effect.gen(function*() {
    const { simulator } = yield* Rig.Rig
    const entry = (yield* simulator.log).find(({ ending, model }) => model.endsWith(`;tag=${tag}`) && ending !== undefined)
    return entry ?? (yield* Effect.fail("pending" as const))
  }).pipe(Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 4_000 }), Effect.orDie)

const entryOf = (model: string) =>
  Effect.gen(function*() {
    const { ledger } = yield* Rig.Rig
    const [entry, second] = yield* ledger.query({ limit: 10, model })
    assert.isUndefined(second)
    return entry === undefined || entry.status === "open" ? yield* Effect.fail("pending" as const) : entry
  }).pipe(Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 4_000 }), Effect.orDie)

const metric = (wanted: RegExp) =>
  PrometheusMetrics.format().pipe(
    Effect.flatMap((text) => wanted.test(text) ? Effect.succeed(text) : Effect.fail("pending" as const)),
    Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 500 }),
    Effect.orDie
  )

const totals = (usage: Usage) => [inputTotal(usage), outputTotal(usage)]

/** Usage that nobody reported: some, and no more than could have been written. */
const assertEstimated = ({ provenance, usage }: Entry, atMost: number) => {
  assert.strictEqual(provenance.output, "estimated")
  assert.isAbove(usage.input ?? 0, 0)
  assert.isAbove(outputTotal(usage), 0)
  assert.isAtMost(outputTotal(usage), atMost)
}

layer(Rig.layer({ models }), { excludeTestServices: true })("a stream that is read on after its client left", (it) => {
  for (const upstream of Rig.upstreams) {
    it.effect(`costs to the token what the provider counted, upstream ${upstream}`, () =>
      Effect.gen(function*() {
        const runs = (["FIN", "RST"] as const).flatMap((how) => Array.from({ length: 5 }, (_, run) => ({ how, tag: `${upstream}-${how}-${run}` })))
        yield* Effect.forEach(runs, ({ how, tag }) => leave(`drain-${upstream}/sim-long;events=80;delay=2;tag=${tag}`, how), { concurrency: 5 })
        for (const { tag } of runs) {
          const { ending, usage } = yield* upstreamOf(tag)
          const entry = yield* entryOf(`drain-${upstream}/sim-long;events=80;delay=2;tag=${tag}`)
          assert.strictEqual(ending, "completed")
          assert.deepStrictEqual(totals(entry.usage), totals(usage ?? {}))
          assert.strictEqual(entry.provenance.output, "reported")
        }
      }))
  }

  it.effect("is cancelled when its time has run out, and is estimated by what came", () =>
    Effect.gen(function*() {
      yield* leave("brief-openai/sim-long;events=100000;delay=2;tag=brief")
      assert.strictEqual((yield* upstreamOf("brief")).ending, "client-closed")
      const entry = yield* entryOf("brief-openai/sim-long;events=100000;delay=2;tag=brief")
      assert.deepInclude(entry, { outcome: "Cancelled(client)", status: "cancelled" })
      assertEstimated(entry, 100_000)
      yield* metric(/sluice_drains_total\{[^}]*result="time"[^}]*\} 1/)
    }))

  it.effect("is cancelled after so many bytes", () =>
    Effect.gen(function*() {
      yield* leave("small-anthropic/sim-long;events=100000;delay=1;tag=small")
      assert.strictEqual((yield* upstreamOf("small")).ending, "client-closed")
      assertEstimated(yield* entryOf("small-anthropic/sim-long;events=100000;delay=1;tag=small"), 10_000)
      yield* metric(/sluice_drains_total\{[^}]*result="bytes"[^}]*\} 1/)
    }))
})

const few = { concurrent: 3, timeMs: 60_000, bytes: 1e9 }

layer(Rig.layer({ models, settings: { drains: few } }), { excludeTestServices: true })("more streams than may be read on", (it) => {
  it.effect("are cancelled beyond the cap, which the others do not notice", () =>
    Effect.gen(function*() {
      const tags = Array.from({ length: 8 }, (_, run) => `cap-${run}`)
      const model = (tag: string) => `drain-openai/sim-long;events=400;delay=3;tag=${tag}`
      yield* Effect.forEach(tags, (tag) => leave(model(tag)), { concurrency: 8 })
      const ended = yield* Effect.forEach(tags, (tag) => Effect.all({ upstream: upstreamOf(tag), entry: entryOf(model(tag)) }), { concurrency: 8 })
      const whole = ended.filter(({ upstream }) => upstream.ending === "completed")
      assert.strictEqual(whole.length, few.concurrent)
      for (const { entry, upstream } of ended) {
        if (upstream.ending === "completed") assert.deepStrictEqual(totals(entry.usage), totals(upstream.usage ?? {}))
        else assertEstimated(entry, 100_000)
      }
      yield* metric(/sluice_drains_total\{[^}]*result="refused"[^}]*\} 5/)
      yield* metric(/sluice_drains_active(?:\{[^}]*\})? 0/)
    }))
})

describe("bounds of the gateway", () => {
  layer(Rig.layer({ models, settings: { drains: { concurrent: 3, timeMs: 250, bytes: 1e9 } } }), { excludeTestServices: true })((it) => {
    it.effect("hold where the entry says no more than drain", () =>
      Effect.gen(function*() {
        yield* leave("drain-responses/sim-long;events=100000;delay=2;tag=plain")
        assert.strictEqual((yield* upstreamOf("plain")).ending, "client-closed")
        assertEstimated(yield* entryOf("drain-responses/sim-long;events=100000;delay=2;tag=plain"), 100_000)
      }))
  })

  layer(Rig.layer({ models, limits: { idleMs: 250 } }), { excludeTestServices: true })((it) => {
    it.effect("are not waited for where the provider falls silent", () =>
      Effect.gen(function*() {
        yield* leave("drain-openai/sim-stall;after=12;tag=silent")
        assert.strictEqual((yield* upstreamOf("silent")).ending, "client-closed")
        assertEstimated(yield* entryOf("drain-openai/sim-stall;after=12;tag=silent"), 1_000)
        yield* metric(/sluice_drains_total\{[^}]*result="timeout"[^}]*\} 1/)
      }))
  })
})
