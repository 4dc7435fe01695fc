/** Reads what was kept of the bodies of one exchange. */
import type { Bodies } from "@sluice/gateway/Ledger"
import * as Effect from "effect/Effect"
import type { SchemaError } from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as BodyRows from "../BodyRows.ts"

/** The bodies; undefined where nothing was kept. */
export const bodies = (id: string): Effect.Effect<Bodies | undefined, SqlError | SchemaError, SqlClient.SqlClient> =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* BodyRows.decode(yield* sql`SELECT ${sql.literal(BodyRows.columns.join(", "))} FROM bodies WHERE exchange_id = ${id}`)
    return row === undefined ? undefined : BodyRows.toBodies(row)
  })
