import { assert, describe, it } from "@effect/vitest"
import { ExchangeId } from "@sluice/gateway/ExchangeId"
import { type Entry, Ledger, type Settlement } from "@sluice/gateway/Ledger"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as SqliteLedger from "@sluice/ledger/SqliteLedger"
import { DialectId } from "@sluice/protocol/Wire"
import { Effect, Option } from "effect"
import { join } from "node:path"
import { toLine } from "../../src/commands/ledger/Line.ts"
import * as Moment from "../../src/commands/ledger/Moment.ts"
import { asProcess, folder, sluice } from "./Sluice.ts"

const start = Date.parse("2026-11-20T10:00:00Z")
const id = (n: number) => ExchangeId.make(`01K6Z${String(n).padStart(21, "0")}`)

/** The `n`th exchange, a minute after the one before. */
const settlement = (n: number, fields: Partial<Settlement> = {}): Settlement => ({
  id: id(n),
  startedAt: start + n * 60_000,
  operation: "generate",
  principal: "ci",
  inbound: DialectId.make("openai-chat"),
  stream: true,
  model: "fast",
  estimatedInput: 10,
  endedAt: start + n * 60_000 + 1800,
  outcome: { _tag: "Completed" },
  upstream: DialectId.make("anthropic-messages"),
  lane: "typed",
  provider: ProviderId.make("anthropic"),
  upstreamModel: "claude-haiku-4-5",
  attempts: [],
  usage: { tokens: { input: 12, output: 34 }, provenance: { input: "reported", output: "reported" } },
  losses: ["/seed;dropped"],
  responseLosses: [],
  bytesOut: 5120,
  ttftMs: 210,
  finish: "stop",
  ...fields
})

const config = `
ledger: { url: "sqlite:\${FILE}" }
providers: [{ id: sim, dialect: openai-chat, simulator: true }]
models: [{ id: "*", targets: [{ provider: sim }] }]
`

/** A ledger of three ended exchanges and one that its server left open; gives a function that queries it. */
const filled = Effect.gen(function*() {
  const cwd = yield* folder({ "sluice.yaml": config })
  const filename = join(cwd, "sluice.db")
  yield* Effect.gen(function*() {
    const ledger = yield* Ledger
    yield* ledger.settle(settlement(1))
    yield* ledger.settle(settlement(2, { principal: "other", outcome: { _tag: "Cancelled", by: "client" } }))
    yield* ledger.settle(settlement(3, { model: "slow", outcome: { _tag: "UpstreamFailed", class: "overloaded", message: "try\nlater", committed: false } }))
    yield* ledger.open(settlement(4))
  }).pipe(Effect.provide(SqliteLedger.layer({ filename })))
  const query = (...flags: ReadonlyArray<string>) => sluice(["ledger", "query", "--config", join(cwd, "sluice.yaml"), ...flags], { env: { FILE: filename } })
  return { cwd, filename, query }
})

const numbers = (stdout: string) => stdout === "" ? [] : stdout.split("\n").map((line) => Number(JSON.parse(line).id.slice(5)))

describe("ledger query", () => {
  it.live("prints one line of JSON for each exchange, newest first, unknown keys absent", () =>
    Effect.gen(function*() {
      const { query } = yield* filled
      const { code, stderr, stdout } = yield* query("--json")
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.deepStrictEqual(numbers(stdout), [4, 3, 2, 1])
      const [open, , , first] = stdout.split("\n")
      assert.strictEqual(
        open,
        "{\"id\":\"01K6Z000000000000000000004\",\"startedAt\":\"2026-11-20T10:04:00.000Z\",\"operation\":\"generate\",\"status\":\"open\",\"principal\":\"ci\","
          + "\"inbound\":\"openai-chat\",\"stream\":true,\"model\":\"fast\",\"attempts\":0,\"usage\":{},\"provenance\":{},\"losses\":[],\"bytesOut\":0}"
      )
      assert.deepInclude(JSON.parse(first ?? ""), { outcome: "Completed", status: "completed", durationMs: 1800, ttftMs: 210 })
      assert.notInclude(stdout, "null")
    }).pipe(Effect.scoped), 30_000)

  it.live("finds by time, status, outcome, model and principal, and keeps to the limit", () =>
    Effect.gen(function*() {
      const { query } = yield* filled
      const found = (...flags: ReadonlyArray<string>) => Effect.map(query("--json", ...flags), ({ stdout }) => numbers(stdout))
      assert.deepStrictEqual(yield* found("--from", "2026-11-20T10:02:00Z", "--until", "2026-11-20T10:04:00Z"), [3, 2])
      assert.deepStrictEqual(yield* found("--status", "completed"), [1])
      assert.deepStrictEqual(yield* found("--outcome", "Cancelled"), [2])
      assert.deepStrictEqual(yield* found("--outcome", "UpstreamFailed(overloaded)"), [3])
      assert.deepStrictEqual(yield* found("--model", "slow"), [3])
      assert.deepStrictEqual(yield* found("--principal", "other"), [2])
      assert.deepStrictEqual(yield* found("--limit", "2"), [4, 3])
      assert.deepStrictEqual(yield* found("--model", "nothing"), [])
    }).pipe(Effect.scoped), 30_000)

  it.live("prints a table for people", () =>
    Effect.gen(function*() {
      const { query } = yield* filled
      const lines = (yield* query()).stdout.split("\n")
      assert.match(lines[0] ?? "", /^STARTED +OUTCOME +PRINCIPAL +MODEL/)
      assert.strictEqual(lines.length, 5)
      assert.match(lines[1] ?? "", /^2026-11-20T10:04:00\.000Z +open +ci +fast/)
      assert.match(lines[2] ?? "", /UpstreamFailed\(overloaded\) .* overloaded: try later$/)
      assert.match(lines[4] ?? "", /Completed +ci +fast +anthropic\/claude-haiku-4-5 +12 +34 +210 ms +1800 ms +01K6Z000000000000000000001$/)
      assert.strictEqual((yield* query("--model", "nothing")).stdout, "No exchanges.")
    }).pipe(Effect.scoped), 30_000)

  it.live("reads while a server has the ledger open", () =>
    Effect.gen(function*() {
      const { filename, query } = yield* filled
      yield* Effect.gen(function*() {
        yield* (yield* Ledger).open(settlement(5))
        assert.deepStrictEqual(numbers((yield* query("--json", "--status", "open")).stdout), [5])
        assert.deepStrictEqual(numbers((yield* query("--json", "--status", "abandoned")).stdout), [4])
      }).pipe(Effect.provide(SqliteLedger.layer({ filename })))
    }).pipe(Effect.scoped), 30_000)

  it.effect("says so when there is no ledger to read", () =>
    Effect.gen(function*() {
      const cwd = yield* folder({ "sluice.yaml": config })
      const query = (file: string) => sluice(["ledger", "query", "--config", join(cwd, "sluice.yaml")], { env: { FILE: file } })
      const missing = yield* query(join(cwd, "none.db"))
      assert.deepStrictEqual([missing.code, missing.stdout], [1, ""])
      assert.match(missing.stderr, /^the ledger .*none\.db cannot be read: there is no such file.*$/)
      const memory = yield* query(":memory:")
      assert.deepStrictEqual([memory.code, memory.stderr], [
        1,
        "the configured ledger keeps nothing outside the server's memory: set ledger.url to a file"
      ])
    }).pipe(Effect.scoped), 30_000)

  it.live("is a program", () =>
    Effect.gen(function*() {
      const { cwd } = yield* filled
      const { code, stderr, stdout } = yield* asProcess(["ledger", "query", "--status", "completed", "--json"], cwd)
      assert.deepStrictEqual([code, stderr, numbers(stdout.trim())], [0, "", [1]])
    }).pipe(Effect.scoped), 60_000)
})

