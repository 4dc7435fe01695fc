/** What admission keeps the process within, and what it says of a request that does not fit. */

/** The bounds. */
export interface Bounds {
  /** Exchanges at the same time, streams or not. */
  readonly streams: number
  /** Bytes of all request bodies and buffered answers together. */
  readonly bytes: number
  /** The share of both that only interactive requests may use. */
  readonly reserved: number
  /** How long the event loop may be late, in milliseconds, and for how long, before less is admitted. */
  readonly loopDelayMs: number
  readonly loopDelayForMs: number
  /** The used share of the heap from which on agents and batches are refused; a third of the rest further everybody is, two thirds further streams end. */
  readonly heap: number
  /** Requests that may wait, and for how long. */
  readonly waiting: number
  readonly waitMs: number
}

/** Which bound refused. */
export type Reason = "streams" | "bytes" | "loop" | "heap"
