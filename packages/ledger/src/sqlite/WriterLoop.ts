/**
 * What the writer thread does once its store is open: takes messages, commits, replays spill files in between, watches its file.
 * Knows no `Worker`: the thread is `WriterThread`, and tests run this where they are.
 */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { FromWriter, ToWriter, WriterData } from "../Messages.ts"
import * as Commits from "./Commits.ts"
import * as FileIdentity from "./FileIdentity.ts"
import * as Replay from "./Replay.ts"
import type { Started } from "./Start.ts"

/** The thread's end of the channel. */
export interface Port {
  readonly reply: (message: FromWriter) => void
  /** The next message that has arrived and was not yet handed over. */
  readonly receive: () => ToWriter | undefined
  /** Ends the thread. */
  readonly close: () => void
}

/** Says that the store is ready; gives the function to call with each message. */
export const start = ({ replayed, store, swept }: Started, data: WriterData, port: Port): (message: ToWriter) => void => {
  let replay: { readonly path: string; readonly replay: Replay.Replay } | undefined
  let isClosing = false

  const receive = () => {
    for (let message = port.receive(); message !== undefined; message = port.receive()) accept(message)
  }

  const commits = Commits.make(store, port.reply, receive)

  const accept = (message: ToWriter): void => {
    if (message._tag === "Rows") commits.add(message.first, message.rows)
    else if (message._tag === "Close") isClosing = true
    else if (replay === undefined) {
      replay = { path: message.path, replay: Replay.start(store, data.filename, message.path) }
      setImmediate(stepReplay)
    }
  }

  /** One group at a time, rows that have arrived in between first. */
  const stepReplay = () => {
    if (replay === undefined || isClosing) return
    const { path } = replay
    const step = replay.replay.step()
    if (Result.isSuccess(step) && Option.isNone(step.success)) return void setImmediate(stepReplay)
    replay = undefined
    if (Result.isFailure(step)) port.reply({ _tag: "ReplayFailed", path, reason: step.failure.reason })
    else port.reply({ _tag: "Replayed", path, ...Option.getOrElse(step.success, () => Replay.nothing) })
  }

  const end = () => {
    isClosing = true
    clearInterval(watch)
    store.close()
    port.close()
  }

  // SQLite itself writes on, without a word, to a file that has been deleted
  const identity = FileIdentity.of(data.filename)
  const watch = setInterval(() => {
    if (FileIdentity.of(data.filename) === identity) return
    port.reply({ _tag: "Replaced" })
    end()
  }, data.watchInterval)

  port.reply({ _tag: "Ready", replayed: replayed.applied, quarantined: replayed.quarantined, swept })
  return (message) => {
    accept(message)
    commits.run()
    if (isClosing) end()
  }
}
