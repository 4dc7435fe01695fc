/**
 * What the writer does before it is ready: migrate the database (creating its tables), and enter itself among the writers. What
 * earlier processes left is no matter of the start: whether they are dead takes some time to know.
 */
import * as Effect from "effect/Effect"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import { describeCause } from "../internal/describeCause.ts"
import * as Connection from "./Connection.ts"
import { loader } from "./migrations/Migrations.ts"
import * as PgClient from "./PgClient.ts"
import * as Store from "./Store.ts"
import type { WriterData } from "./Threads.ts"
import * as Writers from "./Writers.ts"

/** Creates or brings up to date the tables of a ledger. Fails with the reason as text. */
export const migrate = (url: string): Effect.Effect<void, string> =>
  oneAtATime(Migrator.make({})({ loader, table: "ledger_migrations" })).pipe(
    Effect.provide(PgClient.layer({ url, readonly: false, connections: 1 })),
    Effect.asVoid,
    Effect.catchCause((cause) => Effect.fail(describeCause(cause)))
  )

// Servers of a fleet start together
const oneAtATime = <A, E, R>(migration: Effect.Effect<A, E, R>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.withTransaction(
      Effect.andThen(sql`SELECT pg_advisory_xact_lock(hashtextextended('sluice ledger migrations ' || current_schema(), 0))`, migration)
    ))

/** Opens the store of a migrated database, as one of its writers. Fails with the reason as text. */
export const start = ({ patience, url, writer }: Pick<WriterData, "patience" | "url" | "writer">): Effect.Effect<Store.Store, string> =>
  migrate(url).pipe(
    Effect.andThen(Store.open(Connection.open(url, patience), writer)),
    Effect.tap((store) => store.transact(({ connection }) => Writers.begin(connection, writer))),
    Effect.mapError((error) => typeof error === "string" ? error : error.reason)
  )
