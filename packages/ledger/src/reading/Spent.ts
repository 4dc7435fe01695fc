/** What accounts have spent, as the reader adds it up. */
import type { Account, Spent } from "@sluice/gateway/Accounts"
import * as Money from "@sluice/protocol/Money"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"

/** What an account has spent since a day. */
export const spent = ({ id, kind }: Account, fromDay: number): Effect.Effect<Spent, SqlError, SqlClient.SqlClient> =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    // As text: sums of money and tokens may be larger than the numbers of JavaScript are exact
    const [sums] = yield* sql<{ readonly requests: string; readonly tokens: string; readonly nanos: string }>`SELECT
      CAST(coalesce(sum(requests), 0) AS TEXT) AS requests,
      CAST(coalesce(sum(tokens), 0) AS TEXT) AS tokens,
      CAST(coalesce(sum(spent_nanos), 0) AS TEXT) AS nanos
    FROM accounts WHERE kind = ${kind} AND id = ${id} AND day >= ${fromDay}`
    return { requests: Number(sums?.requests ?? 0), tokens: Number(sums?.tokens ?? 0), spent: Money.fromNanos(BigInt(sums?.nanos ?? 0)) }
  })
