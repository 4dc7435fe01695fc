/**
 * What the thread of replays does: answers messages one after the other over a write connection of its own, to the file that is there
 * when it is asked. Knows no `Worker`: the thread is `ReplayThread`, and tests run this where they are.
 */
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import { describeCause } from "../internal/describeCause.ts"
import type { FromReplays, ReplaysData, ToReplays } from "../Messages.ts"
import * as SqlReplays from "../SqlReplays.ts"
import * as FileIdentity from "./FileIdentity.ts"

/** Gives the function to call with each message; `close` ends the thread. */
export const start = ({ bounds, filename }: ReplaysData, reply: (message: FromReplays) => void, close: () => void): (message: ToReplays) => void => {
  const connect = () => ({
    identity: FileIdentity.of(filename),
    runtime: ManagedRuntime.make(SqliteClient.layer({ filename, busyTimeout: "5 seconds" }))
  })

  let session = connect()
  const oneByOne = Semaphore.makeUnsafe(1)

  // SQLite itself writes on, without a word, to a file that has been deleted
  const current = () => {
    if (FileIdentity.of(filename) !== session.identity) {
      void session.runtime.dispose()
      session = connect()
    }
    return session.runtime
  }

  return (message) => {
    if (message._tag === "Close") return void session.runtime.dispose().then(close)
    const { ask, id } = message
    current().runFork(
      Effect.flatMap(SqlClient.SqlClient, (sql) => SqlReplays.make(sql, bounds)(ask)).pipe(
        oneByOne.withPermit,
        Effect.matchCause({
          onFailure: (cause) => reply({ _tag: "AskFailed", id, reason: describeCause(cause) }),
          onSuccess: (told) => reply({ _tag: "Told", id, told })
        })
      )
    )
  }
}
