/**
 * What every way in which an exchange can end costs, and who says so: one line for each row of the outcomes. What was sent to a
 * provider is never free, what was not sent costs nothing, and what nobody counted is bounded.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import * as Exchange from "@sluice/gateway/Exchange"
import * as ExchangeId from "@sluice/gateway/ExchangeId"
import * as Interceptor from "@sluice/gateway/Interceptor"
import { type Entry, Ledger, type Opening } from "@sluice/gateway/Ledger"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import * as Replays from "@sluice/gateway/Replays"
import * as ReplayStoreMemory from "@sluice/gateway/ReplayStoreMemory"
import * as PriceBook from "@sluice/ledger/PriceBook"
import * as SqliteLedger from "@sluice/ledger/SqliteLedger"
import { OpenAiChat } from "@sluice/openai"
import { inputTotal, type MeteredUsage, outputTotal, type Provenance } from "@sluice/protocol/CanonicalUsage"
import * as Money from "@sluice/protocol/Money"
import { Context, Effect, Exit, Layer, Option, Schedule, Scope } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as RawClient from "./RawClient.ts"
import * as Rig from "./Rig.ts"

const dollars = (text: string) => Option.getOrThrow(Money.fromDecimal(text))

/** A dollar for a million tokens that are read, ten for those that are written. */
const prices = PriceBook.layer({ overrides: [{ model: "*", price: { rates: { input: dollars("1"), output: dollars("10") } } }] })

const costOf = ({ usage }: Pick<Entry, "usage">): string => Money.toDecimal(Money.fromPicos(BigInt(inputTotal(usage) + 10 * outputTotal(usage)) * 1_000_000n))

/** An interceptor with a bug, which shows at the third frame of an answer. */
const buggy = Interceptor.layer({
  id: "buggy",
  events: ({ model }) => {
    let frames = 0
    return {
      step: (frame) => {
        if (model.includes(";tag=bug") && ++frames > 3) throw new Error("a bug")
        return [frame]
      }
    }
  }
})

const rig = Rig.layer({
  prices,
  parts: buggy,
  limits: { firstEventMs: 300, idleMs: 10_000 },
  replays: Replays.layer().pipe(Layer.provide(ReplayStoreMemory.layer()))
})

const prompt = "Tell me something about numbers, please."
const messages = [{ role: "user", content: prompt }]

const entriesOf = (model: string, count: number) =>
  Effect.gen(function*() {
    const { ledger } = yield* Rig.Rig
    const entries = yield* ledger.query({ limit: 10, model })
    return entries.length === count && entries.every(({ status }) => status !== "open") ? entries : yield* Effect.fail("pending" as const)
  }).pipe(Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 2_000 }), Effect.orDie)

const post = (model: string, stream: boolean, headers: { readonly [name: string]: string } = {}) =>
  Effect.flatMap(Rig.Rig, ({ url }) =>
    Effect.promise(() =>
      fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: "Bearer sk-test", "content-type": "application/json", ...headers },
        body: JSON.stringify({ model, stream, messages })
      }).then((response) => response.text()).catch(() => "")
    ))

/** Leaves a stream as soon as some of its text has come. */
const leave = Effect.fnUntraced(function*(model: string) {
  const { url } = yield* Rig.Rig
  const request = yield* RawClient.send(url, "/v1/chat/completions", { model, stream: true, messages })
  yield* request.until((text) => text.includes("\ndata: ") && text.length > 900)
  yield* request.leave("FIN")
})

interface Row {
  readonly row: number
  readonly model: string
  readonly act?: "leave" | "twice" | "buffered"
  readonly outcome: string
  /** Who says what was read and what was written; absent = nothing was used. */
  readonly said?: readonly [input: Provenance, output: Provenance]
}

