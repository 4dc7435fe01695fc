/**
 * Shows other processes that a writer is alive: it holds the lock on a file of its own beside the database, from before its first
 * row until after its last. Held by the process, not by its writer thread, which may be replaced under way.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { access } from "node:fs"
import { LedgerStartError } from "../LedgerStartError.ts"
import * as WriterId from "../WriterId.ts"
import type { StoreError } from "./Connection.ts"
import * as FileLock from "./FileLock.ts"

/** The lock file of a writer. */
export const fileName = (database: string, writer: string): string => `${database}.writer-${writer}.lock`

/** Whether a writer is alive. */
export const isAlive = (database: string, writer: string): boolean => FileLock.isHeld(fileName(database, writer))

/** Removes what a dead writer left of its lock. */
export const remove = (database: string, writer: string): void => {
  const taken = FileLock.tryHold(fileName(database, writer))
  if (Result.isSuccess(taken) && Option.isSome(taken.success)) taken.success.value.release(true)
}

/** How often a writer makes sure that its lock file was not deleted, in milliseconds. */
const watchInterval = 2000

/** A new writer, alive for the scope. */
export const hold = (database: string): Effect.Effect<WriterId.WriterId, LedgerStartError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.suspend(() =>
        Effect.fromResult(Result.mapError(acquire(database, WriterId.generate()), ({ reason }) => new LedgerStartError({ filename: database, reason })))
      ),
      ({ end }) => Effect.sync(end)
    ),
    ({ id }) => id
  )

interface Held {
  readonly id: WriterId.WriterId
  readonly end: () => void
}

const acquire = (database: string, id: WriterId.WriterId): Result.Result<Held, StoreError> => {
  const path = fileName(database, id)
  return Result.flatMap(FileLock.tryHold(path), (taken) => {
    // A leader that is looking for dead writers may have it for a moment
    if (Option.isNone(taken)) return acquire(database, WriterId.generate())
    let lock = taken.value
    let isEnded = false
    const renew = () => {
      if (isEnded) return
      const again = FileLock.tryHold(path)
      if (Result.isFailure(again) || Option.isNone(again.success)) return
      lock.release(false)
      lock = again.success.value
    }
    const watch = setInterval(() => access(path, (error) => error?.code === "ENOENT" ? renew() : undefined), watchInterval).unref()
    return Result.succeed({
      id,
      end: () => {
        isEnded = true
        clearInterval(watch)
        lock.release(true)
      }
    })
  })
}
