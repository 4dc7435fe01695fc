import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import { assert, it } from "@effect/vitest"
import type { Query } from "@sluice/gateway/Ledger"
import { Effect } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import { describe } from "vitest"
import * as Queries from "../src/sqlite/Queries.ts"
import * as Start from "../src/sqlite/Start.ts"
import { id, start, temporaryFile } from "./exchanges.ts"

describe("a query", () => {
  const cases: ReadonlyArray<readonly [title: string, query: Partial<Query>, index: string]> = [
    ["without a filter", {}, "exchanges_time"],
    ["for a time", { from: start, until: start + 1 }, "exchanges_time (started_at>? AND started_at<?)"],
    ["for a next page", { before: id(1) }, "exchanges_time ((started_at,id)<(?,?))"],
    ["for a status", { status: "failed", before: id(1) }, "exchanges_status (status=?"],
    ["for a principal", { principal: "ci", before: id(1) }, "exchanges_principal (principal=?"],
    ["for a model", { model: "fast", from: start, before: id(1) }, "exchanges_model (model=?"]
  ]

  it.effect.each(cases)("%s reads one index in the order of the page", ([, query, index]) =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      yield* Start.migrate(filename, 5000)
      const plan = yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const [text, values] = Queries.statement(sql, { limit: 10, ...query }, start).compile()
        return yield* sql.unsafe<{ readonly detail: string }>(`EXPLAIN QUERY PLAN ${text}`, values)
      }).pipe(Effect.provide(SqliteClient.layer({ filename })))
      const details = plan.map(({ detail }) => detail)
      assert.strictEqual(details.length, 1, details.join("; "))
      assert.include(details[0], index)
    }))
})
