/**
 * The store of replays in the database of a PostgreSQL ledger, in tables of its own, for every gateway that shares it. What was claimed
 * before a crash is still claimed after it, on whatever machine. The ledger has to be open: it makes the tables.
 */
import { Ledger } from "@sluice/gateway/Ledger"
import { type Bounds, defaultBounds, ReplayStore, ReplayStoreUnavailable } from "@sluice/gateway/ReplayStore"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { describeCause } from "./internal/describeCause.ts"
import * as PgClient from "./postgres/PgClient.ts"
import * as SqlReplays from "./SqlReplays.ts"

/** Which database, and how much is kept in it. */
export interface Options extends Partial<Bounds> {
  readonly url: Redacted.Redacted<string>
}

/** Claims under way at the same time; others wait. */
const connections = 4

/** The store beside an open ledger. */
export const layer = ({ url, ...bounds }: Options): Layer.Layer<ReplayStore, never, Ledger> =>
  Layer.effect(
    ReplayStore,
    Effect.gen(function*() {
      // Built first: a database without its tables is no store
      yield* Ledger
      const answer = SqlReplays.make(yield* SqlClient.SqlClient, { ...defaultBounds, ...bounds })
      return ReplayStore.of({
        ask: (message) =>
          Effect.catchCause(answer(message), (cause) =>
            Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.fail(new ReplayStoreUnavailable({ reason: describeCause(cause) })))
      })
    })
  ).pipe(Layer.provide(PgClient.layer({ url: Redacted.value(url), readonly: false, connections })), Layer.orDie)
