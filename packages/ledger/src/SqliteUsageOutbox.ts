/**
 * How far sinks of usage have got, in the file of a SQLite ledger. Written on the event loop, a row every second at most, so nothing in it
 * may wait: not for other writers (it tries again later), and not for the disk. What a power cut takes back is delivered once more.
 */
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import { Ledger } from "@sluice/gateway/Ledger"
import type { UsageOutbox } from "@sluice/gateway/UsageOutbox"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { resolve } from "node:path"
import * as SqlUsageOutbox from "./SqlUsageOutbox.ts"

/** The log is synced with the ledger's next commit, and moved into the file by the ledger's writer alone. */
const unhurried = Layer.effectDiscard(Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`PRAGMA synchronous = OFF`
  yield* sql`PRAGMA wal_autocheckpoint = 0`
}))

/** The outbox beside an open ledger. */
export const layer = ({ filename }: { readonly filename: string }): Layer.Layer<UsageOutbox, never, Ledger> =>
  SqlUsageOutbox.layer.pipe(
    Layer.provide(Layer.provideMerge(unhurried, SqliteClient.layer({ filename: resolve(filename), busyTimeout: 0 }))),
    Layer.orDie,
    // Built first: a file without its tables is no outbox
    Layer.provide(Layer.effectDiscard(Ledger))
  )
