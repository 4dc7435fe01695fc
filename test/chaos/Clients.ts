/** The clients' process as the rig sees it: it sends requests on bare sockets, leaves when it is told, and logs what it saw of each. */
import * as Channel from "./Channel.ts"

/** How a client leaves: politely, by a reset, or by ending only its own half. */
export type Leaving = "FIN" | "RST" | "half-close"

/** One request to send. */
export interface ClientRequest {
  readonly url: string
  readonly path: string
  readonly body: unknown
  readonly headers?: { readonly [name: string]: string }
  /** The mark under which it is logged. */
  readonly tag: string
  /** Keeps its connection behind a whole answer, as clients do that will ask again; the server closes it. */
  readonly keep?: boolean
  /** Leaves by itself as soon as this text has come. */
  readonly leave?: { readonly after: string; readonly how: Leaving }
}

/** What a client saw of its request; times on the monotonic clock that all processes share. */
export interface ClientEntry {
  readonly tag: string
  readonly sentAt: number
  /** Of the head; absent where none came. */
  status?: number
  headAt?: number
  /** The header names and values of the head, as text. */
  head?: string
  /** Bytes of the body, without its framing. */
  bytes: number
  /** Of the body when it ended. */
  digest?: string
  /** Events of an event stream. */
  events: number
  leftAt?: number
  endedAt?: number
  /** `whole`: the body came to its framed end. `cut`: the connection ended before. `refused`: there was no connection. `left`: the client went first. */
  ending?: "whole" | "cut" | "refused" | "left"
  /** The last characters that came. */
  tail: string
}

/** What the process answers. */
export interface ClientCalls {
  /** Sends them all at once; answers when every one was written or refused. */
  readonly send: (requests: ReadonlyArray<ClientRequest>) => Promise<void>
  /** Leaves, and gives the time of leaving. */
  readonly leave: (order: { readonly tag: string; readonly how: Leaving }) => number
  /** Answers when every request has ended, or when the time is over; gives how many are open. */
  readonly ended: (withinMs: number) => Promise<number>
  /** Answers when this many requests have got this many bytes behind their heads, or when the time is over; gives how many have. */
  readonly received: (order: { readonly requests: number; readonly bytes: number; readonly withinMs: number }) => Promise<number>
  readonly log: () => ReadonlyArray<ClientEntry>
  /** Ends what is open and forgets everything. */
  readonly clear: () => void
}

/** The running clients. */
export type Clients = Channel.Helper<ClientCalls>

/** Starts them. */
export const start = (): Clients => Channel.start<ClientCalls>("clientsProcess.ts")
