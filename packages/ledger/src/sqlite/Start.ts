/**
 * What the writer does before it is ready: migrate the file (creating it), replay what earlier processes spilled, sweep what
 * they left open. In that order: a spilled settlement closes its exchange before the sweep would call it abandoned.
 */
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import * as SqliteMigrator from "@effect/sql-sqlite-node/SqliteMigrator"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { describeCause } from "../internal/describeCause.ts"
import type { WriterData } from "../Messages.ts"
import { loader } from "../migrations/Migrations.ts"
import * as Replay from "./Replay.ts"
import * as Store from "./Store.ts"

/** A store that is ready to take rows, and what was found on the way. */
export interface Started {
  readonly store: Store.Store
  readonly replayed: Replay.Replayed
  readonly swept: number
}

/** Creates or brings up to date the tables of a ledger file. Fails with the reason as text. */
export const migrate = (filename: string, busyTimeout: number): Effect.Effect<void, string> =>
  SqliteMigrator.run({ loader, table: "ledger_migrations" }).pipe(
    Effect.provide(SqliteClient.layer({ filename, busyTimeout })),
    Effect.asVoid,
    // The driver throws when the file cannot be opened
    Effect.catchCause((cause) => Effect.fail(describeCause(cause)))
  )

/** Opens the store of a migrated file and recovers what is asked for. Fails with the reason as text. */
export const start = ({ busyTimeout, filename, recover }: Omit<WriterData, "watchInterval">): Effect.Effect<Started, string> =>
  Effect.gen(function*() {
    yield* migrate(filename, busyTimeout)
    const store = yield* settle(Store.open(() => Store.connect(filename, busyTimeout)))
    if (!recover) return { store, replayed: Replay.nothing, swept: 0 }
    const replayed = yield* settle(Replay.all(store, filename))
    const swept = yield* settle(store.sweep())
    return { store, replayed, swept }
  })

const settle = <A>(result: Result.Result<A, { readonly reason: string }>): Effect.Effect<A, string> =>
  Effect.fromResult(Result.mapError(result, (error) => error.reason))
