/**
 * What happens to a stream over time: heartbeats, the pre-commit window, tries and fall-backs before the commit and none
 * after it, limits, stalled readers, and upstreams that are read on after the client has left.
 */
import { assert, layer } from "@effect/vitest"
import type { Entry } from "@sluice/gateway/Ledger"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { Duration, Effect, Schedule } from "effect"
import { connect } from "node:net"
import * as RawClient from "./RawClient.ts"
import * as Rig from "./Rig.ts"

const openai = ProviderId.make("openai")
const anthropic = ProviderId.make("anthropic")

const rig = Rig.layer({
  settings: { heartbeatMs: 150, preCommitMs: 1_000, writeStallMs: 500 },
  limits: { totalMs: 5_000 },
  retries: 1,
  models: [
    { id: "falls-back", targets: [{ provider: openai, model: "sim-error;status=500" }], fallbacks: ["backup"], preCommit: Duration.seconds(30) },
    { id: "backup", targets: [{ provider: anthropic, model: "sim-text" }] },
    { id: "patient", targets: [{ provider: openai, model: "sim-error;status=503;head=1300" }], preCommit: Duration.seconds(30) },
    { id: "drained", targets: [{ provider: openai, model: "sim-long;events=60;delay=5;tag=drained" }], onClientGone: "drain" },
    {
      id: "drained-a-little",
      targets: [{ provider: openai, model: "sim-long;events=100000;delay=5;tag=bounded" }],
      onClientGone: { drain: { time: Duration.millis(300), bytes: 100_000_000 } }
    }
  ]
})

const ask = (model: string) =>
  Effect.gen(function*() {
    const { url } = yield* Rig.Rig
    return yield* Effect.promise(async () => {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
        body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "Hello" }] })
      })
      return { status: response.status, headers: response.headers, text: await response.text() }
    })
  })

/** The one entry of a model name, once it has ended. */
const entryOf = (model: string) =>
  Effect.gen(function*() {
    const { ledger } = yield* Rig.Rig
    const entries: ReadonlyArray<Entry> = yield* ledger.query({ limit: 100, model })
    assert.isAtMost(entries.length, 1)
    const [entry] = entries
    return entry === undefined || entry.status === "open" ? yield* Effect.fail("pending" as const) : entry
  }).pipe(Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 500 }), Effect.orDie)

const upstreamRequests = (tag: string) =>
  Effect.gen(function*() {
    const { simulator } = yield* Rig.Rig
    return (yield* simulator.log).filter(({ model }) => model.includes(tag))
  })

/** How the upstream saw its only request with this tag end. */
const endingOf = (tag: string) =>
  Effect.flatMap(upstreamRequests(tag), ([request]) => request?.ending === undefined ? Effect.fail("pending" as const) : Effect.succeed(request.ending)).pipe(
    Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 500 }),
    Effect.orDie
  )

