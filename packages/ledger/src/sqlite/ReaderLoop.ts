/**
 * What the reader thread does: answers queries over a read-only connection, to the file that is there when it is asked. Knows no
 * `Worker`: the thread is `ReaderThread`, and tests run this where they are.
 */
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { describeCause } from "../internal/describeCause.ts"
import type { FromReader, ToReader } from "../Messages.ts"
import * as Answers from "../reading/Answers.ts"
import * as FileIdentity from "./FileIdentity.ts"

/** Gives the function to call with each message; `close` ends the thread. */
export const start = (filename: string, reply: (message: FromReader) => void, close: () => void): (message: ToReader) => void => {
  // Readers of a WAL file are never kept waiting by its writer: the patience is for the moments when the log is recovered or removed
  const connect = () => ({
    identity: FileIdentity.of(filename),
    runtime: ManagedRuntime.make(SqliteClient.layer({ filename, readonly: true, disableWAL: true, busyTimeout: "5 seconds" }))
  })

  let session = connect()

  const current = () => {
    if (FileIdentity.of(filename) !== session.identity) {
      void session.runtime.dispose()
      session = connect()
    }
    return session.runtime
  }

  return (message) => {
    if (message._tag === "Close") return void session.runtime.dispose().then(close)
    const { id, question } = message
    current().runFork(
      Answers.answer(question).pipe(
        Effect.matchCause({
          onFailure: (cause) => reply({ id, answer: { _tag: "Failed", reason: describeCause(cause) }, last: true }),
          onSuccess: (answer) => {
            for (const part of Answers.pieces(answer)) reply({ id, ...part })
          }
        })
      )
    )
  }
}
