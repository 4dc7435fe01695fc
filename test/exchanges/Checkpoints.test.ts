import { assert, describe, it, layer } from "@effect/vitest"
import * as Accounts from "@sluice/gateway/Accounts"
import * as Checkpoints from "@sluice/gateway/Checkpoints"
import { begin, type Exchange } from "@sluice/gateway/Exchange"
import * as ExchangeId from "@sluice/gateway/ExchangeId"
import { Ledger } from "@sluice/gateway/Ledger"
import type { Prices } from "@sluice/gateway/Prices"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as StreamTap from "@sluice/gateway/StreamTap"
import { Wheel } from "@sluice/gateway/Wheel"
import { OpenAiChat } from "@sluice/openai"
import type { MeteredUsage } from "@sluice/protocol/CanonicalUsage"
import * as Loss from "@sluice/protocol/Loss"
import * as Money from "@sluice/protocol/Money"
import { Effect, Option, Schedule } from "effect"
import { chunk, said } from "./Streams.ts"
import * as Verbatim from "./Verbatim.ts"

/** A stream under way, and what the ledger was told of it. */
const underWay = (prices?: Prices["Service"]) => {
  const exchange: Exchange = begin({
    id: ExchangeId.generate(1, () => 0),
    startedAt: 0,
    begunAt: 0,
    principal: { id: "k" },
    inbound: OpenAiChat.dialect,
    operation: "generate",
    framing: "sse"
  })
  const tap = StreamTap.make()
  exchange.estimatedInput = 3
  exchange.sentUpstream = true
  exchange.current = {
    provider: ProviderId.make("p"),
    upstreamModel: "m",
    upstream: OpenAiChat.dialect.id,
    lane: "bytes",
    losses: [],
    tap,
    responseLosses: Loss.sink()
  }
  const told: Array<MeteredUsage> = []
  const costs: Array<string | undefined> = []
  const tick = Checkpoints.make({
    prices,
    wheel: Wheel.of({ register: () => () => {}, now: () => 0, size: () => 0, failures: () => 0 }),
    ledger: Ledger.of({
      open: () => Effect.void,
      checkpoint: (_, usage, costUsd) =>
        Effect.sync(() => {
          told.push(usage)
          costs.push(costUsd)
        }),
      settle: () => Effect.void,
      query: () => Effect.succeed([]),
      settled: () => Effect.succeed({ records: [], places: {}, missed: 0 }),
      spent: () => Effect.succeed(Accounts.nothing),
      chart: () => Effect.succeed([])
    })
  }, exchange)
  return { costs, exchange, tap, tick, told }
}

const { intervalBytes, intervalMs } = Checkpoints

describe("the checkpoints of a stream", () => {
  it("come every interval, with the usage so far as an estimate", () => {
    const { tap, tick, told } = underWay()
    tap.observeDelta(40, 1)
    tick(intervalMs - 1)
    assert.deepStrictEqual(told, [])
    tick(intervalMs)
    tap.observeDelta(40, intervalMs + 1)
    tick(2 * intervalMs - 1)
    tick(2 * intervalMs)
    assert.deepStrictEqual(told, [
      { tokens: { input: 3, output: 10 }, provenance: { input: "estimated", output: "estimated" } },
      { tokens: { input: 3, output: 20 }, provenance: { input: "estimated", output: "estimated" } }
    ])
  })

  it("come sooner where many bytes went to the client", () => {
    const { exchange, tap, tick, told } = underWay()
    tap.observeDelta(40, 1)
    exchange.bytesOut = intervalBytes - 1
    tick(100)
    assert.strictEqual(told.length, 0)
    exchange.bytesOut = intervalBytes
    tick(200)
    assert.strictEqual(told.length, 1)
  })

  it("say what it costs so far where a price is known", () => {
    const known = underWay({
      cost: ({ usage }) => Option.some({ amount: Money.fromPicos(BigInt(usage.output ?? 0)), model: "m", version: "1", assumed: [] }),
      bound: () => Option.none()
    })
    known.tap.observeDelta(40, 1)
    known.tick(intervalMs)
    assert.deepStrictEqual(known.costs, ["0.00000000001"])
    const unknown = underWay()
    unknown.tap.observeDelta(40, 1)
    unknown.tick(intervalMs)
    assert.deepStrictEqual(unknown.costs, [undefined])
  })

  it("say nothing while nothing new has come", () => {
    const { tap, tick, told } = underWay()
    tick(intervalMs)
    tap.observeDelta(40, intervalMs)
    tick(2 * intervalMs)
    tick(3 * intervalMs)
    tick(4 * intervalMs)
    assert.strictEqual(told.length, 1)
  })
})

const answers = { long: { body: [chunk({ role: "assistant" }), said("x".repeat(intervalBytes)), said("more")], ending: "held" as const } }

layer(Verbatim.layer({ answers }), { excludeTestServices: true })("a long stream", (it) => {
  it.effect("shows its usage in the ledger while it is open", () =>
    Effect.gen(function*() {
      const { ledger, url } = yield* Verbatim.Verbatim
      const client = new AbortController()
      yield* Effect.addFinalizer(() => Effect.sync(() => client.abort()))
      const asked = fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
        body: JSON.stringify({ model: "openai/long", stream: true, messages: [{ role: "user", content: "Hello" }] }),
        signal: client.signal
      })
      const response = yield* Effect.promise(() => asked)
      const reader = response.body?.getReader()
      let read = 0
      while (read < intervalBytes) read += yield* Effect.promise(async () => (await reader?.read())?.value?.length ?? 0)
      const usage = yield* Effect.flatMap(
        ledger.query({ status: "open", limit: 1 }),
        ([entry]) => entry?.usage.output === undefined ? Effect.fail("not yet") : Effect.succeed(entry.usage)
      ).pipe(Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 500 }))
      assert.isAtLeast(usage.output ?? 0, intervalBytes / 4)
    }))
})
