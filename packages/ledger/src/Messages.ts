/** What the event loop and the two ledger threads say to each other. Plain data only: class instances would lose their prototype. */
import type { Account, Spent } from "@sluice/gateway/Accounts"
import type { ChartPoint, ChartQuery } from "@sluice/gateway/Charts"
import type { Entry, Query } from "@sluice/gateway/Ledger"
import type { Ask, Bounds, Told } from "@sluice/gateway/ReplayStore"
import type { Places, SettledPage } from "@sluice/gateway/UsageOutbox"
import type { Row } from "./Rows.ts"
import type { WriterId } from "./WriterId.ts"

/** What a writer thread is started with. */
export interface WriterData {
  readonly filename: string
  /** The process it writes for: the same whichever of its threads does. */
  readonly writer: WriterId
  /** Whether to recover what dead writers left before it is ready: at the start of the process, not when a dead thread is replaced. */
  readonly recover: boolean
  /** What heads of the hash chain are signed with; in plain text, because a thread receives nothing else. */
  readonly signingKey?: string
  /** How often the newest link of the chain becomes a head, in milliseconds. */
  readonly headInterval: number
  /** How long rows are kept, in milliseconds; absent = for ever. */
  readonly retention?: number
  /** How long a write waits for another process that holds the file, in milliseconds. */
  readonly busyTimeout: number
  /** How often the writer makes sure that its file is still the one on disk, in milliseconds. */
  readonly watchInterval: number
  /** How often it sees to what the leader has to do, and whether there is one, in milliseconds. */
  readonly upkeepInterval: number
}

/** To the writer. Rows are numbered from 1 in the order in which they were written. */
export type ToWriter =
  | { readonly _tag: "Rows"; readonly first: number; readonly rows: ReadonlyArray<Row> }
  | { readonly _tag: "Replay"; readonly path: string }
  | { readonly _tag: "Close" }

/** From the writer. `through` is the number of a row: it and every row before it. `Replaced`: its file is no longer the one on disk, and it
 * ends. `Recovered`: as the leader it put in order what another writer left when it died. */
export type FromWriter =
  | { readonly _tag: "Ready"; readonly replayed: number; readonly quarantined: number; readonly swept: number }
  | { readonly _tag: "StartFailed"; readonly reason: string }
  | { readonly _tag: "Recovered"; readonly replayed: number; readonly quarantined: number; readonly swept: number }
  | { readonly _tag: "UpkeepFailed"; readonly reason: string }
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

/** What a reader is asked. */
export type Question =
  | { readonly _tag: "Entries"; readonly query: Query }
  | { readonly _tag: "Spent"; readonly account: Account; readonly fromDay: number }
  | { readonly _tag: "Settled"; readonly after: Places | undefined; readonly limit: number }
  | { readonly _tag: "Chart"; readonly query: ChartQuery }

/** What a reader answers: under the name of the question, or why it cannot. */
export type Answer =
  | { readonly _tag: "Entries"; readonly entries: ReadonlyArray<Entry> }
  | { readonly _tag: "Spent"; readonly spent: Spent }
  | { readonly _tag: "Settled"; readonly page: SettledPage }
  | { readonly _tag: "Chart"; readonly points: ReadonlyArray<ChartPoint> }
  | { readonly _tag: "Failed"; readonly reason: string }

/** To the reader. */
export type ToReader =
  | { readonly _tag: "Ask"; readonly id: number; readonly question: Question }
  | { readonly _tag: "Close" }

/** From the reader. A page of entries comes in pieces, so that receiving a long one never holds the event loop; every other answer is whole. */
export type FromReader = { readonly id: number; readonly answer: Answer; readonly last: boolean }

/** What the thread of replays is started with. */
export interface ReplaysData {
  readonly filename: string
  readonly bounds: Bounds
}

/** To the thread of replays. */
export type ToReplays =
  | { readonly _tag: "Ask"; readonly id: number; readonly ask: Ask }
  | { readonly _tag: "Close" }

/** From the thread of replays. */
export type FromReplays =
  | { readonly _tag: "Told"; readonly id: number; readonly told: Told }
  | { readonly _tag: "AskFailed"; readonly id: number; readonly reason: string }
