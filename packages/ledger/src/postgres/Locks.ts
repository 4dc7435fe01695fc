/**
 * Locks between the processes of a ledger, on any machine: PostgreSQL's advisory locks of a session. The server lets go of them
 * however the session ends, so they are never stale; and they are gone with the connection, which must take them again.
 */
import * as Effect from "effect/Effect"
import type { Connection, StoreError } from "./Connection.ts"

/** The number of a lock, as SQL: of one ledger, which is a schema of the database. `name` is an expression, too. */
export const key = (name: string): string => `hashtextextended('sluice ledger ' || current_schema() || ' ' || ${name}, 0)`

/** The locks of one session. */
export interface Locks {
  /** Whether the session has the lock, which it takes where nobody has it. */
  readonly hold: (name: string) => Effect.Effect<boolean, StoreError>
  readonly release: (name: string) => Effect.Effect<void, StoreError>
}

/** The locks of a connection. */
export const make = (connection: Connection): Locks => {
  const held = new Set<string>()
  return {
    hold: (name) =>
      Effect.suspend(() => {
        if (held.has(name)) return Effect.succeed(true)
        return Effect.map(connection.send({ name: "lock", text: `SELECT pg_try_advisory_lock(${key("$1")})`, values: [name] }), ({ rows }) => {
          const isHeld = rows[0]?.[0] === true
          if (isHeld) held.add(name)
          return isHeld
        })
      }),
    release: (name) =>
      Effect.suspend(() => {
        if (!held.delete(name)) return Effect.void
        return Effect.asVoid(connection.send({ name: "unlock", text: `SELECT pg_advisory_unlock(${key("$1")})`, values: [name] }))
      })
  }
}
