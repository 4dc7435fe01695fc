/**
 * Counts of limits that all workers share: kept in the memory of the primary process, reached by messages. Where Redis keeps them
 * none of this is used.
 */
import { type Answer, LimitStore, LimitStoreFailed, type Renew, type Reserve, type Settle } from "@sluice/gateway/LimitStore"
import { Effect } from "effect"
import type { Handlers, Peer } from "./Peer.ts"

/** What the primary answers with its store. Both sides are the same program, so that what arrives is what {@link asked} sent. */
export const handlers = (store: LimitStore["Service"]): Handlers => ({
  "limits.reserve": (message) => store.reserve(message as Reserve),
  "limits.settle": (message) => store.settle(message as Settle),
  "limits.renew": (message) => store.renew(message as Renew)
})

/** The store as a worker reaches it. */
export const asked = (ask: Peer["ask"]): LimitStore["Service"] => {
  const tell = (name: string, message: unknown) => Effect.mapError(ask(name, message), ({ reason }) => new LimitStoreFailed({ reason }))
  return LimitStore.of({
    // Answered by `handlers` above
    reserve: (message) => Effect.map(tell("limits.reserve", message), (answer) => answer as Answer),
    settle: (message) => Effect.asVoid(tell("limits.settle", message)),
    renew: (message) => Effect.asVoid(tell("limits.renew", message))
  })
}
