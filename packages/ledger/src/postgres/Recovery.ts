/**
 * Puts in order what dead writers left: first what they spilled on this machine, so that a spilled settlement closes its exchange,
 * then every exchange they left open is abandoned, and their chain gets its last head. Whoever recovers a writer holds its lock meanwhile, so that nobody else does.
 * Every process recovers the writers of its own machine, because their spill files are there; the leader those of machines that
 * do not come back. In short transactions, between which rows are stored.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as SpillLines from "../SpillLines.ts"
import * as Chain from "./Chain.ts"
import type { StoreError } from "./Connection.ts"
import * as Leadership from "./Leadership.ts"
import * as Replay from "./Replay.ts"
import type { Store } from "./Store.ts"
import * as Sweep from "./Sweep.ts"
import type { WriterData } from "./Threads.ts"
import * as WriterLock from "./WriterLock.ts"
import * as Writers from "./Writers.ts"

/** What a recovery came to. */
export interface Recovered extends Replay.Replayed {
  readonly swept: number
}

/** The recovery of nobody. */
export const nothing: Recovered = { ...Replay.nothing, swept: 0 }

/** Recovers, round by round. */
export interface Recovery {
  /** Recovers the writers that have been absent for long enough by now. */
  readonly round: Effect.Effect<Recovered, StoreError>
}

/** A recovery that has seen nobody yet: a writer whose connection was lost with ours is given the time to come back. */
export const make = (store: Store, { absence, signingKey, spill, writer: self }: Pick<WriterData, "absence" | "signingKey" | "spill" | "writer">): Recovery => {
  let since = new Map<string, number>()

  /** The absent writers, and for how long they have been seen so. */
  const watch = Effect.map(store.use(({ connection }) => Writers.absent(connection)), (absent) => {
    const now = performance.now()
    const others = absent.filter(({ id }) => id !== self)
    since = new Map(others.map(({ id }) => [id, since.get(id) ?? now]))
    return others.map((writer) => ({ ...writer, ms: now - (since.get(writer.id) ?? now) }))
  }).pipe(Effect.tapError(() => Effect.sync(() => since.clear())))

  const recover = (writer: string, files: ReadonlyArray<SpillLines.Pending>): Effect.Effect<Recovered, StoreError> =>
    Effect.gen(function*() {
      if (!(yield* store.use((session) => WriterLock.hold(session, writer)))) return nothing
      let sum = nothing
      for (const { path } of files) sum = add(sum, { ...yield* replay(store, spill, path, writer), swept: 0 })
      const swept = yield* sweep(store, writer, signingKey)
      yield* store.use((session) => WriterLock.release(session, writer))
      return add(sum, { ...Replay.nothing, swept })
    })

  const round = Effect.gen(function*() {
    const isLeader = yield* Leadership.claim(store)
    const absent = yield* watch
    if (absent.length === 0) return nothing
    const pending = yield* Replay.pending(spill)
    let sum = nothing
    for (const { id, isHere, ms } of absent) {
      const files = pending.filter(({ writer }) => writer === id)
      const isOurs = isHere || files.length > 0
      if (isOurs ? ms >= absence.here : isLeader && ms >= absence.elsewhere) sum = add(sum, yield* recover(id, files))
    }
    return sum
  })

  return { round }
}

const add = (left: Recovered, right: Recovered): Recovered => ({
  applied: left.applied + right.applied,
  quarantined: left.quarantined + right.quarantined,
  swept: left.swept + right.swept
})

const replay = (store: Store, spill: string, path: string, writer: string): Effect.Effect<Replay.Replayed, StoreError> => {
  const { step } = Replay.start(store, spill, path, writer)
  return Effect.map(Effect.repeat(step, { until: Option.isSome }), Option.getOrElse(() => Replay.nothing))
}

const sweep = (store: Store, writer: string, key: string | undefined): Effect.Effect<number, StoreError> =>
  Effect.gen(function*() {
    let swept = 0
    for (;;) {
      const count = yield* store.transact(({ connection, write }) =>
        Effect.gen(function*() {
          const rows = yield* Sweep.next(connection, writer)
          yield* write(rows)
          if (rows.length < Sweep.stepRows) {
            yield* Chain.addHead(connection, writer, key)
            yield* Writers.end(connection, writer)
          }
          return rows.length
        })
      )
      swept += count
      if (count < Sweep.stepRows) return swept
    }
  })
