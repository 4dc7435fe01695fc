/**
 * The ledger port over a writer and a reader, whatever database is behind them: turns callbacks into effects, and decides what
 * waits for what. Knows rows, threads and files only by their interfaces.
 */
import type { Opening, Query, Settlement } from "@sluice/gateway/Ledger"
import { Ledger, LedgerUnavailable } from "@sluice/gateway/Ledger"
import type { MeteredUsage } from "@sluice/protocol/CanonicalUsage"
import * as Effect from "effect/Effect"
import type { Answer, Reader } from "./Reader.ts"
import * as Rows from "./Rows.ts"
import type { Writer } from "./Writer.ts"

/** When `open` succeeds: `strict` after the commit was synced, `relaxed` when the row is queued. A settle is always durable. */
export type Durability = "strict" | "relaxed"

/** The ledger of a writer and a reader. */
export const make = (writer: Writer, reader: Reader, durability: Durability): Ledger["Service"] => {
  const openStrict = (opening: Opening) =>
    Effect.callback<void, LedgerUnavailable>((resume) => {
      writer.write({ row: Rows.opening(opening), fallback: "refuse", done: (failure) => resume(outcome(failure)) })
    })

  const openRelaxed = (opening: Opening) => Effect.suspend(() => outcome(writer.tryWrite(Rows.opening(opening))))

  const checkpoint = (id: Opening["id"], usage: MeteredUsage) =>
    Effect.sync(() => writer.writeSoon({ row: Rows.checkpoint(id, usage), fallback: "drop", done: undefined }))

  const settle = (settlement: Settlement) =>
    Effect.callback<void, LedgerUnavailable>((resume) => {
      writer.writeSoon({ row: Rows.settlement(settlement), fallback: "spill", done: (failure) => resume(outcome(failure)) })
    })

  // A query sees what was written before it, unless the database is slow to take it: reports must not hang on writes
  const stored = Effect.callback<void>((resume) => writer.drain(() => resume(Effect.void))).pipe(Effect.timeoutOption("1 second"))

  const query = Effect.fn("Ledger.query")(function*(query: Query) {
    yield* stored
    const answer = yield* Effect.callback<Answer>((resume) => {
      const forget = reader.query(query, (answer) => resume(Effect.succeed(answer)))
      return Effect.sync(forget)
    })
    return "entries" in answer ? answer.entries : yield* new LedgerUnavailable({ reason: answer.failure })
  })

  return Ledger.of({ open: durability === "strict" ? openStrict : openRelaxed, checkpoint, settle, query })
}

const outcome = (failure: string | undefined): Effect.Effect<void, LedgerUnavailable> =>
  failure === undefined ? Effect.void : Effect.fail(new LedgerUnavailable({ reason: failure }))
