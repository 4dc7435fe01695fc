/**
 * The writer thread: the only writer of the ledger file, so that SQLite never blocks the event loop. Started by `Writer`, never
 * imported; what it does is in `Start`, `Commits` and `Replay`.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads"
import type { FromWriter, ToWriter, WriterData } from "../Messages.ts"
import * as Commits from "./Commits.ts"
import * as FileIdentity from "./FileIdentity.ts"
import * as Replay from "./Replay.ts"
import type { Started } from "./Start.ts"
import * as Start from "./Start.ts"

// Both ends of the channel are ours: what `Messages` declares is what arrives
const data = workerData as WriterData
const port = parentPort
const reply = (message: FromWriter): void => port?.postMessage(message)

const serve = ({ replayed, store, swept }: Started): void => {
  let replay: { readonly path: string; readonly replay: Replay.Replay } | undefined
  let isClosing = false

  const receive = () => {
    for (let received = next(); received !== undefined; received = next()) accept(received)
  }

  const commits = Commits.make(store, reply, receive)

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
    if (Result.isFailure(step)) reply({ _tag: "ReplayFailed", path, reason: step.failure.reason })
    else if (Option.isSome(step.success)) reply({ _tag: "Replayed", path, ...step.success.value })
    else return void setImmediate(stepReplay)
    replay = undefined
  }

  const end = () => {
    clearInterval(watch)
    store.close()
    port?.close()
  }

  // SQLite itself writes on, without a word, to a file that has been deleted
  const identity = FileIdentity.of(data.filename)
  const watch = setInterval(() => {
    if (FileIdentity.of(data.filename) === identity) return
    reply({ _tag: "Replaced" })
    end()
  }, data.watchInterval)

  port?.on("message", (message: ToWriter) => {
    accept(message)
    commits.run()
    if (isClosing) end()
  })
  reply({ _tag: "Ready", replayed: replayed.applied, quarantined: replayed.quarantined, swept })
}

const next = (): ToWriter | undefined => {
  const received: { readonly message: ToWriter } | undefined = port === null ? undefined : receiveMessageOnPort(port)
  return received?.message
}

Effect.runFork(
  Start.start(data).pipe(
    Effect.match({
      onFailure: (reason) => {
        reply({ _tag: "StartFailed", reason })
        port?.close()
      },
      onSuccess: serve
    })
  )
)
