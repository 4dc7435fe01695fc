/** Starts the threads of a SQLite ledger. Only here is `Worker` named: everything else talks through plain functions. */
import type { Bounds } from "@sluice/gateway/ReplayStore"
import { Worker } from "node:worker_threads"
import { siblingModule } from "../internal/siblingModule.ts"
import type { FromReader, FromReplays, FromWriter, ReaderData, ReplaysData, ToReader, ToReplays, ToWriter, WriterData } from "../Messages.ts"
import type * as Reader from "../Reader.ts"
import type * as ReplayAsks from "../ReplayAsks.ts"
import type * as Writer from "../Writer.ts"
import type { WriterId } from "../WriterId.ts"

/** How patient writer threads are, in milliseconds. */
export const patience = { busyTimeout: 5000, watchInterval: 2000, upkeepInterval: 3000, headInterval: 60_000 }

/** What an operator decides about the ledger. */
export type Rules = Pick<WriterData, "signingKey" | "retention">

/** Starts writer threads of this file. */
export const startWriter =
  (filename: string, intervals = patience, rules: Rules = {}) => (writer: WriterId): Writer.StartThread => (recover, onMessage, onExit) => {
    const data: WriterData = { filename, writer, recover, ...intervals, ...rules }
    const worker = start("ledger-writer", "WriterThread", data, onExit)
    worker.on("message", (message: FromWriter) => onMessage(message))
    return { post: (message: ToWriter) => worker.postMessage(message), kill: () => void worker.terminate() }
  }

/** Starts reader threads of this file. */
export const startReader = (filename: string): Reader.StartThread => (onMessage, onExit) => {
  const data: ReaderData = { filename }
  const worker = start("ledger-reader", "ReaderThread", data, onExit)
  worker.on("message", (message: FromReader) => onMessage(message))
  return { post: (message: ToReader) => worker.postMessage(message) }
}

/** Starts threads of replays in this file. */
export const startReplays = (filename: string, bounds: Bounds): ReplayAsks.StartThread => (onMessage, onExit) => {
  const data: ReplaysData = { filename, bounds }
  const worker = start("ledger-replays", "ReplayThread", data, onExit)
  worker.on("message", (message: FromReplays) => onMessage(message))
  return { post: (message: ToReplays) => worker.postMessage(message) }
}

const start = (name: string, module: string, workerData: WriterData | ReaderData | ReplaysData, onExit: (reason: string) => void): Worker => {
  const worker = new Worker(siblingModule(import.meta.url, module), { name, workerData, resourceLimits: { maxOldGenerationSizeMb: 256 } })
  let reason: string | undefined
  worker.on("error", (error) => {
    reason = error instanceof Error ? error.message : String(error)
  })
  worker.on("exit", (code) => onExit(reason ?? `exit code ${code}`))
  return worker
}
