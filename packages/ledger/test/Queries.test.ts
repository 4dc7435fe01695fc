import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import { assert, it } from "@effect/vitest"
import type { Query } from "@sluice/gateway/Ledger"
import { Effect } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import { describe } from "vitest"
import * as Queries from "../src/reading/Queries.ts"
import * as Rows from "../src/Rows.ts"
import * as Start from "../src/sqlite/Start.ts"
import * as WriterId from "../src/WriterId.ts"
import { id, settlement, start, temporaryFile } from "./exchanges.ts"

describe("a query", () => {
  const cases: ReadonlyArray<readonly [title: string, query: Partial<Query>, index: string]> = [
    ["without a filter", {}, "exchanges_time"],
    ["for a time", { from: start, until: start + 1 }, "exchanges_time (started_at>? AND started_at<?)"],
    ["for a next page", { before: id(1) }, "exchanges_time ((started_at,id)<(?,?))"],
    ["for a status", { status: "failed", before: id(1) }, "exchanges_status (status=?"],
    ["for a principal", { principal: "ci", before: id(1) }, "exchanges_principal (principal=?"],
    ["for a model", { model: "fast", from: start, before: id(1) }, "exchanges_model (model=?"],
    ["for a tenant", { tenant: "acme", before: id(1) }, "exchanges_tenant (tenant=?"],
    ["for a team", { team: "core", before: id(1) }, "exchanges_team (team=?"],
    ["for a provider", { provider: "anthropic", before: id(1) }, "exchanges_provider (provider=?"],
    ["for an outcome", { outcome: "Cancelled(client)", before: id(1) }, "exchanges_outcome (outcome=?"],
    ["for what has completed", { status: "completed", before: id(1) }, "exchanges_time"]
  ]

  it.effect.each(cases)("%s reads one index in the order of the page", ([, query, index]) =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      yield* Start.migrate(filename, 5000)
      const plan = yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const [text, values] = (yield* Queries.statement(sql, { limit: 10, ...query }, start)).compile()
        return yield* sql.unsafe<{ readonly detail: string }>(`EXPLAIN QUERY PLAN ${text}`, values)
      }).pipe(Effect.provide(SqliteClient.layer({ filename })))
      const details = plan.map(({ detail }) => detail)
      assert.strictEqual(details.length, 1, details.join("; "))
      assert.include(details[0], index)
    }))

  it.live("with several filters reads what the fewest exchanges pass", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const store = yield* Effect.acquireRelease(
        Effect.map(Start.start({ filename, recover: true, busyTimeout: 5000, writer: WriterId.generate() }), ({ store }) => store),
        (store) => Effect.sync(store.close)
      )
      const rows = Array.from({ length: 30 }, (_, n) => Rows.settlement(settlement(n, { tenant: "acme", team: n === 7 ? "core" : "docs" })))
      const failed = Rows.settlement(settlement(40, { tenant: "other", outcome: { _tag: "Empty" } }))
      yield* Effect.fromResult(store.commit([...rows, failed]))
      const indexOf = (query: Partial<Query>) =>
        Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          const [text, values] = (yield* Queries.statement(sql, { limit: 10, ...query }, undefined)).compile()
          const plan = yield* sql.unsafe<{ readonly detail: string }>(`EXPLAIN QUERY PLAN ${text}`, values)
          return /INDEX (\w+)/.exec(plan[0]?.detail ?? "")?.[1]
        }).pipe(Effect.provide(SqliteClient.layer({ filename })))
      assert.strictEqual(yield* indexOf({ tenant: "acme", team: "core" }), "exchanges_team")
      assert.strictEqual(yield* indexOf({ tenant: "other", team: "docs", principal: "ci" }), "exchanges_tenant")
      assert.strictEqual(yield* indexOf({ principal: "ci", status: "failed" }), "exchanges_status")
      assert.strictEqual(yield* indexOf({ principal: "ci", status: "completed" }), "exchanges_principal")
      assert.strictEqual(yield* indexOf({ provider: "anthropic", outcome: "Empty" }), "exchanges_outcome")
      assert.strictEqual(yield* indexOf({ provider: "nobody", outcome: "Empty" }), "exchanges_provider")
    }))
})