layer(rig, { excludeTestServices: true })("a stream", (it) => {
  for (const upstream of Rig.upstreams) {
    it.effect(`is kept alive by comments while ${upstream} is silent`, () =>
      Effect.gen(function*() {
        const { status, text } = yield* ask(`${upstream}/sim-long;events=3;delay=500`)
        assert.strictEqual(status, 200)
        assert.match(text, /\n: ping\n/)
        assert.include(text, "[DONE]")
      }))

    it.effect(`is tried again before the commit when ${upstream} fails once`, () =>
      Effect.gen(function*() {
        const model = `${upstream}/sim-error;status=500;fail=1;tag=again-${upstream}`
        const { headers, status, text } = yield* ask(model)
        assert.strictEqual(status, 200, text)
        assert.strictEqual(headers.get("x-sluice-attempts"), "2")
        assert.strictEqual((yield* entryOf(model)).attempts, 2)
      }))

    it.effect(`is never tried again after the commit, upstream ${upstream}`, () =>
      Effect.gen(function*() {
        const model = `${upstream}/sim-stream-error;after=2;tag=once`
        const { status, text } = yield* ask(model)
        assert.strictEqual(status, 200)
        assert.notInclude(text, "[DONE]")
        assert.strictEqual((yield* upstreamRequests("sim-stream-error;after=2;tag=once")).filter(({ provider }) => provider.includes(upstream)).length, 1)
      }))
  }

  it.effect("falls back to a target of another protocol", () =>
    Effect.gen(function*() {
      const { headers, status, text } = yield* ask("falls-back")
      assert.strictEqual(status, 200, text)
      assert.strictEqual(headers.get("x-sluice-provider"), "anthropic")
      const entry = yield* entryOf("falls-back")
      assert.strictEqual(entry.attempts, 3)
      assert.strictEqual(entry.outcome, "Completed")
      assert.strictEqual(entry.upstream, "anthropic-messages")
    }))

  it.effect("gets its head after the pre-commit window although nothing has answered, and then the answer", () =>
    Effect.gen(function*() {
      const { headers, status, text } = yield* ask("openai/sim-text;head=1800;tag=window")
      assert.strictEqual(status, 200)
      assert.isNull(headers.get("x-sluice-provider"))
      assert.isString(headers.get("x-request-id"))
      assert.match(text, /^: ping\n/)
      assert.include(text, "[DONE]")
    }))

  it.effect("is told a failure in the stream when it came after the pre-commit window", () =>
    Effect.gen(function*() {
      const model = "openai/sim-error;status=400;head=1800;tag=late"
      const { status, text } = yield* ask(model)
      assert.strictEqual(status, 200)
      assert.match(text, /data: \{"error":/)
      assert.notInclude(text, "[DONE]")
      assert.strictEqual((yield* entryOf(model)).status, "failed")
    }))

  it.effect("waits for its status as long as the model's entry says", () =>
    Effect.gen(function*() {
      const { status } = yield* ask("patient")
      assert.strictEqual(status, 503)
    }))

  it.effect("ends in an error when the whole takes too long", () =>
    Effect.gen(function*() {
      const model = "anthropic/sim-long;events=2000;delay=20;tag=total"
      const { text } = yield* ask(model)
      assert.match(text, /longer than 5000 ms/)
      const entry = yield* entryOf(model)
      assert.strictEqual(entry.outcome, "UpstreamFailed(timeout-total)")
      assert.isAbove(entry.usage.output ?? 0, 0)
    }))

  it.effect("is read on after its client left, where the model's entry says so, and its usage is the provider's own", () =>
    Effect.gen(function*() {
      const { url } = yield* Rig.Rig
      const client = yield* RawClient.send(url, "/v1/chat/completions", { model: "drained", stream: true, messages: [{ role: "user", content: "Hello" }] })
      yield* client.until((text) => text.includes("token3 "))
      yield* client.leave("FIN")
      const entry = yield* entryOf("drained")
      assert.strictEqual(entry.outcome, "Completed")
      assert.deepStrictEqual([...new Set(Object.values(entry.provenance))], ["reported"])
      assert.strictEqual(yield* endingOf("tag=drained"), "completed")
    }))

  it.effect("is read on within bounds only", () =>
    Effect.gen(function*() {
      const { url } = yield* Rig.Rig
      const client = yield* RawClient.send(url, "/v1/chat/completions", {
        model: "drained-a-little",
        stream: true,
        messages: [{ role: "user", content: "Hello" }]
      })
      yield* client.until((text) => text.includes("token3 "))
      yield* client.leave("RST")
      assert.strictEqual((yield* entryOf("drained-a-little")).outcome, "Cancelled(client)")
      assert.strictEqual(yield* endingOf("tag=bounded"), "client-closed")
    }))

  it.effect("whose reader takes nothing is given up, and its upstream with it", () =>
    Effect.gen(function*() {
      const { url } = yield* Rig.Rig
      const model = "openai/sim-long;events=200000;size=2000;tag=stall"
      const body = JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "Hello" }] })
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          const socket = connect(Number(new URL(url).port), "127.0.0.1")
          socket.pause()
          socket.on("error", () => {})
          socket.write(
            `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-test\r\ncontent-type: application/json\r\ncontent-length: ${
              Buffer.byteLength(body)
            }\r\n\r\n${body}`
          )
          return socket
        }),
        (socket) => Effect.sync(() => socket.destroy())
      )
      const { error, outcome } = yield* entryOf(model)
      assert.deepStrictEqual([outcome, error], ["Cancelled(client)", { class: "cancelled", message: "slow reader" }])
      assert.strictEqual(yield* endingOf("tag=stall"), "client-closed")
    }))
})
