import { assert, describe, it } from "@effect/vitest"
import { ExchangeId } from "@sluice/gateway/ExchangeId"
import { type Entry, Ledger, type Settlement } from "@sluice/gateway/Ledger"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as SqliteLedger from "@sluice/ledger/SqliteLedger"
import { DialectId } from "@sluice/protocol/Wire"
import { Effect, Option, Redacted } from "effect"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
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
      assert.match(lines[4] ?? "", /Completed +ci +fast +anthropic\/claude-haiku-4-5 +12 +34 +unknown +210 ms +1800 ms +01K6Z000000000000000000001$/)
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
        "the configured ledger keeps nothing outside the server's memory: set ledger.url to a file or a database"
      ])
    }).pipe(Effect.scoped), 30_000)

  it.live("is a program", () =>
    Effect.gen(function*() {
      const { cwd } = yield* filled
      const { code, stderr, stdout } = yield* asProcess(["ledger", "query", "--status", "completed", "--json"], cwd)
      assert.deepStrictEqual([code, stderr, numbers(stdout.trim())], [0, "", [1]])
    }).pipe(Effect.scoped), 60_000)
})

/** One exchange with everything, and one that is open; gives a function that shows them. */
const shown = Effect.gen(function*() {
  const cwd = yield* folder({ "sluice.yaml": config })
  const filename = join(cwd, "sluice.db")
  const attempts = [
    {
      provider: ProviderId.make("openai"),
      upstreamModel: "gpt-4o",
      startedAt: start + 60_000,
      endedAt: start + 60_020,
      error: { class: "overloaded", message: "try\nlater", status: 529 }
    },
    { provider: ProviderId.make("anthropic"), upstreamModel: "claude-haiku-4-5", startedAt: start + 60_020, endedAt: start + 61_800, credential: "team-a" }
  ]
  const responseLosses = [{ path: "/content/*/annotations", reason: "dropped", count: 2 }] as const
  const bodies = {
    policy: "full",
    request: { bytes: 12, sha256: "aa", text: "{\"a\":\n\"\u001b[31m\"}" },
    response: { bytes: 2_000_000, sha256: "bb", text: "begin", tail: "end" }
  } as const
  yield* Ledger.use((ledger) =>
    Effect.andThen(ledger.settle(settlement(1, { attempts, responseLosses, estimatedUsd: "0.01", bodies })), ledger.open(settlement(2)))
  )
    .pipe(Effect.provide(SqliteLedger.layer({ filename })))
  return (...flags: ReadonlyArray<string>) => sluice(["ledger", "show", "--config", join(cwd, "sluice.yaml"), ...flags], { env: { FILE: filename } })
})

describe("ledger show", () => {
  it.live("shows everything about one exchange, its attempts too", () =>
    Effect.gen(function*() {
      const show = yield* shown
      const { code, stderr, stdout } = yield* show(id(1))
      assert.deepStrictEqual([code, stderr], [0, ""])
      const lines = stdout.split("\n")
      assert.include(lines, "outcome         Completed")
      assert.include(lines, "estimatedUsd    0.01")
      assert.match(stdout, /^responseLosses  \[\{"path":"\/content\/\*\/annotations","reason":"dropped","count":2\}\]$/m)
      assert.match(stdout, /^link            \{"writer":"\w{16}","sequence":1,"hash":"[\w-]{43}"\}$/m)
      assert.deepStrictEqual(lines.slice(-3).map((line) => line.trim()), [
        "PROVIDER   MODEL             CREDENTIAL  STARTED                      TIME  ERROR",
        "openai     gpt-4o                        2026-11-20T10:01:00.000Z    20 ms  529 overloaded: try later",
        "anthropic  claude-haiku-4-5  team-a      2026-11-20T10:01:00.020Z  1780 ms"
      ])
    }).pipe(Effect.scoped), 30_000)

  it.live("shows it as JSON, and what is open without a link", () =>
    Effect.gen(function*() {
      const show = yield* shown
      const { entry, link, ...rest } = JSON.parse((yield* show(id(1), "--json")).stdout)
      assert.isUndefined(entry)
      assert.deepInclude(rest, { id: id(1), outcome: "Completed", estimatedInput: 10 })
      assert.deepStrictEqual(rest.attempts[0], {
        provider: "openai",
        upstreamModel: "gpt-4o",
        startedAt: "2026-11-20T10:01:00.000Z",
        durationMs: 20,
        error: { class: "overloaded", message: "try\nlater", status: 529 }
      })
      assert.strictEqual(rest.attempts[1].credential, "team-a")
      assert.strictEqual(link.sequence, 1)
      const open = JSON.parse((yield* show("--json", id(2))).stdout)
      assert.deepStrictEqual([open.status, open.attempts, open.link], ["open", [], undefined])
      const missing = yield* show(id(9))
      assert.deepStrictEqual([missing.code, missing.stdout, missing.stderr], [1, "", `the ledger has no exchange ${id(9)}`])
    }).pipe(Effect.scoped), 30_000)
})

describe("ledger show --bodies", () => {
  it.live("shows what was kept, with nothing in it that a terminal would act on", () =>
    Effect.gen(function*() {
      const show = yield* shown
      assert.deepStrictEqual((yield* show(id(1), "--bodies")).stdout.split("\n").slice(-9), [
        "",
        "request (full)  12 bytes, SHA-256 aa",
        "{\"a\":",
        "\"\\u001b[31m\"}",
        "",
        "response (full)  2000000 bytes, SHA-256 bb",
        "begin",
        "[what stood between is not kept]",
        "end"
      ])
      assert.strictEqual(JSON.parse((yield* show(id(1), "--bodies", "--json")).stdout).bodies.response.tail, "end")
      assert.notInclude((yield* show(id(1), "--json")).stdout, "begin")
      assert.include((yield* show(id(2), "--bodies")).stdout, "nothing of the bodies was kept")
    }).pipe(Effect.scoped), 30_000)
})

