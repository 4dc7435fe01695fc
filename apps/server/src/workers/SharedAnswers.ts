/**
 * Cached answers and who brings them, which all workers share where they are kept in memory: in that of the primary process, reached by
 * messages.
 */
import { type Ask, CacheStore, CacheStoreUnavailable, type Told } from "@sluice/gateway/CacheStore"
import { Effect } from "effect"
import type { Handlers, Peer } from "./Peer.ts"

/** What the primary answers with its store. Both sides are the same program, so that what arrives is what {@link asked} sent. */
export const handlers = (store: CacheStore["Service"]): Handlers => ({ "answers": (message) => store.ask(message as Ask) })

/** The store as a worker reaches it. */
export const asked = (ask: Peer["ask"]): CacheStore["Service"] => {
  let last = { entries: 0, bytes: 0 }
  return CacheStore.of({
    status: () => ({ kind: "memory", ...last }),
    ask: (message) =>
      ask("answers", message).pipe(
        // Answered by `handlers` above
        Effect.map((answered) => {
          const told = answered as Told
          if (told._tag === "Done") last = { entries: told.entries, bytes: told.bytes }
          return told
        }),
        Effect.mapError(({ reason }) => new CacheStoreUnavailable({ reason }))
      )
  })
}
