/**
 * A server that writes to the ledger until it is killed, as a process of its own. Prints `open N` and `settle N` once the ledger
 * has confirmed them, and nothing before: what its lines claim must be on disk. Its arguments: the file, the number of its
 * first exchange, its patience with a locked file in milliseconds (almost none by default, so that whoever locks it makes it spill), and
 * the number of exchanges, after which it does nothing (never by default).
 */
import { Effect, Logger, Ref } from "effect"
import * as Threads from "../src/sqlite/Threads.ts"
import * as SqliteLedger from "../src/SqliteLedger.ts"
import { id, opening, settlement } from "./exchanges.ts"

const [filename = "", first = "0", busyTimeout = "1", count = "Infinity"] = process.argv.slice(2)

const say = (line: string) => Effect.sync(() => process.stdout.write(`${line}\n`))

const program = Effect.gen(function*() {
  const ledger = yield* SqliteLedger.make(filename, "strict", {
    writer: Threads.startWriter(filename, { busyTimeout: Number(busyTimeout), watchInterval: 5000, upkeepInterval: 1000, headInterval: 60_000 }),
    reader: Threads.startReader(filename)
  })
  const next = yield* Ref.make(Number(first))
  const exchange = Effect.gen(function*() {
    const n = yield* Ref.getAndUpdate(next, (n) => n + 1)
    if (n >= Number(first) + Number(count)) return yield* Effect.never
    const isOpen = yield* Effect.match(ledger.open(opening(n)), { onFailure: () => false, onSuccess: () => true })
    if (isOpen) yield* say(`open ${n}`)
    yield* ledger.checkpoint(id(n), { tokens: { output: 1 }, provenance: { output: "counted" } })
    // Every third stays open, as a long stream would
    if (n % 3 === 0) return
    yield* ledger.settle(settlement(n))
    yield* say(`settle ${n}`)
    // Refusals come at once: without this the server would do nothing but ask
    yield* Effect.yieldNow
  })
  yield* Effect.all(Array.from({ length: 16 }, () => Effect.forever(exchange)), { concurrency: "unbounded" })
})

void Effect.runPromise(Effect.provide(Effect.scoped(program), Logger.layer([])))
