/** What the event loop and the two ledger threads say to each other. Plain data only: class instances would lose their prototype. */
import type { Entry, Query } from "@sluice/gateway/Ledger"
import type { Row } from "./Rows.ts"

/** What a writer thread is started with. */
export interface WriterData {
  readonly filename: string
  /** Whether to replay spill files and sweep exchanges left open: only at the start of the process, never when a dead thread is replaced. */
  readonly recover: boolean
  /** How long a write waits for another process that holds the file, in milliseconds. */
  readonly busyTimeout: number
  /** How often the writer makes sure that its file is still the one on disk, in milliseconds. */
  readonly watchInterval: number
}

/** To the writer. Rows are numbered from 1 in the order in which they were written. */
export type ToWriter =
  | { readonly _tag: "Rows"; readonly first: number; readonly rows: ReadonlyArray<Row> }
  | { readonly _tag: "Replay"; readonly path: string }
  | { readonly _tag: "Close" }

/** From the writer. `through` is the number of a row: it and every row before it. `Replaced`: its file is no longer the one on disk, and it ends. */
export type FromWriter =
  | { readonly _tag: "Ready"; readonly replayed: number; readonly quarantined: number; readonly swept: number }
  | { readonly _tag: "StartFailed"; readonly reason: string }
  | { readonly _tag: "Replaced" }
  | { readonly _tag: "Committed"; readonly through: number }
  | { readonly _tag: "Failed"; readonly through: number; readonly reason: string }
  | { readonly _tag: "Refused"; readonly row: number; readonly reason: string }
  | { readonly _tag: "Replayed"; readonly path: string; readonly applied: number; readonly quarantined: number }
  | { readonly _tag: "ReplayFailed"; readonly path: string; readonly reason: string }

/** What a reader thread is started with. */
export interface ReaderData {
  readonly filename: string
}

/** To the reader. */
export type ToReader =
  | { readonly _tag: "Query"; readonly id: number; readonly query: Query }
  | { readonly _tag: "Close" }

/** From the reader. A page comes in pieces, so that receiving a long one never holds the event loop. */
export type FromReader =
  | { readonly _tag: "Page"; readonly id: number; readonly entries: ReadonlyArray<Entry>; readonly last: boolean }
  | { readonly _tag: "QueryFailed"; readonly id: number; readonly reason: string }
