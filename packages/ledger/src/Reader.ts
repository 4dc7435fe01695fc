/**
 * The event loop's side of the reader thread: starts it with the first query, hands out answers, and starts another where it died.
 * Not told about writes: what is committed is what it sees.
 */
import type { Entry } from "@sluice/gateway/Ledger"
import type { Answer, FromReader, Question, ToReader } from "./Messages.ts"

/** A running reader thread. */
export interface Thread {
  readonly post: (message: ToReader) => void
}

/** Starts a thread; `onExit` is called once, when it is gone. */
export type StartThread = (onMessage: (message: FromReader) => void, onExit: (reason: string) => void) => Thread

/** The reader, as the ledger uses it. */
export interface Reader {
  /** Asks; gives a function that lets go of the answer. */
  readonly ask: (question: Question, done: (answer: Answer) => void) => () => void
  /** Ends the thread, where there is one, then calls back. Questions under way fail. */
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

  const onMessage = ({ answer, id, last }: FromReader) => {
    const question = asked.get(id)
    if (question === undefined) return
    if (answer._tag === "Entries") {
      for (const entry of answer.entries) question.entries.push(entry)
    }
    if (!last) return
    asked.delete(id)
    question.done(answer._tag === "Entries" ? { _tag: "Entries", entries: question.entries } : answer)
  }

  const onExit = (reason: string) => {
    thread = undefined
    const lost = Array.from(asked.values())
    asked.clear()
    for (const { done } of lost) done({ _tag: "Failed", reason: `its reader thread has ended: ${reason}` })
    onClosed?.()
  }

  return {
    ask: (question, done) => {
      const id = next++
      if (onClosed !== undefined) {
        done({ _tag: "Failed", reason: "it is closed" })
        return () => {}
      }
      asked.set(id, { entries: [], done })
      thread ??= start(onMessage, onExit)
      thread.post({ _tag: "Ask", id, question })
      return () => void asked.delete(id)
    },
    close: (done) => {
      onClosed = done
      if (thread === undefined) done()
      else thread.post({ _tag: "Close" })
    }
  }
}
