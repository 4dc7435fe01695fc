/** A sink of usage behind a whole gateway: it is told of every exchange, however that ended, and after a restart goes on where it was. */
import { NodeFileSystem } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import type { Ledger } from "@sluice/gateway/Ledger"
import { ProviderId } from "@sluice/gateway/ProviderId"
import type { UsageOutbox } from "@sluice/gateway/UsageOutbox"
import * as UsageSink from "@sluice/gateway/UsageSink"
import * as SqliteLedger from "@sluice/ledger/SqliteLedger"
import * as SqliteUsageOutbox from "@sluice/ledger/SqliteUsageOutbox"
import { Effect, FileSystem, Layer, Schedule } from "effect"
import { join } from "node:path"
import { answer } from "../exchanges/Streams.ts"
import * as Verbatim from "../exchanges/Verbatim.ts"

const json = { "content-type": "application/json" }

const answers: { readonly [model: string]: Verbatim.Answer } = {
  whole: { headers: json, body: [answer("Hello")] },
  probe: { headers: json, body: [answer("Hello")] },
  refused: { status: 400, headers: json, body: [JSON.stringify({ error: { message: "No.", type: "invalid_request_error" } })] }
}

/** A gateway whose sink writes down what it is given. */
const gateway = (records: Array<UsageSink.UsageRecord>, ledger: Layer.Layer<Ledger | UsageOutbox>) =>
  Verbatim.layer({
    answers,
    ledger,
    parts: UsageSink.layer({ id: "bill", deliver: (page) => Effect.sync(() => void records.push(...page)) })
  })

const until = (condition: () => boolean) =>
  Effect.suspend(() => condition() ? Effect.void : Effect.fail("pending" as const)).pipe(
    Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 500 }),
    Effect.orDie
  )

it.live("every exchange reaches the sink once, with what it used and what was tried, and those of after a restart too", () =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const filename = join(yield* files.makeTempDirectoryScoped(), "ledger.db")
    const ledger = Layer.provideMerge(SqliteUsageOutbox.layer({ filename }), SqliteLedger.layer({ filename })).pipe(Layer.orDie)
    const records: Array<UsageSink.UsageRecord> = []
    const byModel = (model: string) => records.filter((record) => record.model === model)

    yield* Effect.gen(function*() {
      // The sink is new, and what ended before it was heard of is not its business: asked until the first comes through
      yield* Verbatim.ask("openai", "openai/probe").pipe(Effect.andThen(Effect.sleep("50 millis")), Effect.repeat({ until: () => records.length > 0 }))
      yield* Verbatim.ask("openai", "openai/whole", { reasoning_effort: "high" })
      yield* Verbatim.ask("openai", "openai/refused")
      yield* Verbatim.ask("openai", "nowhere/at-all")
      yield* until(() => byModel("nowhere/at-all").length > 0)
    }).pipe(Effect.provide(gateway(records, ledger)))
    const [whole, refused, unknown] = [byModel("openai/whole"), byModel("openai/refused"), byModel("nowhere/at-all")]
    assert.deepStrictEqual([whole.length, refused.length, unknown.length], [1, 1, 1])
    assert.deepInclude(whole[0], {
      status: "completed",
      provider: ProviderId.make("openai"),
      upstreamModel: "whole",
      effort: "high",
      usage: { input: 7, output: 3 }
    })
    assert.strictEqual(whole[0]?.tries[0]?.credential, "key-1")
    assert.deepInclude(refused[0], { status: "failed" })
    assert.strictEqual(refused[0]?.tries[0]?.error?.status, 400)
    assert.deepInclude(unknown[0], { status: "denied", tries: [] })

    yield* Effect.gen(function*() {
      yield* Verbatim.ask("openai", "openai/whole")
      yield* until(() => byModel("openai/whole").length > 1)
    }).pipe(Effect.provide(gateway(records, ledger)))
    assert.strictEqual(byModel("openai/whole").length, 2)
    assert.strictEqual(new Set(records.map(({ id }) => id)).size, records.length)
  }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)))
