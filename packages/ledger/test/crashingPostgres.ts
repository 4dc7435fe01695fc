/** Opens exchanges in a PostgreSQL ledger, settles two of three, says so, and waits to be killed. Arguments: URL, spill, first number, how many. */
import { Ledger } from "@sluice/gateway/Ledger"
import { Effect, Redacted } from "effect"
import * as PostgresLedger from "../src/PostgresLedger.ts"
import { opening, settlement } from "./exchanges.ts"

const [url = "", spill = "", first = "0", count = "0"] = process.argv.slice(2)
const numbers = Array.from({ length: Number(count) }, (_, n) => Number(first) + n)

const run = Effect.gen(function*() {
  const ledger = yield* Ledger
  yield* Effect.forEach(
    numbers,
    (n) => Effect.andThen(ledger.open(opening(n)), n % 3 === Number(first) % 3 ? Effect.void : ledger.settle(settlement(n))),
    { concurrency: "unbounded" }
  )
  process.stdout.write("done\n")
  return yield* Effect.never
})

Effect.runFork(Effect.provide(run, PostgresLedger.layer({ url: Redacted.make(url), spill })))
