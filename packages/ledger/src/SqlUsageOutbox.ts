/**
 * How far sinks of usage have got, in the ledger's database, whichever it is: one row for each sink. Time is the database's, which all
 * deliverers share. Needs a migrated database behind Effect's `SqlClient`.
 */
import { type Claim, claimMs, Places, UsageOutbox, UsageOutboxUnavailable } from "@sluice/gateway/UsageOutbox"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { describeCause } from "./internal/describeCause.ts"

const Row = Schema.Struct({ places: Schema.NullOr(Schema.fromJsonString(Places)) })

const decode = Schema.decodeUnknownEffect(Schema.Array(Row))

/** Somebody else writes for a moment: nobody is kept waiting, least of all the event loop. */
const again = Schedule.spaced("50 millis")
const times = 100

const unavailable = <A>(effect: Effect.Effect<A, SqlError | Schema.SchemaError>): Effect.Effect<A, UsageOutboxUnavailable> =>
  effect.pipe(
    Effect.retry({ while: (error) => error._tag === "SqlError", schedule: again, times }),
    Effect.catchCause((cause) => new UsageOutboxUnavailable({ reason: describeCause(cause) }))
  )

const toClaim = ({ places }: typeof Row.Type): Claim => places === null ? {} : { places }

/** The outbox over a database. */
export const layer: Layer.Layer<UsageOutbox, never, SqlClient.SqlClient> = Layer.effect(
  UsageOutbox,
  Effect.map(SqlClient.SqlClient, (sql) => {
    const now = sql.literal(sql.onDialectOrElse({
      pg: () => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
      orElse: () => "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
    }))
    const until = sql`${now} + ${sql.literal(String(claimMs))}`
    return UsageOutbox.of({
      claim: (sink, holder) =>
        unavailable(
          sql`INSERT INTO usage_sinks (sink, holder, held_until) VALUES (${sink}, ${holder}, ${until})
            ON CONFLICT (sink) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
            WHERE usage_sinks.holder IS NULL OR usage_sinks.holder = excluded.holder OR usage_sinks.held_until <= ${now}
            RETURNING places`.pipe(Effect.flatMap(decode), Effect.map(([row]) => row === undefined ? Option.none() : Option.some(toClaim(row))))
        ),
      confirm: (sink, holder, places) =>
        unavailable(
          sql`UPDATE usage_sinks SET places = ${JSON.stringify(places)}, held_until = ${until} WHERE sink = ${sink} AND holder = ${holder} RETURNING sink`.pipe(
            Effect.map((rows) => rows.length > 0)
          )
        ),
      release: (sink, holder) =>
        unavailable(Effect.asVoid(sql`UPDATE usage_sinks SET holder = NULL, held_until = 0 WHERE sink = ${sink} AND holder = ${holder}`))
    })
  })
)
