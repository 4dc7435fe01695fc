/** What the reader thread of any database knows how to answer, and the pieces in which it does. */
import * as Effect from "effect/Effect"
import type { SchemaError } from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Answer, Question } from "../Messages.ts"
import * as Charts from "./Charts.ts"
import * as Queries from "./Queries.ts"
import * as Settled from "./Settled.ts"
import * as Spent from "./Spent.ts"

/** The answer to a question. */
export const answer = (question: Question): Effect.Effect<Answer, SqlError | SchemaError, SqlClient.SqlClient> => {
  switch (question._tag) {
    case "Entries":
      return Effect.map(Queries.entries(question.query), (entries) => ({ _tag: "Entries", entries }))
    case "Spent":
      return Effect.map(Spent.spent(question.account, question.fromDay), (spent) => ({ _tag: "Spent", spent }))
    case "Settled":
      return Effect.map(Settled.page(question.after, question.limit), (page) => ({ _tag: "Settled", page }))
    case "Chart":
      return Effect.map(Charts.chart(question.query), (points) => ({ _tag: "Chart", points }))
  }
}

/** Entries in one message: about a millisecond of the event loop. */
const piece = 250

/** An answer in pieces, so that receiving it never holds the event loop. */
export const pieces = (answer: Answer): ReadonlyArray<{ readonly answer: Answer; readonly last: boolean }> => {
  if (answer._tag !== "Entries" || answer.entries.length <= piece) return [{ answer, last: true }]
  const { entries } = answer
  return Array.from({ length: Math.ceil(entries.length / piece) }, (_, index) => ({
    answer: { _tag: "Entries", entries: entries.slice(index * piece, (index + 1) * piece) },
    last: (index + 1) * piece >= entries.length
  }))
}
