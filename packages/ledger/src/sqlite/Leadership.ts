/**
 * Which of the processes that write one ledger file does what is to be done once: recovery of the dead, retention, rollups. The
 * leader is who holds the lock file of the database; the others try to, every few seconds.
 */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as FileLock from "./FileLock.ts"

/** The lock file of the leader of a ledger. It stays when the lock is gone. */
export const fileName = (database: string): string => `${database}.lock`

/** One process's part in it. */
export interface Leadership {
  /** Whether this process leads; where nobody does, it does from now on. */
  readonly claim: () => boolean
  readonly end: () => void
}

/** Takes part in the leadership of a ledger file. */
export const make = (database: string): Leadership => {
  let lock: FileLock.FileLock | undefined

  const end = () => {
    lock?.release(false)
    lock = undefined
  }

  return {
    claim: () => {
      if (lock?.isSound() === true) return true
      end()
      lock = Option.getOrUndefined(Result.getOrElse(FileLock.tryHold(fileName(database)), () => Option.none()))
      return lock !== undefined
    },
    end
  }
}
