/**
 * What the writer thread does once its store is open: takes messages, commits, replays spill files and sees to the upkeep in between,
 * watches its file.
 * Knows no `Worker`: the thread is `WriterThread`, and tests run this where they are.
 */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { FromWriter, ToWriter, WriterData } from "../Messages.ts"
import * as Chain from "./Chain.ts"
import * as Commits from "./Commits.ts"
import * as FileIdentity from "./FileIdentity.ts"
import * as Replay from "./Replay.ts"
import type { Started } from "./Start.ts"
import * as Upkeep from "./Upkeep.ts"

/** The thread's end of the channel. */
export interface Port {
  readonly reply: (message: FromWriter) => void
  /** The next message that has arrived and was not yet handed over. */
  readonly receive: () => ToWriter | undefined
  /** Holds the thread for so many milliseconds. */
  readonly pause: (milliseconds: number) => void
  /** Ends the thread. */
  readonly close: () => void
}

/** Says that the store is ready; gives the function to call with each message. */
export const start = (started: Started, data: WriterData, port: Port): (message: ToWriter) => void => {
  const { recovered, store } = started
  let replay: { readonly path: string; readonly replay: Replay.Replay } | undefined
  let isClosing = false

  const receive = () => {
    for (let message = port.receive(); message !== undefined; message = port.receive()) accept(message)
  }

  const commits = Commits.make({ store, reply: port.reply, receive, now: () => performance.now(), pause: port.pause })

  const accept = (message: ToWriter): void => {
    if (message._tag === "Rows") commits.add(message.first, message.rows)
    else if (message._tag === "Close") isClosing = true
    else if (replay === undefined) {
      replay = { path: message.path, replay: Replay.start(store, data.filename, message.path, data.writer) }
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
    clearInterval(rounds)
    clearInterval(heads)
    upkeep.end()
    addHead()
    started.close()
    port.close()
  }

  // SQLite itself writes on, without a word, to a file that has been deleted
  const identity = FileIdentity.of(data.filename)
  const watch = setInterval(() => {
    if (FileIdentity.of(data.filename) === identity) return
    port.reply({ _tag: "Replaced" })
    end()
  }, data.watchInterval)

  const upkeep = Upkeep.make(started, data, port.reply)
  const rounds = setInterval(upkeep.begin, data.upkeepInterval)

  const addHead = () => store.briefly.transact(({ db }) => Chain.addHead(db, data.writer, data.signingKey))
  const heads = setInterval(addHead, data.headInterval)

  port.reply({ _tag: "Ready", replayed: recovered.applied, quarantined: recovered.quarantined, swept: recovered.swept })
  return (message) => {
    accept(message)
    commits.run()
    if (isClosing) end()
  }
}
