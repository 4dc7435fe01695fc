/**
 * The writer thread: the only writer of the ledger file, so that SQLite never blocks the event loop. Started by `Threads`, never
 * imported; what it does is in `Start` and `WriterLoop`.
 */
import * as Effect from "effect/Effect"
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads"
import type { FromWriter, ToWriter, WriterData } from "../Messages.ts"
import * as Start from "./Start.ts"
import * as WriterLoop from "./WriterLoop.ts"

// Both ends of the channel are ours: what `Messages` declares is what arrives
const data = workerData as WriterData

// Nobody ever changes it: waiting for that is how a thread sleeps
const stillness = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))

const port: WriterLoop.Port = {
  reply: (message: FromWriter) => parentPort?.postMessage(message),
  receive: () => {
    const received: { readonly message: ToWriter } | undefined = parentPort === null ? undefined : receiveMessageOnPort(parentPort)
    return received?.message
  },
  pause: (milliseconds) => void Atomics.wait(stillness, 0, 0, milliseconds),
  close: () => parentPort?.close()
}

Effect.runFork(
  Start.start(data).pipe(
    Effect.match({
      onFailure: (reason) => {
        port.reply({ _tag: "StartFailed", reason })
        port.close()
      },
      onSuccess: (started) => void parentPort?.on("message", WriterLoop.start(started, data, port))
    })
  )
)
