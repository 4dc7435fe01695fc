/**
 * The primary process as a worker sees it: where it gets its task, asks for what all workers share, and tells how it is doing. A
 * worker whose primary is gone finishes what it serves and ends.
 */
import { Effect, Schema } from "effect"
import cluster from "node:cluster"
import * as Peer from "./Peer.ts"
import { Task } from "./Task.ts"

/** Whether this process is a worker. */
export const isWorker = (): boolean => cluster.isWorker

/** The primary. */
export interface Primary {
  readonly task: Effect.Effect<typeof Task.Type, Peer.PeerFailed | Schema.SchemaError>
  readonly ask: Peer.Peer["ask"]
}

const decodeTask = Schema.decodeUnknownEffect(Task)

/** Connects with the primary, which may ask for what the handlers answer. */
export const connect = Effect.fn("Primary.connect")(function*(handlers: Peer.Handlers) {
  const { worker } = cluster
  const peer = yield* Peer.make((message) => process.connected && (process.send?.(message, undefined, undefined, () => {}), true), handlers)
  process.on("message", peer.receive)
  // Node would end a worker at once that has lost its primary, in the middle of its streams
  if (worker !== undefined) worker.exitedAfterDisconnect = true
  process.once("disconnect", () => {
    peer.close("the primary process is gone")
    process.kill(process.pid, "SIGTERM")
  })
  return { ask: peer.ask, task: Effect.flatMap(peer.ask("task"), decodeTask) } satisfies Primary
})
