/**
 * The store of replays in the file of a SQLite ledger, in tables of its own, through a thread of its own. What was claimed before a crash
 * is still claimed after it. The ledger has to be open: it makes the tables.
 */
import { Ledger } from "@sluice/gateway/Ledger"
import { type Bounds, defaultBounds, ReplayStore, ReplayStoreUnavailable } from "@sluice/gateway/ReplayStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { resolve } from "node:path"
import * as ReplayAsks from "./ReplayAsks.ts"
import * as Threads from "./sqlite/Threads.ts"

/** Which file, and how much is kept in it. */
export interface Options extends Partial<Bounds> {
  readonly filename: string
}

/** The store beside an open ledger. */
export const layer = ({ filename, ...bounds }: Options): Layer.Layer<ReplayStore, never, Ledger> =>
  Layer.effect(
    ReplayStore,
    Effect.gen(function*() {
      // Built first: a file without its tables is no store
      yield* Ledger
      const asks = yield* Effect.acquireRelease(
        Effect.sync(() => ReplayAsks.make(Threads.startReplays(resolve(filename), { ...defaultBounds, ...bounds }))),
        (asks) => Effect.callback<void>((resume) => asks.close(() => resume(Effect.void)))
      )
      return ReplayStore.of({
        ask: (message) =>
          Effect.callback((resume) => {
            const forget = asks.ask(
              message,
              (answer) => resume("told" in answer ? Effect.succeed(answer.told) : Effect.fail(new ReplayStoreUnavailable({ reason: answer.failure })))
            )
            return Effect.sync(forget)
          })
      })
    })
  )
