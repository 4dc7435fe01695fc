/** Limits of several server processes that share a Redis, and what becomes of them when it is gone. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Services from "../../packages/testing/src/services/Services.ts"
import * as ServerProcess from "../end-to-end/ServerProcess.ts"
import * as Contest from "./Contest.ts"
import * as Redis from "./Redis.ts"

const redis = await Effect.runPromise(Services.redis)

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-limits-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** A server of a fleet: its own ledger, the same Redis. */
const server = Effect.fnUntraced(function*(name: string, url: string, prefix: string, more: string) {
  const cwd = yield* folder
  const file = join(cwd, `${name}.yaml`)
  writeFileSync(
    file,
    `
ledger: { url: "sqlite:${join(cwd, name)}.db" }
redis: { url: "${url}", prefix: "${prefix}", timeout: 30 seconds }
log: { level: error }
providers: [{ id: sim, dialect: openai-chat, simulator: true }]
models: [{ id: "*", targets: [{ provider: sim }] }]
prices: { models: [{ model: "*", input: 0, output: 0, request: 1 }] }
keys:
  - { id: few, key: sk-few, limits: { requestsPerDay: 10 } }
  - { id: ten, key: sk-ten, budget: { usd: 10, period: total } }
  - { id: free, key: sk-free }
${more}
`
  )
  return yield* ServerProcess.start(file)
})

const contest = (urls: ReadonlyArray<string>, key: string, requests: number) => Contest.run({ urls, key, model: "sim-text", requests })

describe("a server that is alone", () => {
  it.live("remembers what a budget was spent on when it begins anew: the ledger does", () =>
    Effect.gen(function*() {
      const cwd = yield* folder
      const file = join(cwd, "sluice.yaml")
      writeFileSync(
        file,
        `
server: { lameDuck: 0 seconds }
ledger: { url: "sqlite:${join(cwd, "sluice.db")}" }
log: { level: error }
providers: [{ id: sim, dialect: openai-chat, simulator: true }]
models: [{ id: "*", targets: [{ provider: sim }] }]
prices: { models: [{ model: "*", input: 0, output: 0, request: 1 }] }
keys: [{ id: ten, key: sk-ten, budget: { usd: 10, period: total } }]
`
      )
      const first = yield* ServerProcess.start(file)
      assert.deepStrictEqual((yield* contest([first.url], "sk-ten", 7)).byStatus, { 200: 7 })
      yield* first.kill("SIGTERM")
      const second = yield* ServerProcess.start(file)
      assert.deepStrictEqual((yield* contest([second.url], "sk-ten", 20)).byStatus, { 200: 3, 429: 17 })
    }).pipe(Effect.scoped), 120_000)
})

describe.skipIf(redis.missing !== undefined)(`servers that share a Redis${redis.missing === undefined ? "" : ` (${redis.missing})`}`, () => {
  it.live("let through together what one budget is worth, also after one of them began anew", () =>
    Effect.gen(function*() {
      const prefix = yield* Redis.prefix(redis.url)
      const start = (name: string) => server(name, redis.url, prefix, "")
      const [first, second] = yield* Effect.all([start("a"), start("b")], { concurrency: 2 })
      const { byStatus, refusals } = yield* contest([first.url, second.url], "sk-ten", 200)
      assert.deepStrictEqual(byStatus, { 200: 10, 429: 190 })
      assert.isTrue(refusals.every((text) => text.includes("budget of the key \\\"ten\\\"")))
      yield* first.kill("SIGKILL")
      const third = yield* start("c")
      assert.deepStrictEqual((yield* contest([third.url, second.url], "sk-ten", 10)).byStatus, { 429: 10 })
    }).pipe(Effect.scoped), 120_000)

  it.live(
    "refuse limited keys while Redis is gone, or let them pass uncounted, as the operator wants, and go on when it is back",
    () =>
      Effect.gen(function*() {
        const prefix = yield* Redis.prefix(redis.url)
        const door = yield* Redis.door(redis.url)
        const [strict, lenient] = yield* Effect.all(
          [server("a", door.url, prefix, ""), server("b", door.url, `${prefix}lenient:`, "limits: { onFailure: allow }")],
          { concurrency: 2 }
        )
        assert.deepStrictEqual((yield* contest([strict.url], "sk-few", 1)).byStatus, { 200: 1 })
        door.shut()
        const { byStatus, refusals } = yield* contest([strict.url], "sk-few", 5)
        assert.deepStrictEqual(byStatus, { 503: 5 })
        assert.match(refusals[0] ?? "", /limits have room is not known at the moment/)
        assert.deepStrictEqual((yield* contest([strict.url], "sk-free", 2)).byStatus, { 200: 2 })
        assert.deepStrictEqual((yield* contest([lenient.url], "sk-few", 12)).byStatus, { 200: 12 })
        door.open()
        yield* contest([strict.url], "sk-few", 1).pipe(
          Effect.flatMap(({ byStatus }) => byStatus[200] === 1 ? Effect.void : Effect.fail("not yet")),
          Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 200 })
        )
      }).pipe(Effect.scoped),
    120_000
  )
})
