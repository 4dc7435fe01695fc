/**
 * The event loop's side of the reader thread: starts it with the first query, hands out answers, and starts another where it died.
 * Not told about writes: what is committed is what it sees.
 */
import type { Entry, Query } from "@sluice/gateway/Ledger"
import type { FromReader, ToReader } from "./Messages.ts"

/** A running reader thread. */
export interface Thread {
  readonly post: (message: ToReader) => void
}

/** Starts a thread; `onExit` is called once, when it is gone. */
export type StartThread = (onMessage: (message: FromReader) => void, onExit: (reason: string) => void) => Thread

/** An answer: the entries, or why there are none. */
export type Answer = { readonly entries: ReadonlyArray<Entry> } | { readonly failure: string }

/** The reader, as the ledger uses it. */
export interface Reader {
  /** Asks; gives a function that lets go of the answer. */
  readonly query: (query: Query, done: (answer: Answer) => void) => () => void
  /** Ends the thread, where there is one, then calls back. Queries under way fail. */
  readonly close: (done: () => void) => void
}

interface Asked {
  readonly entries: Array<Entry>
  readonly done: (answer: Answer) => void
}

/** A reader without a thread. */
export const make = (start: StartThread): Reader => {
  const asked = new Map<number, Asked>()
  let thread: Thread | undefined
  let onClosed: (() => void) | undefined
  let next = 0

  const onMessage = (message: FromReader) => {
    const query = asked.get(message.id)
    if (query === undefined) return
    if (message._tag === "Page") {
      for (const entry of message.entries) query.entries.push(entry)
      if (!message.last) return
    }
    asked.delete(message.id)
    query.done(message._tag === "Page" ? { entries: query.entries } : { failure: message.reason })
  }

  const onExit = (reason: string) => {
    thread = undefined
    const lost = Array.from(asked.values())
    asked.clear()
    for (const { done } of lost) done({ failure: `its reader thread has ended: ${reason}` })
    onClosed?.()
  }

  return {
    query: (query, done) => {
      const id = next++
      if (onClosed !== undefined) {
        done({ failure: "it is closed" })
        return () => {}
      }
      asked.set(id, { entries: [], done })
      thread ??= start(onMessage, onExit)
      thread.post({ _tag: "Query", id, query })
      return () => void asked.delete(id)
    },
    close: (done) => {
      onClosed = done
      if (thread === undefined) done()
      else thread.post({ _tag: "Close" })
    }
  }
}