describe("ledger export", () => {
  const exported = Effect.gen(function*() {
    const cwd = yield* folder({ "sluice.yaml": config })
    const filename = join(cwd, "sluice.db")
    yield* Ledger.use((ledger) =>
      Effect.forEach(
        Array.from({ length: 2100 }, (_, n) => n),
        (n) => ledger.settle(settlement(n, n === 7 ? { tenant: "acme", model: "=cmd|' /C calc'!A0", principal: "a,\"b\"\nc", costUsd: "0.5" } : {})),
        {
          concurrency: "unbounded"
        }
      )
    ).pipe(Effect.provide(SqliteLedger.layer({ filename })))
    return (...flags: ReadonlyArray<string>) => sluice(["ledger", "export", "--config", join(cwd, "sluice.yaml"), ...flags], { env: { FILE: filename } })
  })

  it.live("writes every exchange, more than one page of them, or those that are asked for", () =>
    Effect.gen(function*() {
      const run = yield* exported
      const { code, stderr, stdout } = yield* run()
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.deepStrictEqual(numbers(stdout.trimEnd()), Array.from({ length: 2100 }, (_, n) => 2099 - n))
      assert.deepStrictEqual(numbers((yield* run("--tenant", "acme")).stdout.trimEnd()), [7])
      assert.strictEqual((yield* run("--provider", "nobody")).stdout, "")
      assert.strictEqual((yield* run("--team", "nobody", "--format", "csv")).stdout.split("\r\n").length, 2)
    }).pipe(Effect.scoped), 60_000)

  it.live("writes values that a spreadsheet reads as they are, and runs none of them", () =>
    Effect.gen(function*() {
      const run = yield* exported
      const { stdout } = yield* run("--format", "csv", "--tenant", "acme")
      assert.strictEqual(
        stdout,
        "id,startedAt,endedAt,operation,outcome,status,principal,tenant,team,inbound,upstream,stream,lane,model,provider,upstreamModel,servedModel,attempts,"
          + "inputTokens,cacheReadTokens,cacheWrite5mTokens,cacheWrite1hTokens,outputTokens,reasoningTokens,audioInTokens,audioOutTokens,toolPromptTokens,"
          + "costUsd,priceVersion,savedUsd,losses,bytesOut,ttftMs,durationMs,finish,errorClass,errorMessage,tier,effort\r\n"
          + `${
            id(7)
          },2026-11-20T10:07:00.000Z,2026-11-20T10:07:01.800Z,generate,Completed,completed,"a,""b""\nc",acme,,openai-chat,anthropic-messages,true,typed,`
          + "'=cmd|' /C calc'!A0,anthropic,claude-haiku-4-5,,0,12,,,,34,,,,,0.5,,,/seed;dropped,5120,210,1800,stop,,,,\r\n"
      )
    }).pipe(Effect.scoped), 60_000)
})

describe("ledger verify", () => {
  const secret = "0123456789abcdef0123456789abcdef"

  const verified = Effect.gen(function*() {
    const cwd = yield* folder({ "sluice.yaml": config.replace("{ url:", "{ signingKey: \"${SECRET}\", url:") })
    const filename = join(cwd, "sluice.db")
    const server = () => SqliteLedger.layer({ filename, signingKey: Redacted.make(secret) })
    yield* Ledger.use((ledger) => Effect.forEach([1, 2, 3], (n) => ledger.settle(settlement(n)))).pipe(Effect.provide(server()))
    const verify = (...flags: ReadonlyArray<string>) =>
      sluice(["ledger", "verify", "--config", join(cwd, "sluice.yaml"), ...flags], { env: { FILE: filename, SECRET: secret } })
    return { filename, verify }
  })

  it.live("says that nothing was changed, and which head to note", () =>
    Effect.gen(function*() {
      const { verify } = yield* verified
      const { code, stderr, stdout } = yield* verify()
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.match(stdout, /^3 exchanges of 1 writers are as they were stored\. 1 heads cover all but 0 of them\. All of them are signed\.\n.*: 1:[\w-]{43}$/)
      const noted = stdout.split(" ").at(-1) ?? ""
      assert.strictEqual((yield* verify("--head", noted)).code, 0)
      const later = yield* verify("--head", noted.replace("1:", "2:"))
      assert.deepStrictEqual([later.code, later.stdout], [1, ""])
      assert.match(later.stderr, /head 2, which was noted, is missing/)
      assert.strictEqual((yield* verify("--head", "newest")).code, 1)
    }).pipe(Effect.scoped), 30_000)

  it.live("names the first row that was changed, and exits with 1", () =>
    Effect.gen(function*() {
      const { filename, verify } = yield* verified
      const db = new DatabaseSync(filename)
      db.prepare("UPDATE exchanges SET cost_usd = '0' WHERE id = ?").run(id(2))
      db.close()
      const told = yield* verify()
      assert.deepStrictEqual([told.code, told.stdout], [1, ""])
      assert.match(
        told.stderr,
        /^The ledger is not as it was stored: exchange 01K6Z000000000000000000002 \(row 2 of writer \w{16}\) is not as it was stored\.$/
      )
      const { code, stdout } = yield* verify("--json")
      assert.strictEqual(code, 1)
      assert.deepInclude(JSON.parse(stdout), { ok: false, heads: 1, signedHeads: 1 })
      assert.deepInclude(JSON.parse(stdout).finding, { wrong: "changed", exchange: id(2), sequence: 2 })
    }).pipe(Effect.scoped), 30_000)
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
