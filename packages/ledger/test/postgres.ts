/** A PostgreSQL schema for each test, where PostgreSQL is, and a ledger's two threads on it without threads. */
import { Effect } from "effect"
import pg from "pg"
import * as Services from "../../testing/src/services/Services.ts"
import type * as LedgerThreads from "../src/LedgerThreads.ts"
import type { FromWriter, ToWriter } from "../src/Messages.ts"
import * as ReaderLoop from "../src/postgres/ReaderLoop.ts"
import * as Start from "../src/postgres/Start.ts"
import type { WriterData } from "../src/postgres/Threads.ts"
import * as Threads from "../src/postgres/Threads.ts"
import * as WriterLoop from "../src/postgres/WriterLoop.ts"

/** PostgreSQL, as these tests find it. */
export const service = await Effect.runPromise(Services.postgres)

/** What is added to the titles of tests that are skipped. */
export const skipped = service.missing === undefined ? "" : ` (skipped: ${service.missing})`

let schemas = 0

const administer = (statement: string) =>
  Effect.acquireUseRelease(
    Effect.promise(async () => {
      const client = new pg.Client({ connectionString: service.url })
      await client.connect()
      return client
    }),
    (client) => Effect.promise(() => client.query(statement)),
    (client) => Effect.promise(() => client.end())
  )

/** The URL of an empty schema of its own, removed with the scope. */
export const temporaryUrl = Effect.map(
  Effect.acquireRelease(
    Effect.suspend(() => {
      const schema = `sluice_test_${process.pid}_${Date.now().toString(36)}_${++schemas}`
      return Effect.as(administer(`CREATE SCHEMA ${schema}`), schema)
    }),
    (schema) => administer(`SET client_min_messages = warning; DROP SCHEMA ${schema} CASCADE`)
  ),
  (schema) => {
    const url = new URL(service.url)
    url.searchParams.set("options", `-c search_path=${schema}`)
    return url.href
  }
)

const deliver = <A>(message: A, to: (message: A) => void) => void setImmediate(() => to(structuredClone(message)))

/** Starts both loops in this process, over messages that are copied as a channel copies them. */
export const inProcess = (url: string, spill: string, intervals: Threads.Intervals = Threads.intervals, rules: Threads.Rules = {}): LedgerThreads.Start => ({
  writer: (writer) => (_recover, onMessage, onExit) => {
    const data: WriterData = { url, spill, writer, ...intervals, ...rules }
    const inbox: Array<ToWriter> = []
    let accept: ((message: ToWriter) => void) | undefined
    const close = () => void setImmediate(() => onExit("closed"))
    const reply = (message: FromWriter) => deliver(message, onMessage)
    Effect.runFork(Effect.match(Start.start(data), {
      onFailure: (reason) => {
        reply({ _tag: "StartFailed", reason })
        close()
      },
      onSuccess: (store) => {
        accept = WriterLoop.start(store, data, { reply, close })
        for (const message of inbox) deliver(message, accept)
      }
    }))
    return { post: (message) => void (accept === undefined ? inbox.push(message) : deliver(message, accept)), kill: close }
  },
  reader: (onMessage, onExit) => {
    const accept = ReaderLoop.start(url, (message) => deliver(message, onMessage), () => void setImmediate(() => onExit("closed")))
    return { post: (message) => deliver(message, accept) }
  }
})
