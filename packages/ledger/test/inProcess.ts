/**
 * The two threads of a SQLite ledger without threads: the same loops, on the test's own event loop, over messages that are copied
 * as a channel copies them. A tenth of the time real threads take to start.
 */
import { Effect } from "effect"
import type * as LedgerThreads from "../src/LedgerThreads.ts"
import type { ToWriter, WriterData } from "../src/Messages.ts"
import * as ReaderLoop from "../src/sqlite/ReaderLoop.ts"
import * as Start from "../src/sqlite/Start.ts"
import * as WriterLoop from "../src/sqlite/WriterLoop.ts"

const deliver = <A>(message: A, to: (message: A) => void) => void setImmediate(() => to(structuredClone(message)))

/** Starts both loops in this process. */
export const start = (filename: string, rules: Partial<WriterData> = {}): LedgerThreads.Start => ({
  writer: (writer) => (recover, onMessage, onExit) => {
    const data: WriterData = { filename, writer, recover, busyTimeout: 5000, watchInterval: 5000, upkeepInterval: 20, headInterval: 60_000, ...rules }
    const inbox: Array<ToWriter> = []
    let accept: ((message: ToWriter) => void) | undefined
    const turn = () => {
      const message = accept === undefined ? undefined : inbox.shift()
      if (message !== undefined) accept?.(message)
    }
    const close = () => void setImmediate(() => onExit("closed"))
    Effect.runFork(Effect.match(Start.start(data), {
      onFailure: (reason) => {
        deliver({ _tag: "StartFailed", reason }, onMessage)
        close()
      },
      onSuccess: (started) => {
        accept = WriterLoop.start(started, data, { reply: (message) => deliver(message, onMessage), receive: () => inbox.shift(), pause: () => {}, close })
        setImmediate(turn)
      }
    }))
    return {
      post: (message) => {
        inbox.push(structuredClone(message))
        setImmediate(turn)
      },
      kill: close
    }
  },
  reader: (onMessage, onExit) => {
    const accept = ReaderLoop.start(filename, (message) => deliver(message, onMessage), () => void setImmediate(() => onExit("closed")))
    return { post: (message) => deliver(message, accept) }
  }
})
