/** Another process at the ledger's file: it holds the write lock, or an old state of it, for as long as it is told. */
import * as Channel from "../Channel.ts"

/** What the process answers. */
export interface HolderCalls {
  /** Takes the write lock, waiting for it where needed. */
  readonly lock: (file: string) => void
  /** Begins to read and goes on holding what it reads. */
  readonly pin: (file: string) => void
  /** Lets go of everything. */
  readonly release: () => void
}

/** The running process. */
export type Holder = Channel.Helper<HolderCalls>

/** Starts it. */
export const start = (): Holder => Channel.start<HolderCalls>("faults/HolderProcess.ts")
