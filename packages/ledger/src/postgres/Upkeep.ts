/**
 * What a writer does beside taking rows, a round every few seconds: it makes sure that it is connected, and so seen to be alive, and
 * recovers what the dead have left; the leader also counts for the rollups and removes what is old enough. What fails is begun again
 * with the next round.
 */
import * as Effect from "effect/Effect"
import type { FromWriter } from "../Messages.ts"
import type { StoreError } from "./Connection.ts"
import * as Leadership from "./Leadership.ts"
import * as Recovery from "./Recovery.ts"
import * as Retention from "./Retention.ts"
import * as Rollups from "./Rollups.ts"
import type { Store } from "./Store.ts"
import type { WriterData } from "./Threads.ts"
import * as WriterLock from "./WriterLock.ts"

/** How often old rows are looked for, in milliseconds. */
const retentionInterval = 60_000

/** Rounds for ever; `reply` is told what an operator should know. */
export const run = (store: Store, data: WriterData, reply: (message: FromWriter) => void): Effect.Effect<never> => {
  const recovery = Recovery.make(store, data)
  const begun = { at: Date.now(), steady: performance.now() }
  // What was told of the last round and of this one: a trouble that lasts is told once
  let troubles: ReadonlySet<string> = new Set()
  let newTroubles = new Set<string>()
  let lookedForOld = Number.NEGATIVE_INFINITY

  const told = <A>(effect: Effect.Effect<A, StoreError>): Effect.Effect<A | undefined> =>
    Effect.catch(effect, ({ reason }) =>
      Effect.sync(() => {
        if (!troubles.has(reason) && !newTroubles.has(reason)) reply({ _tag: "UpkeepFailed", reason })
        newTroubles.add(reason)
        return undefined
      }))

  const retention = Effect.suspend(() => {
    // A clock that is set forward must not make rows old
    const now = Math.min(Date.now(), begun.at + performance.now() - begun.steady)
    if (data.retention === undefined || now - lookedForOld < Math.min(retentionInterval, data.headInterval)) return Effect.void
    lookedForOld = now
    return told(Retention.all(store, { before: now - data.retention, signingKey: data.signingKey }))
  })

  const round = Effect.gen(function*() {
    // Its lock may still be held by a session of ours that the server does not know to be dead
    yield* told(store.use((session) => WriterLock.hold(session, data.writer)))
    const recovered = yield* told(recovery.round)
    if (recovered !== undefined && recovered.applied + recovered.quarantined + recovered.swept > 0) {
      reply({ _tag: "Recovered", replayed: recovered.applied, quarantined: recovered.quarantined, swept: recovered.swept })
    }
    if ((yield* told(Leadership.claim(store))) === true) {
      yield* told(Rollups.all(store))
      yield* retention
    }
    troubles = newTroubles
    newTroubles = new Set()
  })

  return Effect.forever(Effect.andThen(Effect.sleep(data.upkeepInterval), round))
}
