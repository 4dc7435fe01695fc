/**
 * The writer thread: what the rows cost in text, digests and spill files is no matter of the event loop. Started by `Threads`,
 * never imported; what it does is in `Start` and `WriterLoop`.
 */
import * as Effect from "effect/Effect"
import { parentPort, workerData } from "node:worker_threads"
import type { FromWriter } from "../Messages.ts"
import * as Start from "./Start.ts"
import type { WriterData } from "./Threads.ts"
import * as WriterLoop from "./WriterLoop.ts"

// Both ends of the channel are ours: what `Threads` declares is what arrives
const data = workerData as WriterData

const port: WriterLoop.Port = {
  reply: (message: FromWriter) => parentPort?.postMessage(message),
  close: () => parentPort?.close()
}

Effect.runFork(
  Start.start(data).pipe(
    Effect.match({
      onFailure: (reason) => {
        port.reply({ _tag: "StartFailed", reason })
        port.close()
      },
      onSuccess: (store) => void parentPort?.on("message", WriterLoop.start(store, data, port))
    })
  )
)
