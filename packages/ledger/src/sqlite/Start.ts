/**
 * What the writer does before it is ready: migrate the file (creating it), replay what earlier processes spilled, sweep what
 * they left open, unless another process is about it.
 */
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import * as SqliteMigrator from "@effect/sql-sqlite-node/SqliteMigrator"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import { describeCause } from "../internal/describeCause.ts"
import type { WriterData } from "../Messages.ts"
import { loader } from "../migrations/Migrations.ts"
import * as Leadership from "./Leadership.ts"
import * as Recovery from "./Recovery.ts"
import * as Store from "./Store.ts"
import * as Writers from "./Writers.ts"

/** A store that is ready to take rows, and what was found on the way. */
export interface Started {
  readonly store: Store.Store
  readonly leadership: Leadership.Leadership
  readonly recovered: Recovery.Recovered
  readonly close: () => void
}

/** How often, and how long apart, a migration is tried that another process is in the way of. */
const patience = { times: 100, ms: 100 }

const isInTheWay = /locked|busy|already running/i

/** Creates or brings up to date the tables of a ledger file. Fails with the reason as text. */
export const migrate = (filename: string, busyTimeout: number): Effect.Effect<void, string> =>
  SqliteMigrator.run({ loader, table: "ledger_migrations" }).pipe(
    Effect.provide(SqliteClient.layer({ filename, busyTimeout })),
    Effect.asVoid,
    // The driver throws when the file cannot be opened
    Effect.catchCause((cause) => Effect.fail(describeCause(cause))),
    Effect.retry({ times: patience.times, schedule: Schedule.spaced(patience.ms), while: (reason) => isInTheWay.test(reason) })
  )

/** Opens the store of a migrated file, as one of its writers, and recovers what is asked for. Fails with the reason as text. */
export const start = (
  data: Pick<WriterData, "busyTimeout" | "filename" | "recover" | "writer" | "signingKey">
): Effect.Effect<Started, string> =>
  Effect.gen(function*() {
    const { busyTimeout, filename, recover, writer } = data
    yield* migrate(filename, busyTimeout)
    const store = yield* settle(Store.open(() => Store.connect(filename, busyTimeout, writer)))
    const leadership = Leadership.make(filename)
    const close = () => {
      store.close()
      leadership.end()
    }
    const recovered = Result.flatMap(store.transact(({ db }) => Writers.begin(db, writer)), () =>
      recover && leadership.claim() ? Recovery.all(Recovery.start(store, data)) : Result.succeed(Recovery.nothing))
    if (Result.isFailure(recovered)) {
      close()
    }
    return { store, leadership, recovered: yield* settle(recovered), close }
  })

const settle = <A>(result: Result.Result<A, { readonly reason: string }>): Effect.Effect<A, string> =>
  Effect.fromResult(Result.mapError(result, (error) => error.reason))
