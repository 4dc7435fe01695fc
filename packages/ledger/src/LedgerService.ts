/**
 * The ledger port over a writer and a reader, whatever database is behind them: turns callbacks into effects, and decides what
 * waits for what. Knows rows, threads and files only by their interfaces.
 */
import type { Account } from "@sluice/gateway/Accounts"
import type { ChartQuery } from "@sluice/gateway/Charts"
import type { Opening, Query, Settlement } from "@sluice/gateway/Ledger"
import { Ledger, LedgerUnavailable } from "@sluice/gateway/Ledger"
import type { Places } from "@sluice/gateway/UsageOutbox"
import type { MeteredUsage } from "@sluice/protocol/CanonicalUsage"
import * as Effect from "effect/Effect"
import * as BodyRows from "./BodyRows.ts"
import type { Answer, Question } from "./Messages.ts"
import type { Reader } from "./Reader.ts"
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

  const checkpoint = (id: Opening["id"], usage: MeteredUsage, costUsd?: string) =>
    Effect.sync(() => writer.writeSoon({ row: Rows.checkpoint(id, usage, costUsd), fallback: "drop", done: undefined }))

  const settle = (settlement: Settlement) =>
    Effect.callback<void, LedgerUnavailable>((resume) => {
      writer.writeSoon({ row: Rows.settlement(settlement), fallback: "spill", done: (failure) => resume(outcome(failure)) })
      const { bodies, id } = settlement
      if (bodies !== undefined) writer.writeSoon({ row: BodyRows.toRow(id, bodies), fallback: "spill", done: undefined })
    })

  // A query sees what was written before it, unless the database is slow to take it: reports must not hang on writes
  const stored = Effect.callback<void>((resume) => writer.drain(() => resume(Effect.void))).pipe(Effect.timeoutOption("1 second"))

  const answered = (question: Question) =>
    Effect.callback<Answer>((resume) => {
      const forget = reader.ask(question, (answer) => resume(Effect.succeed(answer)))
      return Effect.sync(forget)
    })

  const ask = (question: Question) => Effect.andThen(stored, answered(question))

  const query = Effect.fn("Ledger.query")(function*(query: Query) {
    const answer = yield* ask({ _tag: "Entries", query })
    return answer._tag === "Entries" ? answer.entries : yield* unanswered(answer)
  })

  const spent = Effect.fn("Ledger.spent")(function*(account: Account, fromDay: number) {
    const answer = yield* ask({ _tag: "Spent", account, fromDay })
    return answer._tag === "Spent" ? answer.spent : yield* unanswered(answer)
  })

  const settled = Effect.fn("Ledger.settled")(function*(after: Places | undefined, limit: number) {
    const answer = yield* answered({ _tag: "Settled", after, limit })
    return answer._tag === "Settled" ? answer.page : yield* unanswered(answer)
  })

  const chart = Effect.fn("Ledger.chart")(function*(query: ChartQuery) {
    const answer = yield* ask({ _tag: "Chart", query })
    return answer._tag === "Chart" ? answer.points : yield* unanswered(answer)
  })

  return Ledger.of({ open: durability === "strict" ? openStrict : openRelaxed, checkpoint, settle, query, spent, settled, chart })
}

const outcome = (failure: string | undefined): Effect.Effect<void, LedgerUnavailable> =>
  failure === undefined ? Effect.void : Effect.fail(new LedgerUnavailable({ reason: failure }))

const unanswered = (answer: Answer): LedgerUnavailable =>
  new LedgerUnavailable({ reason: answer._tag === "Failed" ? answer.reason : `its reader answered ${answer._tag}` })
