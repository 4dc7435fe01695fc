import { assert, it } from "@effect/vitest"
import type { Scope } from "effect"
import { Effect, Logger } from "effect"
import { describe } from "vitest"
import * as Chain from "../src/postgres/Chain.ts"
import * as ChainReading from "../src/postgres/ChainReading.ts"
import * as Connection from "../src/postgres/Connection.ts"
import * as Start from "../src/postgres/Start.ts"
import * as Threads from "../src/postgres/Threads.ts"
import * as Rows from "../src/Rows.ts"
import * as Verification from "../src/Verification.ts"
import * as WriterId from "../src/WriterId.ts"
import { id, opening, settlement } from "./exchanges.ts"
import * as Postgres from "./postgres.ts"

const key = "a key nobody who attacks has got"

const live = (title: string, test: () => Effect.Effect<void, unknown, Scope.Scope>) => it.live(title, () => Effect.provide(test(), Logger.layer([])), 60_000)

const begin = (url: string, writer = WriterId.generate()) =>
  Effect.acquireRelease(Start.start({ url, writer, ...Threads.intervals }), (store) => Effect.sync(store.close))

const connect = (url: string) => Effect.acquireRelease(Connection.open(url, Threads.intervals.patience), ({ close }) => Effect.sync(close))

const verified = (url: string, options: Verification.Options = { key }) =>
  Effect.scoped(Effect.flatMap(connect(url), (connection) => Verification.verify(ChainReading.make(connection), options)))

const run = (url: string, text: string) => Effect.scoped(Effect.flatMap(connect(url), ({ send }) => send({ text })))

describe.skipIf(Postgres.service.missing !== undefined)(`the hash chain in PostgreSQL${Postgres.skipped}`, () => {
  live("has no gaps, whatever is settled twice, by whom, and in which groups", () =>
    Effect.gen(function*() {
      const url = yield* Postgres.temporaryUrl
      const [first, second] = [yield* begin(url), yield* begin(url)]
      const settle = (...numbers: ReadonlyArray<number>) => numbers.map((n) => Rows.settlement(settlement(n)))
      yield* first.commit([Rows.opening(opening(1)), ...settle(1, 2, 3)])
      // 2 and 3 were settled before, 5 comes twice in one group
      yield* second.commit([...settle(2, 4, 3, 5, 5, 6)])
      yield* first.commit([...settle(6, 1), Rows.opening(opening(7))])
      yield* Effect.all([first.commit(settle(7, 8, 9, 10)), second.commit(settle(10, 9, 8, 11))], { concurrency: "unbounded" })
      const { finding, rows, uncovered, writers } = yield* verified(url)
      assert.deepStrictEqual({ finding, rows, uncovered, writers }, { finding: undefined, rows: 11, uncovered: 11, writers: 2 })
    }))

  // What an attacker does, behind the ledger's back, and what verification says of it
  const attacks: ReadonlyArray<readonly [attack: string, wrong: Verification.Wrong, exchange: number | undefined]> = [
    ["UPDATE exchanges SET cost_usd = '0' WHERE id = :4", "changed", 4],
    ["UPDATE exchanges SET error_message = '' WHERE id = :4", "changed", 4],
    ["UPDATE attempts SET provider = 'other' WHERE exchange_id = :5 AND number = 1", "changed", 5],
    ["DELETE FROM attempts WHERE exchange_id = :5 AND number = 2", "changed", 5],
    ["UPDATE attempts SET number = number + 10 WHERE exchange_id = :5", "changed", 5],
    ["DELETE FROM exchanges WHERE id = :3", "missing", 3],
    ["UPDATE exchanges SET sequence = 9 - sequence WHERE id IN (:4, :5)", "moved", 4],
    ["DELETE FROM links WHERE exchange_id = :4", "missing", undefined],
    [
      "INSERT INTO exchanges (id, started_at, operation, status, principal, inbound, stream, estimated_input) VALUES (:9, 1, 'generate', 'completed', 'ci', 'x', 0, 0)",
      "added",
      9
    ],
    ["DELETE FROM links WHERE sequence > 5; DELETE FROM exchanges WHERE sequence > 5", "truncated", undefined],
    ["UPDATE heads SET at = at + 1", "head", undefined],
    ["UPDATE heads SET number = -number", "head", undefined],
    ["UPDATE heads SET signature = 'x'", "signature", undefined]
  ]

  live("shows what was done behind its back, and names the first row", () =>
    Effect.gen(function*() {
      const url = yield* Postgres.temporaryUrl
      const writer = WriterId.generate()
      const store = yield* begin(url, writer)
      for (const [attack, wrong, exchange] of attacks) {
        yield* run(url, "TRUNCATE exchanges, attempts, links, heads")
        yield* store.commit([1, 2, 3, 4, 5, 6].map((n) => Rows.settlement(settlement(n))))
        yield* store.transact(({ connection }) => Chain.addHead(connection, writer, key))
        const before = yield* verified(url)
        assert.deepStrictEqual([before.finding, before.heads, before.signedHeads, before.uncovered], [undefined, 1, 1, 0])
        for (const statement of attack.split("; ")) yield* run(url, statement.replaceAll(/:(\d)/g, (_, n) => `'${id(Number(n))}'`))
        const { finding } = yield* verified(url)
        assert.deepStrictEqual([attack, finding?.wrong, finding?.exchange], [attack, wrong, exchange === undefined ? undefined : id(exchange)])
      }
    }))

  live("is the same for text PostgreSQL cannot store as it is", () =>
    Effect.gen(function*() {
      const url = yield* Postgres.temporaryUrl
      const store = yield* begin(url)
      const odd = "\u0000 \u0010 \ud800 \u{1f600}"
      const attempt = { provider: settlement(1).provider!, upstreamModel: odd, startedAt: 1, endedAt: 2, error: { class: "defect", message: odd } }
      yield* store.commit([Rows.settlement(settlement(1, { principal: odd, servedModel: odd, attempts: [attempt] }))])
      assert.strictEqual((yield* verified(url)).finding, undefined)
    }))
})
