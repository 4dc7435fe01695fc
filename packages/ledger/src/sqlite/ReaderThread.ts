/**
 * The reader thread: answers queries over a read-only connection of its own, so that a long report delays neither the event loop
 * nor the writer. Started by `Reader`, never imported; what it asks is in `Queries`.
 */
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { parentPort, workerData } from "node:worker_threads"
import { describeCause } from "../internal/describeCause.ts"
import type { FromReader, ReaderData, ToReader } from "../Messages.ts"
import * as FileIdentity from "./FileIdentity.ts"
import * as Queries from "./Queries.ts"

// Both ends of the channel are ours: what `Messages` declares is what arrives
const { filename } = workerData as ReaderData
const port = parentPort
const reply = (message: FromReader): void => port?.postMessage(message)

// Readers of a WAL file are never kept waiting by its writer: the patience is for the moments when the log is recovered or removed
const connect = () => ({
  identity: FileIdentity.of(filename),
  runtime: ManagedRuntime.make(SqliteClient.layer({ filename, readonly: true, disableWAL: true, busyTimeout: "5 seconds" }))
})

let session = connect()

/** The connection to the file that is there now. */
const current = () => {
  if (FileIdentity.of(filename) !== session.identity) {
    void session.runtime.dispose()
    session = connect()
  }
  return session.runtime
}

/** Entries in one message: about a millisecond of the event loop. */
const piece = 250

port?.on("message", (message: ToReader) => {
  if (message._tag === "Close") return void session.runtime.dispose().then(() => port.close())
  const { id, query } = message
  current().runFork(
    Queries.entries(query).pipe(
      Effect.matchCause({
        onFailure: (cause) => reply({ _tag: "QueryFailed", id, reason: describeCause(cause) }),
        onSuccess: (entries) => {
          for (let at = 0; at === 0 || at < entries.length; at += piece) {
            reply({ _tag: "Page", id, entries: entries.slice(at, at + piece), last: at + piece >= entries.length })
          }
        }
      })
    )
  )
})
