/** What every place that knows how far sinks of usage have got does, as tests. */
import { assert, it } from "@effect/vitest"
import { layerMemory, UsageOutbox } from "@sluice/gateway/UsageOutbox"
import { Effect, Layer, Option, Redacted, type Scope } from "effect"
import { describe } from "vitest"
import * as PostgresLedger from "../src/PostgresLedger.ts"
import * as PostgresUsageOutbox from "../src/PostgresUsageOutbox.ts"
import * as SqliteLedger from "../src/SqliteLedger.ts"
import * as SqliteUsageOutbox from "../src/SqliteUsageOutbox.ts"
import { temporaryFile } from "./exchanges.ts"
import * as Postgres from "./postgres.ts"

const contract = <E>(name: string, layer: Effect.Effect<Layer.Layer<UsageOutbox, E>, never, Scope.Scope>): void => {
  const test = (title: string, run: (outbox: UsageOutbox["Service"]) => Effect.Effect<void, unknown>) =>
    it.live(title, () => Effect.flatMap(layer, (layer) => Effect.provide(UsageOutbox.use(run), layer)))

  describe(`the outbox ${name}`, () => {
    test("says nothing of a sink nothing was delivered to", (outbox) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* outbox.claim("bill", "one"), Option.some({}))
      }))

    test("keeps how far a sink has got, each by itself", (outbox) =>
      Effect.gen(function*() {
        yield* outbox.claim("bill", "one")
        yield* outbox.claim("hook", "one")
        assert.isTrue(yield* outbox.confirm("bill", "one", { a: 3, b: 7 }))
        assert.deepStrictEqual(yield* outbox.claim("bill", "one"), Option.some({ places: { a: 3, b: 7 } }))
        assert.deepStrictEqual(yield* outbox.claim("hook", "one"), Option.some({}))
      }))

    test("lets one deliver at a time, and another when it lets go", (outbox) =>
      Effect.gen(function*() {
        yield* outbox.claim("bill", "one")
        assert.deepStrictEqual(yield* outbox.claim("bill", "two"), Option.none())
        assert.isFalse(yield* outbox.confirm("bill", "two", { a: 9 }))
        yield* outbox.confirm("bill", "one", { a: 1 })
        yield* outbox.release("bill", "two")
        assert.deepStrictEqual(yield* outbox.claim("bill", "two"), Option.none())
        yield* outbox.release("bill", "one")
        assert.deepStrictEqual(yield* outbox.claim("bill", "two"), Option.some({ places: { a: 1 } }))
        assert.isFalse(yield* outbox.confirm("bill", "one", { a: 2 }))
        assert.deepStrictEqual(yield* outbox.claim("bill", "two"), Option.some({ places: { a: 1 } }))
      }))

    test("gives one of many that claim at once the sink", (outbox) =>
      Effect.gen(function*() {
        const holders = Array.from({ length: 20 }, (_, n) => `holder ${n}`)
        const claims = yield* Effect.forEach(holders, (holder) => outbox.claim("bill", holder), { concurrency: "unbounded" })
        assert.strictEqual(claims.filter(Option.isSome).length, 1)
      }))
  })
}

contract("in memory", Effect.succeed(layerMemory))

contract(
  "on SQLite",
  Effect.map(temporaryFile, (filename) => SqliteUsageOutbox.layer({ filename }).pipe(Layer.provide(SqliteLedger.layer({ filename }))))
)

describe.skipIf(Postgres.service.missing !== undefined)(`with PostgreSQL${Postgres.skipped}`, () => {
  contract(
    "on PostgreSQL",
    Effect.gen(function*() {
      const url = Redacted.make(yield* Postgres.temporaryUrl)
      const spill = yield* temporaryFile
      return PostgresUsageOutbox.layer({ url }).pipe(Layer.provide(PostgresLedger.layer({ url, spill })))
    })
  )
})
