/** One exchange with everything the ledger knows of it: its attempts, what its answer lost, and its place in the hash chain. Reads only. */
import type { Entry } from "@sluice/gateway/Ledger"
import type { UsageAttempt } from "@sluice/gateway/UsageSink"
import type { CountedLoss, LossReason } from "@sluice/protocol/Loss"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Rows from "../Rows.ts"
import * as StoredRow from "../StoredRow.ts"

/** An exchange with its details; absent = unknown. */
export interface Detail {
  readonly entry: Entry
  readonly attempts: ReadonlyArray<UsageAttempt>
  readonly responseLosses: ReadonlyArray<CountedLoss>
  /** What the outcome leaves out: why a server cancelled, that a client had part of the answer. */
  readonly outcomeDetail?: string
  readonly estimatedInput: number
  readonly estimatedUsd?: string
  /** Absent while it is open. */
  readonly link?: { readonly writer: string; readonly sequence: number; readonly hash: string }
}

// Written as a record, so that a new word of the protocol does not compile before it is here
const reasons: { readonly [K in LossReason]: K } = { dropped: "dropped", approximated: "approximated", defaulted: "defaulted", renamed: "renamed" }

const Text = Schema.NullOr(Schema.String)
const Whole = Schema.NullOr(Schema.Int)

const Further = Schema.Struct({
  response_losses: Schema.NullOr(
    Schema.fromJsonString(Schema.Array(Schema.Struct({ path: Schema.String, reason: Schema.Literals(Object.values(reasons)), count: Schema.Int })))
  ),
  detail: Text,
  estimated_input: Schema.Int,
  estimated_usd: Text,
  link_writer: Text,
  link_sequence: Whole,
  link_hash: Text
})

const StoredAttempt = Schema.Struct({
  provider: Schema.String,
  upstream_model: Schema.String,
  started_at: Schema.Int,
  ended_at: Schema.Int,
  error_class: Text,
  error_message: Text,
  error_status: Whole,
  credential: Text
})

const decodeFurther = Schema.decodeUnknownEffect(Schema.Array(Further))
/** Checks attempts as a query gives them. */
export const decodeAttempts = Schema.decodeUnknownEffect(Schema.Array(StoredAttempt))

/** The attempt a row stands for. */
export const toAttempt = (row: typeof StoredAttempt.Type): UsageAttempt => ({
  provider: row.provider,
  upstreamModel: row.upstream_model,
  startedAt: new Date(row.started_at).toISOString(),
  durationMs: Math.max(0, row.ended_at - row.started_at),
  ...(row.credential === null ? {} : { credential: row.credential }),
  ...(row.error_class === null
    ? {}
    : { error: { class: row.error_class, message: row.error_message ?? "", ...(row.error_status === null ? {} : { status: row.error_status }) } })
})

/** The exchange with this id; none where there is none. */
export const find = (id: string): Effect.Effect<Option.Option<Detail>, SqlError | Schema.SchemaError, SqlClient.SqlClient> =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* StoredRow.decode(yield* sql`SELECT ${sql.literal(StoredRow.columns.join(", "))} FROM exchanges WHERE id = ${id}`)
    const [further] = yield* decodeFurther(
      yield* sql`SELECT e.response_losses, e.detail, e.estimated_input, e.estimated_usd,
        l.writer AS link_writer, l.sequence AS link_sequence, l.hash AS link_hash
      FROM exchanges e LEFT JOIN links l ON l.writer = e.writer AND l.sequence = e.sequence AND l.exchange_id = e.id WHERE e.id = ${id}`
    )
    if (row === undefined || further === undefined) return Option.none()
    const attempts = yield* decodeAttempts(
      yield* sql`SELECT ${sql.literal(Rows.attemptColumns.join(", "))} FROM attempts WHERE exchange_id = ${id} ORDER BY number`
    )
    const { link_hash: hash, link_sequence: sequence, link_writer: writer } = further
    return Option.some({
      entry: StoredRow.toEntry(row),
      attempts: attempts.map(toAttempt),
      responseLosses: further.response_losses ?? [],
      ...(further.detail === null ? {} : { outcomeDetail: further.detail }),
      estimatedInput: further.estimated_input,
      ...(further.estimated_usd === null ? {} : { estimatedUsd: further.estimated_usd }),
      ...(writer === null || sequence === null || hash === null ? {} : { link: { writer, sequence, hash } })
    })
  })
