/** What is kept of bodies: stored beside the rows in both databases, read back, spilled, and gone with its row. */
import { assert, it } from "@effect/vitest"
import type { Bodies } from "@sluice/gateway/Ledger"
import { Ledger } from "@sluice/gateway/Ledger"
import { Effect, Option, Redacted } from "effect"
import { DatabaseSync } from "node:sqlite"
import pg from "pg"
import { describe } from "vitest"
import * as BodyRows from "../src/BodyRows.ts"
import * as LedgerReader from "../src/LedgerReader.ts"
import * as PostgresLedger from "../src/PostgresLedger.ts"
import * as Spill from "../src/Spill.ts"
import * as SqliteLedger from "../src/SqliteLedger.ts"
import { id, opening, settlement, temporaryFile } from "./exchanges.ts"
import * as Postgres from "./postgres.ts"

const bodies: Bodies = {
  policy: "full",
  request: { bytes: 12, sha256: "aa", text: "{\"a\":\"Grüße \u0000\u0010\"}" },
  response: { bytes: 3_000_000, sha256: "bb", text: "data: {", tail: "}\n\n" }
}

const digests: Bodies = { policy: "digest", request: { bytes: 12, sha256: "aa" }, response: { bytes: 0, sha256: "bb" } }

/** Two exchanges with bodies, one without; bodies are told once more, in other words. */
const written = Effect.gen(function*() {
  const ledger = yield* Ledger
  yield* ledger.open(opening(1))
  yield* ledger.settle(settlement(1, { bodies }))
  yield* ledger.settle(settlement(2, { bodies: digests }))
  yield* ledger.settle(settlement(3))
  yield* ledger.settle(settlement(1, { bodies: digests }))
  return yield* ledger.query({ limit: 10 })
})

const kept = (source: LedgerReader.Source) => Effect.forEach([1, 2, 3], (n) => LedgerReader.bodies(source, id(n)))

describe("bodies", () => {
  it.live("are kept in the file, beside the rows, and go with them", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const source = { _tag: "Sqlite", filename } as const
      const entries = yield* Effect.provide(written, SqliteLedger.layer({ filename }))
      assert.deepStrictEqual(yield* kept(source), [bodies, digests, undefined])
      assert.notInclude(JSON.stringify(entries), "Gr")
      const db = new DatabaseSync(filename)
      db.exec(`DELETE FROM exchanges WHERE id = '${id(1)}'`)
      db.close()
      assert.deepStrictEqual(yield* kept(source), [undefined, digests, undefined])
    }))

  describe.skipIf(Postgres.service.missing !== undefined)(`in PostgreSQL${Postgres.skipped}`, () => {
    it.live("are kept in the database, beside the rows, and go with them", () =>
      Effect.gen(function*() {
        const url = yield* Postgres.temporaryUrl
        const source = { _tag: "Postgres", url: Redacted.make(url) } as const
        yield* Effect.provide(written, PostgresLedger.layer({ url: source.url, spill: yield* temporaryFile }))
        assert.deepStrictEqual(yield* kept(source), [bodies, digests, undefined])
        const client = new pg.Client({ connectionString: url })
        yield* Effect.promise(async () => {
          await client.connect()
          await client.query("DELETE FROM exchanges WHERE id = $1", [id(1)])
          await client.end()
        })
        assert.deepStrictEqual(yield* kept(source), [undefined, digests, undefined])
      }))
  })

  it("survive a spill file", () => {
    const row = BodyRows.toRow(id(1), bodies)
    assert.deepStrictEqual(Spill.fromLine(Spill.toLine(row).trimEnd()), Option.some(row))
  })
})
