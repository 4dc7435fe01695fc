/**
 * Whose an open exchange is, so that several processes may write one ledger and what one of them leaves open is told from what
 * others are at. Which machine a writer ran on says where its spill files are.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { beforeIds } from "../../WriterId.ts"

/** Adds the writer to `exchanges`, and creates the table `writers`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE writers (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    process BIGINT NOT NULL,
    machine TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT
  )`
  yield* sql`ALTER TABLE exchanges ADD COLUMN writer TEXT COLLATE "C"`
  yield* sql`UPDATE exchanges SET writer = ${beforeIds} WHERE status = 'open'`
  yield* sql`INSERT INTO writers (id, process, machine, started_at) VALUES (${beforeIds}, 0, '', 0)`
})
