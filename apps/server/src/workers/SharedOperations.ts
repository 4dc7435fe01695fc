/**
 * Operations of an operator in a server of several processes: the worker that was asked does its own part and has the primary process
 * ask the others for theirs.
 */
import { Effect, Schema } from "effect"
import { Operation, type Others } from "../admin/Operation.ts"
import type { Handlers, Peer } from "./Peer.ts"
import type { WorkerProcess } from "./WorkerProcess.ts"

const Wanted = Schema.Struct({ from: Schema.Int, operation: Schema.toCodecJson(Operation) })
const decodeWanted = Schema.decodeUnknownEffect(Wanted)
const encodeWanted = Schema.encodeUnknownSync(Wanted)
const decodeOperation = Schema.decodeUnknownEffect(Schema.toCodecJson(Operation))
const encodeOperation = Schema.encodeUnknownSync(Schema.toCodecJson(Operation))

/** What the primary answers: it asks all workers but the one that asks. */
export const handlers = (workers: () => ReadonlyArray<WorkerProcess>): Handlers => ({
  operate: (payload) =>
    Effect.gen(function*() {
      const { from, operation } = yield* decodeWanted(payload)
      const others = workers().filter(({ isServing, number }) => number !== from && isServing())
      // Each is asked, whatever another one says
      const answers = yield* Effect.forEach(others, ({ ask }) => Effect.result(ask("operate", encodeOperation(operation))), { concurrency: "unbounded" })
      for (const answer of answers) yield* Effect.fromResult(answer)
    })
})

/** A worker's side: what it answers, and the others as the worker of a number reaches them. */
export const inWorker = (): { readonly handlers: Handlers; readonly others: (number: number, ask: Peer["ask"]) => Others } => {
  let perform: ((operation: Operation) => void) | undefined
  return {
    handlers: { operate: (payload) => Effect.map(decodeOperation(payload), (operation) => perform?.(operation)) },
    others: (number, ask) => ({
      perform: (operation) => Effect.asVoid(Effect.suspend(() => ask("operate", encodeWanted({ from: number, operation })))),
      onAsked: (performing) => {
        perform = performing
      }
    })
  }
}
