/**
 * A lock between processes, as a file: SQLite's own lock on an empty database, held by an unfinished transaction. The kernel lets
 * go of it however the process ends, so it is never stale. The file must be opened by SQLite only: closing it in any other way
 * would let go of the locks of the whole process.
 */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { existsSync, unlinkSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import type { StoreError } from "./Connection.ts"
import * as Connection from "./Connection.ts"
import * as FileIdentity from "./FileIdentity.ts"

/** A lock that is held. */
export interface FileLock {
  /** Whether the file is still the one that was locked: where it was deleted, another process may hold a lock of the same name. */
  readonly isSound: () => boolean
  /** Lets go of it. With `remove` the file goes first, so that it is never taken away from the next holder. */
  readonly release: (remove: boolean) => void
}

/** Takes the lock; none where somebody holds it. */
export const tryHold = (path: string): Result.Result<Option.Option<FileLock>, StoreError> =>
  Result.flatMap(Connection.attempt(() => new DatabaseSync(path, { timeout: 0 })), (db) => {
    const taken = Connection.attempt(() => db.exec("PRAGMA synchronous = OFF; BEGIN EXCLUSIVE"))
    const close = () => void Connection.attempt(() => db.close())
    if (Result.isFailure(taken)) {
      close()
      return taken.failure.kind === "wait" ? Result.succeedNone : Result.fail(taken.failure)
    }
    const identity = FileIdentity.of(path)
    // Whoever held it before may have removed the file between our opening and our locking it
    if (identity === undefined) {
      close()
      return Result.succeedNone
    }
    return Result.succeedSome({
      isSound: () => FileIdentity.of(path) === identity,
      release: (remove) => {
        if (remove && FileIdentity.of(path) === identity) Connection.attempt(() => unlinkSync(path))
        close()
      }
    })
  })

/** Whether anybody holds the lock. What cannot be told counts as held. */
export const isHeld = (path: string): boolean => {
  if (!existsSync(path)) return false
  const taken = tryHold(path)
  if (Result.isFailure(taken) || Option.isNone(taken.success)) return existsSync(path)
  taken.success.value.release(false)
  return false
}
