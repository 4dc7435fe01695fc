/**
 * Claims to idempotency keys and the sealed answers to them, which all workers share where they are kept in memory: in that of the
 * primary process, reached by messages. A client that asks again may be dealt to another worker.
 */
import { type Ask, ReplayStore, ReplayStoreUnavailable, type Told } from "@sluice/gateway/ReplayStore"
import { Effect } from "effect"
import type { Handlers, Peer } from "./Peer.ts"

/** What the primary answers with its store. Both sides are the same program, so that what arrives is what {@link asked} sent. */
export const handlers = (store: ReplayStore["Service"]): Handlers => ({ "replays": (message) => store.ask(message as Ask) })

/** The store as a worker reaches it. */
export const asked = (ask: Peer["ask"]): ReplayStore["Service"] =>
  ReplayStore.of({
    ask: (message) =>
      ask("replays", message).pipe(
        // Answered by `handlers` above
        Effect.map((told) => told as Told),
        Effect.mapError(({ reason }) => new ReplayStoreUnavailable({ reason }))
      )
  })
