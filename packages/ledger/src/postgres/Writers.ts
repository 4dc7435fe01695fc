/** The table `writers`: every process that ever wrote the ledger, until what it left is put in order. */
import * as Effect from "effect/Effect"
import { hostname } from "node:os"
import type { Connection, StoreError } from "./Connection.ts"
import * as WriterLock from "./WriterLock.ts"

const beginSql = `INSERT INTO writers (id, process, machine, started_at) VALUES ($1, $2::bigint, $3, $4::bigint) ON CONFLICT (id) DO NOTHING`

const absentSql = `SELECT id, machine FROM writers WHERE ended_at IS NULL AND NOT ${WriterLock.isHeld("id")}`

const endSql = `UPDATE writers SET ended_at = $2::bigint WHERE id = $1 AND ended_at IS NULL`

/** Enters a writer; before its first row, so that nothing it leaves is overlooked. */
export const begin = ({ send }: Connection, id: string): Effect.Effect<void, StoreError> =>
  Effect.suspend(() => Effect.asVoid(send({ text: beginSql, values: [id, process.pid, hostname(), Date.now()] })))

/** A writer that has not ended in good order, and does not show that it is alive. */
export interface Absent {
  readonly id: string
  /** Whether it ran on this machine. */
  readonly isHere: boolean
}

/** The writers that are not to be seen. */
export const absent = ({ send }: Connection): Effect.Effect<ReadonlyArray<Absent>, StoreError> =>
  Effect.map(send({ name: "absent", text: absentSql }), ({ rows }) => rows.map(([id, machine]) => ({ id: String(id), isHere: machine === hostname() })))

/** Nothing is left of a writer that nobody put in order. */
export const end = ({ send }: Connection, id: string): Effect.Effect<void, StoreError> =>
  Effect.suspend(() => Effect.asVoid(send({ text: endSql, values: [id, Date.now()] })))
