/**
 * Puts in order what dead writers left: first what they spilled, so that a spilled settlement closes its exchange, then every
 * exchange they left open is abandoned, and their chain gets its last head. For the leader; in steps of one short transaction, between which others may write.
 */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { WriterData } from "../Messages.ts"
import * as SpillLines from "../SpillLines.ts"
import * as Chain from "./Chain.ts"
import type { StoreError } from "./Connection.ts"
import * as Connection from "./Connection.ts"
import * as Replay from "./Replay.ts"
import type { Session, Transactions } from "./Store.ts"
import * as Sweep from "./Sweep.ts"
import * as WriterLock from "./WriterLock.ts"
import * as Writers from "./Writers.ts"

/** What a recovery came to. */
export interface Recovered extends Replay.Replayed {
  readonly swept: number
}

/** The recovery of nobody. */
export const nothing: Recovered = { ...Replay.nothing, swept: 0 }

/** The sum of two. */
export const add = (left: Recovered, right: Recovered): Recovered => ({
  applied: left.applied + right.applied,
  quarantined: left.quarantined + right.quarantined,
  swept: left.swept + right.swept
})

/** A recovery that is under way: yields after each step, ends with the first error. */
export type Steps = Generator<void, Result.Result<Recovered, StoreError>>

/** Who recovers. */
export type Owner = Pick<WriterData, "filename" | "writer" | "signingKey">

/** Recovers everything of writers other than `self` that are not alive. */
export function* start(store: Transactions, { filename: database, signingKey, writer: self }: Owner): Steps {
  const found = store.transact(({ db }) => Writers.notEnded(db))
  if (Result.isFailure(found)) return Result.fail(found.failure)
  const dead = new Set(found.success.filter((writer) => writer !== self && !WriterLock.isAlive(database, writer)))
  let sum = nothing
  const replayed = yield* replay(store, database, (writer) => dead.has(writer) || (writer !== self && !WriterLock.isAlive(database, writer)))
  if (Result.isFailure(replayed)) return replayed
  sum = replayed.success
  for (const writer of dead) {
    const swept = yield* sweep(store, writer, signingKey)
    if (Result.isFailure(swept)) return swept
    sum = add(sum, swept.success)
    WriterLock.remove(database, writer)
  }
  return Result.succeed(sum)
}

function* replay(store: Transactions, database: string, isDead: (writer: string) => boolean): Steps {
  const pending = Connection.attempt(() => SpillLines.pending(database))
  if (Result.isFailure(pending)) return Result.fail(pending.failure)
  let sum = nothing
  for (const { path, writer } of pending.success) {
    if (!isDead(writer)) continue
    const { step } = Replay.start(store, database, path, writer)
    for (let done = step();; done = step()) {
      if (Result.isFailure(done)) return Result.fail(done.failure)
      if (Option.isSome(done.success)) {
        sum = add(sum, { ...done.success.value, swept: 0 })
        break
      }
      yield
    }
    yield
  }
  return Result.succeed(sum)
}

function* sweep(store: Transactions, writer: string, key: string | undefined): Steps {
  let swept = 0
  const step = (session: Session): number => {
    const rows = Sweep.next(session.db, writer)
    session.write(rows)
    if (rows.length < Sweep.stepRows) {
      Chain.addHead(session.db, writer, key)
      Writers.end(session.db, writer)
    }
    return rows.length
  }
  for (;;) {
    const done = store.transact(step)
    if (Result.isFailure(done)) return Result.fail(done.failure)
    swept += done.success
    if (done.success < Sweep.stepRows) return Result.succeed({ ...Replay.nothing, swept })
    yield
  }
}

/** All steps at once: for the start, when nothing waits for the writer yet. */
export const all = (steps: Steps): Result.Result<Recovered, StoreError> => {
  for (let step = steps.next();; step = steps.next()) {
    if (step.done === true) return step.value
  }
}
