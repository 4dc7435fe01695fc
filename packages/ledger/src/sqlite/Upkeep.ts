/**
 * What the leader does beside taking rows: recovers the dead, counts for the rollups, removes what is old enough. A step of one short
 * transaction at a time, and without waiting for other processes, so that rows never wait for more than one. A round is begun every few seconds; what fails is begun again with
 * the next.
 */
import * as Result from "effect/Result"
import type { FromWriter, WriterData } from "../Messages.ts"
import type { StoreError } from "./Connection.ts"
import * as Recovery from "./Recovery.ts"
import * as Retention from "./Retention.ts"
import * as Rollups from "./Rollups.ts"
import type { Started } from "./Start.ts"

/** The upkeep of one writer thread. */
export interface Upkeep {
  /** Begins a round, unless one is under way or another process leads. */
  readonly begin: () => void
  readonly end: () => void
}

/** How often old rows are looked for, in milliseconds. */
const retentionInterval = 60_000

/** `reply` is told what an operator should know. */
export const make = ({ leadership, store }: Pick<Started, "leadership" | "store">, data: WriterData, reply: (message: FromWriter) => void): Upkeep => {
  const { briefly } = store
  const begun = { at: Date.now(), steady: performance.now() }
  let round: Generator<void, void> | undefined
  // What was told of the last round and of this one: a trouble that lasts is told once
  let troubles: ReadonlySet<string> = new Set()
  let newTroubles = new Set<string>()
  let lookedForOld = Number.NEGATIVE_INFINITY

  const told = <A>(result: Result.Result<A, StoreError>): A | undefined => {
    if (Result.isSuccess(result)) return result.success
    const { reason } = result.failure
    if (!troubles.has(reason) && !newTroubles.has(reason)) reply({ _tag: "UpkeepFailed", reason })
    newTroubles.add(reason)
    return undefined
  }

  const retention = function*(keptFor: number): Generator<void, void> {
    // A clock that is set forward must not make rows old
    const now = Math.min(Date.now(), begun.at + performance.now() - begun.steady)
    if (now - lookedForOld < Math.min(retentionInterval, data.headInterval)) return
    lookedForOld = now
    told(yield* Retention.start(briefly, { before: now - keptFor, signingKey: data.signingKey }))
  }

  const work = function*(): Generator<void, void> {
    const recovered = told(yield* Recovery.start(briefly, data))
    if (recovered !== undefined && recovered.applied + recovered.quarantined + recovered.swept > 0) {
      reply({ _tag: "Recovered", replayed: recovered.applied, quarantined: recovered.quarantined, swept: recovered.swept })
    }
    told(yield* Rollups.start(briefly))
    if (data.retention !== undefined) yield* retention(data.retention)
    troubles = newTroubles
    newTroubles = new Set()
  }

  const step = () => {
    if (round === undefined) return
    if (round.next().done === true) round = undefined
    else setImmediate(step)
  }

  return {
    begin: () => {
      if (round !== undefined || !leadership.claim()) return
      round = work()
      setImmediate(step)
    },
    end: () => {
      round = undefined
    }
  }
}
