/**
 * What the writer thread does once its store is open: takes messages, commits, and in between replays spill files and sees to the
 * upkeep. Knows no `Worker`: the thread is `WriterThread`, and tests run this where they are.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { FromWriter, ToWriter } from "../Messages.ts"
import * as Chain from "./Chain.ts"
import * as Commits from "./Commits.ts"
import * as Replay from "./Replay.ts"
import type { Store } from "./Store.ts"
import type { WriterData } from "./Threads.ts"
import * as Upkeep from "./Upkeep.ts"

/** The thread's end of the channel. */
export interface Port {
  readonly reply: (message: FromWriter) => void
  /** Ends the thread. */
  readonly close: () => void
}

/** Says that the store is ready; gives the function to call with each message. */
export const start = (store: Store, data: WriterData, port: Port): (message: ToWriter) => void => {
  const commits = Commits.make(store, port.reply)
  const upkeep = Effect.runFork(Upkeep.run(store, data, port.reply))
  const addHead = Effect.ignore(store.transact(({ connection }) => Chain.addHead(connection, data.writer, data.signingKey)))
  const heads = Effect.runFork(Effect.forever(Effect.andThen(Effect.sleep(data.headInterval), addHead)))
  let replay: Fiber.Fiber<void> | undefined
  let isCommitting = false
  let isClosing = false

  const commit = () => {
    if (isCommitting) return
    isCommitting = true
    Effect.runFork(commits.run).addObserver(() => {
      isCommitting = false
      if (isClosing) end()
    })
  }

  const replayFile = (path: string) => {
    const { step } = Replay.start(store, data.spill, path, data.writer)
    const done = Effect.match(Effect.repeat(step, { until: Option.isSome }), {
      onFailure: ({ reason }) => port.reply({ _tag: "ReplayFailed", path, reason }),
      onSuccess: (sum) => port.reply({ _tag: "Replayed", path, ...Option.getOrElse(sum, () => Replay.nothing) })
    })
    replay = Effect.runFork(Effect.ensuring(done, Effect.sync(() => void (replay = undefined))))
  }

  // What is under way is ended, not cut
  const end = () => {
    const ended = Fiber.interruptAll([upkeep, heads, ...(replay === undefined ? [] : [replay])])
    Effect.runFork(Effect.andThen(ended, addHead)).addObserver(() => {
      store.close()
      port.close()
    })
  }

  port.reply({ _tag: "Ready", replayed: 0, quarantined: 0, swept: 0 })
  return (message) => {
    if (message._tag === "Rows") commits.add(message.first, message.rows)
    else if (message._tag === "Close") isClosing = true
    else if (replay === undefined) replayFile(message.path)
    commit()
  }
}
