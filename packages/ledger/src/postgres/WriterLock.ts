/**
 * Shows other processes that a writer is alive: its session holds a lock of its own. It may lose it for a moment, with its
 * connection, and be no less alive: who takes it for dead must have seen it so for a while.
 */
import type * as Effect from "effect/Effect"
import type { StoreError } from "./Connection.ts"
import * as Locks from "./Locks.ts"
import type { Session } from "./Store.ts"

const nameOf = (writer: string): string => `writer ${writer}`

/** Whether the session has the lock of this writer, which it takes where nobody has it: its own, or that of a dead one, so that nobody else recovers it. */
export const hold = ({ locks }: Session, writer: string): Effect.Effect<boolean, StoreError> => locks.hold(nameOf(writer))

/** Lets go of it. */
export const release = ({ locks }: Session, writer: string): Effect.Effect<void, StoreError> => locks.release(nameOf(writer))

/** Whether anybody holds the lock of the writer whose id an SQL expression gives. */
export const isHeld = (writer: string): string =>
  `EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND ((classid::bigint << 32) | objid::bigint) = ${Locks.key(`'writer ' || ${writer}`)})`
