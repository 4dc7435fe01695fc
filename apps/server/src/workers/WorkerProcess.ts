/**
 * One worker as the primary process sees it: a process that is asked and answers, that says when it serves, and that ends. What is to
 * be done about its end is decided elsewhere (Fleet.ts).
 */
import { Deferred, Effect, Schema } from "effect"
import cluster from "node:cluster"
import * as Peer from "./Peer.ts"

/** A worker could not begin to serve; the message is its own. */
export class WorkerFailed extends Schema.TaggedError<WorkerFailed>()("WorkerFailed", { reason: Schema.String }) {
  override get message(): string {
    return this.reason
  }
}

/** How a process ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: string | null
  readonly livedMs: number
}

/** A worker. */
export interface WorkerProcess {
  readonly number: number
  readonly ask: Peer.Peer["ask"]
  /** Completes when it serves; fails with what it says is in the way. */
  readonly started: Effect.Effect<void, WorkerFailed>
  /** Whether it has begun to serve. */
  readonly isServing: () => boolean
  readonly ended: Effect.Effect<Ending>
  readonly kill: (signal: NodeJS.Signals) => void
}

const Failure = Schema.Struct({ message: Schema.String })
const decodeFailure = Schema.decodeUnknownEffect(Failure)

/** Starts a process that takes its task from `handlers`, beside which it may ask for what all of them share. */
export const start = Effect.fn("WorkerProcess.start")(function*(number: number, handlers: Peer.Handlers) {
  const started = yield* Deferred.make<void, WorkerFailed>()
  const ended = yield* Deferred.make<Ending>()
  const startedAt = performance.now()
  let isServing = false
  const worker = cluster.fork()
  const peer = yield* Peer.make(
    // A full channel is no failure: what is sent waits, and its number is bounded
    (message) => worker.isConnected() && (worker.send(message, () => {}), true),
    {
      ...handlers,
      started: () => {
        isServing = true
        return Deferred.succeed(started, undefined)
      },
      failed: (payload) => Effect.flatMap(decodeFailure(payload), ({ message }) => Deferred.fail(started, new WorkerFailed({ reason: message })))
    }
  )
  worker.on("message", peer.receive)
  worker.once("disconnect", () => peer.close(`worker ${number} is gone`))
  worker.once("error", () => {})
  worker.once("exit", (code: number | null, signal: string | null) => {
    const how = signal === null ? `with code ${code}` : `by ${signal}`
    Deferred.doneUnsafe(started, new WorkerFailed({ reason: `worker ${number} ended ${how} before it served` }))
    Deferred.doneUnsafe(ended, Effect.succeed({ code, signal, livedMs: performance.now() - startedAt }))
  })
  return {
    number,
    ask: peer.ask,
    started: Deferred.await(started),
    isServing: () => isServing,
    ended: Deferred.await(ended),
    kill: (signal: NodeJS.Signals) => void worker.process.kill(signal)
  } satisfies WorkerProcess
})
