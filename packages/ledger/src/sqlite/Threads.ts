/** Starts the two threads of a SQLite ledger. Only here is `Worker` named: everything else talks through plain functions. */
import { Worker } from "node:worker_threads"
import { siblingModule } from "../internal/siblingModule.ts"
import type { FromReader, FromWriter, ReaderData, ToReader, ToWriter, WriterData } from "../Messages.ts"
import type * as Reader from "../Reader.ts"
import type * as Writer from "../Writer.ts"

/** How patient writer threads are, in milliseconds. */
export const patience = { busyTimeout: 5000, watchInterval: 5000 }

/** Starts writer threads of this file. */
export const startWriter = (filename: string, { busyTimeout, watchInterval } = patience): Writer.StartThread => (recover, onMessage, onExit) => {
  const data: WriterData = { filename, recover, busyTimeout, watchInterval }
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

const start = (name: string, module: string, workerData: WriterData | ReaderData, onExit: (reason: string) => void): Worker => {
  const worker = new Worker(siblingModule(import.meta.url, module), { name, workerData, resourceLimits: { maxOldGenerationSizeMb: 256 } })
  let reason: string | undefined
  worker.on("error", (error) => {
    reason = error instanceof Error ? error.message : String(error)
  })
  worker.on("exit", (code) => onExit(reason ?? `exit code ${code}`))
  return worker
}