describe("a line of the ledger", () => {
  it("has its keys in this order and with these names", () => {
    const entry: Entry = {
      error: { class: "cut", message: "stream ended without stop event" },
      finish: "stop",
      durationMs: 1800,
      ttftMs: 210,
      bytesOut: 5120,
      losses: ["/seed;dropped"],
      costUsd: "0.000182",
      provenance: { input: "reported", output: "reported" },
      usage: { input: 12, cacheRead: 0, output: 34 },
      attempts: 1,
      servedModel: "claude-haiku-4-5-20251001",
      upstreamModel: "claude-haiku-4-5",
      provider: ProviderId.make("anthropic"),
      model: "fast",
      lane: "typed",
      stream: true,
      upstream: DialectId.make("anthropic-messages"),
      inbound: DialectId.make("openai-chat"),
      principal: "ci",
      status: "completed",
      outcome: "Completed",
      operation: "generate",
      endedAt: "2026-11-20T10:00:01.800Z",
      startedAt: "2026-11-20T10:00:00.000Z",
      id: id(1)
    }
    assert.strictEqual(
      toLine(entry),
      "{\"id\":\"01K6Z000000000000000000001\",\"startedAt\":\"2026-11-20T10:00:00.000Z\",\"endedAt\":\"2026-11-20T10:00:01.800Z\",\"operation\":\"generate\","
        + "\"outcome\":\"Completed\",\"status\":\"completed\",\"principal\":\"ci\",\"inbound\":\"openai-chat\",\"upstream\":\"anthropic-messages\",\"stream\":true,"
        + "\"lane\":\"typed\",\"model\":\"fast\",\"provider\":\"anthropic\",\"upstreamModel\":\"claude-haiku-4-5\",\"servedModel\":\"claude-haiku-4-5-20251001\","
        + "\"attempts\":1,\"usage\":{\"input\":12,\"cacheRead\":0,\"output\":34},\"provenance\":{\"input\":\"reported\",\"output\":\"reported\"},"
        + "\"costUsd\":\"0.000182\",\"losses\":[\"/seed;dropped\"],\"bytesOut\":5120,\"ttftMs\":210,\"durationMs\":1800,\"finish\":\"stop\","
        + "\"error\":{\"class\":\"cut\",\"message\":\"stream ended without stop event\"}}"
    )
  })
})

describe("a point in time", () => {
  const now = Date.parse("2026-11-20T12:00:00Z")
  const read = (text: string) => Option.map(Moment.read(text), (moment) => new Date(moment(now)).toISOString())

  it.each([
    ["2026-11-20", "2026-11-20T00:00:00.000Z"],
    ["2026-11-20T10:00", "2026-11-20T10:00:00.000Z"],
    ["2026-11-20 10:00:05", "2026-11-20T10:00:05.000Z"],
    ["2026-11-20T10:00:00.123Z", "2026-11-20T10:00:00.123Z"],
    ["2026-11-20T10:00:00+02:00", "2026-11-20T08:00:00.000Z"],
    ["2 hours", "2026-11-20T10:00:00.000Z"],
    ["7 days", "2026-11-13T12:00:00.000Z"]
  ])("is read from %s", (text, time) => assert.deepStrictEqual(read(text), Option.some(time)))

  it.each(["", "yesterday", "2026-13-40", "2026", "-2 hours", "20.11.2026", "Infinity"])(
    "is not guessed from %j",
    (text) => assert.deepStrictEqual(read(text), Option.none())
  )
})