const rows: ReadonlyArray<Row> = [
  { row: 2, model: "nobody/knows", outcome: "Denied(model)" },
  { row: 2, model: "openai/sim-long;tag=bug", outcome: "Denied(interceptor:buggy)", said: ["estimated", "estimated"] },
  { row: 3, model: "openai/sim-text;tag=again", act: "twice", outcome: "Replayed" },
  { row: 4, model: "openai/sim-stream-error;after=5", outcome: "UpstreamFailed(transient)", said: ["estimated", "estimated"] },
  { row: 4, model: "anthropic/sim-stream-error;after=5", outcome: "UpstreamFailed(overloaded)", said: ["reported", "estimated"] },
  { row: 5, model: "openai/sim-text", outcome: "Completed", said: ["reported", "reported"] },
  { row: 5, model: "gemini/sim-text", act: "buffered", outcome: "Completed", said: ["reported", "reported"] },
  { row: 5, model: "responses/sim-length", outcome: "Incomplete(length)", said: ["reported", "reported"] },
  { row: 6, model: "openai/sim-missing-usage", outcome: "Completed", said: ["estimated", "estimated"] },
  { row: 7, model: "openai/sim-long;events=100000;delay=2;tag=left", act: "leave", outcome: "Cancelled(client)", said: ["estimated", "estimated"] },
  { row: 7, model: "anthropic/sim-long;events=100000;delay=2;tag=left", act: "leave", outcome: "Cancelled(client)", said: ["reported", "estimated"] },
  { row: 9, model: "openai/sim-truncated", outcome: "Truncated", said: ["estimated", "estimated"] },
  { row: 9, model: "anthropic/sim-reset", outcome: "Truncated", said: ["reported", "estimated"] },
  { row: 10, model: "openai/sim-empty", outcome: "Empty" },
  { row: 11, model: "openai/sim-error;status=500", outcome: "UpstreamFailed(transient)" },
  { row: 11, model: "openai/sim-stall", outcome: "UpstreamFailed(timeout-first-event)", said: ["estimated", "estimated"] }
]

const bound = Math.ceil(JSON.stringify({ model: rows[9]?.model, stream: true, messages }).length / 4) + 10

/** Estimates are more than nothing and no more than could be. */
const check = (entry: Entry, said: Row["said"]): void => {
  if (said === undefined) {
    assert.deepStrictEqual([entry.usage, entry.costUsd], [{}, undefined])
    return
  }
  assert.deepStrictEqual([entry.provenance.input, entry.provenance.output], [...said])
  assert.isAbove(inputTotal(entry.usage), 0)
  if (said[0] === "estimated") assert.isAtMost(inputTotal(entry.usage), bound)
  if (said[1] === "estimated") assert.isAtMost(outputTotal(entry.usage), 100_000)
  assert.strictEqual(entry.costUsd, costOf(entry))
  assert.isAbove(Number(entry.costUsd), 0)
}

const act = ({ act, model }: Row) => {
  if (act === "leave") return leave(model)
  if (act !== "twice") return post(model, act !== "buffered")
  const headers = { "idempotency-key": "row-3" }
  return Effect.andThen(post(model, true, headers), post(model, true, headers))
}

layer(rig, { excludeTestServices: true })("the usage of an exchange that ended as in", (it) => {
  for (const each of rows) {
    it.effect(`row ${each.row}: ${each.outcome} of ${each.model}`, () =>
      Effect.gen(function*() {
        yield* act(each)
        const [entry, first] = yield* entriesOf(each.model, each.act === "twice" ? 2 : 1)
        assert.strictEqual(entry?.outcome, each.outcome)
        if (entry !== undefined) check(entry, each.said)
        if (each.act !== "twice" || entry === undefined || first === undefined) return
        // What was not spent again is noted
        check(first, ["reported", "reported"])
        assert.strictEqual(entry.savedUsd, first.costUsd)
      }))
  }

  it("walks every row", () => {
    assert.deepStrictEqual([...new Set([...rows.map(({ row }) => row), 1, 8, 12, 13])].toSorted((a, b) => a - b), Array.from({ length: 13 }, (_, n) => n + 1))
  })
})

