/** Starts the two threads of a PostgreSQL ledger. Only here is `Worker` named: everything else talks through plain functions. */
import { Worker } from "node:worker_threads"
import { siblingModule } from "../internal/siblingModule.ts"
import type { FromReader, FromWriter, ToReader, ToWriter } from "../Messages.ts"
import type * as Reader from "../Reader.ts"
import type * as Writer from "../Writer.ts"
import type { WriterId } from "../WriterId.ts"
import type { Patience } from "./Connection.ts"

/** What a writer thread is started with. */
export interface WriterData {
  /** Holds a secret. */
  readonly url: string
  /** The beginning of the names of spill files. */
  readonly spill: string
  /** The process it writes for: the same whichever of its threads does. */
  readonly writer: WriterId
  /** What heads of the hash chain are signed with; in plain text, because a thread receives nothing else. */
  readonly signingKey?: string
  /** How long rows are kept, in milliseconds; absent = for ever. */
  readonly retention?: number
  /** How often the newest link of the chain becomes a head, in milliseconds. */
  readonly headInterval: number
  readonly patience: Patience
  /** How often it sees to what is to be done beside taking rows, in milliseconds. */
  readonly upkeepInterval: number
  /** How long a writer must have been absent to count as dead, in milliseconds. */
  readonly absence: {
    /** One of this machine: long enough for a lost connection to be made again. */
    readonly here: number
    /** One of another: long enough for the machine to come back with what it has spilled. */
    readonly elsewhere: number
  }
}

/** What a reader thread is started with. */
export interface ReaderData {
  /** Holds a secret. */
  readonly url: string
}

/** How patient writer threads are: with one statement less than the gateway is with them. */
export const intervals = {
  patience: { connect: 3000, statement: 4000, answer: 5000 },
  upkeepInterval: 2000,
  headInterval: 60_000,
  absence: { here: 10_000, elsewhere: 600_000 }
} as const satisfies Intervals

/** How often a writer thread does what, and how patient it is. */
export type Intervals = Pick<WriterData, "absence" | "headInterval" | "patience" | "upkeepInterval">

/** What an operator decides about the ledger. */
export type Rules = Pick<WriterData, "retention" | "signingKey">

/** Starts writer threads of this database. */
export const startWriter = (url: string, spill: string, rules: Rules = {}) => (writer: WriterId): Writer.StartThread => (_recover, onMessage, onExit) => {
  const data: WriterData = { url, spill, writer, ...intervals, ...rules }
  const worker = start("ledger-writer", "WriterThread", data, onExit)
  worker.on("message", (message: FromWriter) => onMessage(message))
  return { post: (message: ToWriter) => worker.postMessage(message), kill: () => void worker.terminate() }
}

/** Starts reader threads of this database. */
export const startReader = (url: string): Reader.StartThread => (onMessage, onExit) => {
  const data: ReaderData = { url }
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