describe("the usage of an exchange that ended as in", () => {
  it.live("row 8: the server stopped it", () =>
    Effect.gen(function*() {
      const kept = yield* Layer.build(LedgerMemory.layer)
      const scope = yield* Scope.make()
      const running = yield* Layer.buildWithScope(Rig.layer({ prices, ledger: Layer.succeedContext(kept) }), scope)
      const { ledger, url } = Context.get(running, Rig.Rig)
      const request = yield* RawClient.send(url, "/v1/chat/completions", { model: "openai/sim-long;events=100000;delay=2", stream: true, messages })
      yield* request.until((text) => text.includes("\ndata: ") && text.length > 900)
      yield* Scope.close(scope, Exit.void)
      const [entry] = yield* ledger.query({ limit: 1 })
      assert.match(entry?.outcome ?? "", /^Cancelled\(server/)
      if (entry !== undefined) check(entry, ["estimated", "estimated"])
    }).pipe(Effect.scoped), 30_000)

  const settled = (sentUpstream: boolean, ending?: Exchange.Exchange["ending"]) => {
    const exchange = Exchange.begin({
      id: ExchangeId.generate(1, () => 0),
      startedAt: 1,
      begunAt: 1,
      principal: { id: "k" },
      inbound: OpenAiChat.dialect,
      operation: "generate",
      framing: "sse"
    })
    exchange.estimatedInput = 12
    exchange.sentUpstream = sentUpstream
    exchange.ending = ending
    return Exchange.settlement(exchange, 5)
  }

  it("row 1: a fault of our own, after the request was sent", () => {
    const { outcome, usage } = settled(true, { _tag: "Defect", message: "a bug" })
    assert.deepStrictEqual([outcome._tag, usage.tokens, usage.provenance], ["Defect", { input: 12, output: 0 }, { input: "estimated", output: "estimated" }])
  })

  it("row 12: a body that nobody pulled, sent upstream or not", () => {
    const both = [settled(true), settled(false)]
    assert.deepStrictEqual(both.map(({ outcome }) => outcome._tag === "Cancelled" && outcome.by), ["unpolled", "unpolled"])
    assert.deepStrictEqual(both.map(({ usage }) => usage), [
      { tokens: { input: 12, output: 0 }, provenance: { input: "estimated", output: "estimated" } },
      { tokens: {}, provenance: {} }
    ])
  })

  const abandoned = (note: (ledger: Ledger["Service"], opening: Opening) => Effect.Effect<void>) =>
    Effect.gen(function*() {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
      )
      const filename = join(folder, "ledger.db")
      const opening: Opening = {
        id: ExchangeId.generate(1_700_000_000_000, () => 0),
        startedAt: 1_700_000_000_000,
        operation: "generate",
        principal: "k",
        inbound: OpenAiChat.dialect.id,
        stream: true,
        model: "m",
        estimatedInput: 40,
        estimatedUsd: "0.00004"
      }
      yield* Effect.gen(function*() {
        const ledger = yield* Ledger
        yield* ledger.open(opening)
        yield* note(ledger, opening)
      }).pipe(Effect.provide(SqliteLedger.layer({ filename })))
      return yield* Effect.flatMap(Ledger, (ledger) => ledger.query({ limit: 1 })).pipe(
        Effect.flatMap(([entry]) => entry === undefined || entry.status === "open" ? Effect.fail("pending" as const) : Effect.succeed(entry)),
        Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 1_000 }),
        Effect.provide(SqliteLedger.layer({ filename }), { local: true })
      )
    }).pipe(Effect.scoped)

  it.live("row 13: found open after a crash, as the bound of its prompt", () =>
    Effect.gen(function*() {
      assert.deepInclude(yield* abandoned(() => Effect.void), {
        outcome: "Abandoned",
        usage: { input: 40 },
        provenance: { input: "bounded" },
        costUsd: "0.00004"
      })
    }), 30_000)

  it.live("row 13: found open after a crash, as its last checkpoint said", () =>
    Effect.gen(function*() {
      const usage: MeteredUsage = { tokens: { input: 38, output: 5 }, provenance: { input: "reported", output: "estimated" } }
      assert.deepInclude(yield* abandoned((ledger, { id }) => ledger.checkpoint(id, usage, "0.000088")), {
        outcome: "Abandoned",
        usage: { input: 38, output: 5 },
        provenance: { input: "estimated", output: "estimated" },
        costUsd: "0.000088"
      })
    }), 30_000)
})
