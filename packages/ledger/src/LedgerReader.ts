/**
 * Reads a ledger from outside the server that writes it, running or not: for reports and the command line. Takes no lock,
 * recovers nothing and changes nothing: what a killed server left open is shown as open. A file blocks its thread while a page is
 * read.
 */
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import type { Bodies, Entry, Query } from "@sluice/gateway/Ledger"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import { stat } from "node:fs"
import { resolve } from "node:path"
import { describeCause } from "./internal/describeCause.ts"
import * as DatabaseUrl from "./postgres/DatabaseUrl.ts"
import * as BodiesOf from "./reading/BodiesOf.ts"
import * as Details from "./reading/Details.ts"
import * as Queries from "./reading/Queries.ts"
import * as ChainReading from "./sqlite/ChainReading.ts"
import * as Connection from "./sqlite/Connection.ts"
import * as Verification from "./Verification.ts"

/** Where a ledger is kept: in a SQLite file, or in a PostgreSQL database. */
export type Source =
  | { readonly _tag: "Sqlite"; readonly filename: string }
  | { readonly _tag: "Postgres"; readonly url: Redacted.Redacted<string> }

/** Why a ledger cannot be read: there is none, or it is no ledger of this version. */
export class LedgerUnreadable extends Schema.TaggedError<LedgerUnreadable>()("LedgerUnreadable", { place: Schema.String, reason: Schema.String }) {
  override get message(): string {
    return `the ledger ${this.place} cannot be read: ${this.reason}`
  }
}

/** One page of a ledger, newest first. */
export const query = (source: Source, query: Query): Effect.Effect<ReadonlyArray<Entry>, LedgerUnreadable> => reading(source, Queries.entries(query))

export type { Detail } from "./reading/Details.ts"

/** One exchange with everything the ledger knows of it; none where there is none. */
export const find = (source: Source, id: string): Effect.Effect<Option.Option<Details.Detail>, LedgerUnreadable> => reading(source, Details.find(id))

/** What was kept of the bodies of an exchange; undefined where nothing was. */
export const bodies = (source: Source, id: string): Effect.Effect<Bodies | undefined, LedgerUnreadable> => reading(source, BodiesOf.bodies(id))

/** Runs a reading on the ledger's own connection. */
const reading = <A, E>(source: Source, read: Effect.Effect<A, E, SqlClient.SqlClient>): Effect.Effect<A, LedgerUnreadable> =>
  source._tag === "Sqlite" ? inFile(resolve(source.filename), read) : inDatabase(Redacted.value(source.url), read)

const inFile = <A, E>(file: string, read: Effect.Effect<A, E, SqlClient.SqlClient>): Effect.Effect<A, LedgerUnreadable> =>
  Effect.gen(function*() {
    const unreadable = (reason: string) => new LedgerUnreadable({ place: file, reason })
    if (!(yield* exists(file))) return yield* unreadable(noFile)
    return yield* read.pipe(
      Effect.provide(SqliteClient.layer({ filename: file, readonly: true, disableWAL: true, busyTimeout: "5 seconds" })),
      // The client opens the file with an exception where it cannot
      Effect.catchCause((cause) => unreadable(innermost(Cause.squash(cause))))
    )
  })

const inDatabase = <A, E>(url: string, read: Effect.Effect<A, E, SqlClient.SqlClient>): Effect.Effect<A, LedgerUnreadable> =>
  // The driver is loaded by whoever needs it: every start of the program would pay for it
  Effect.promise(() => import("./postgres/PgClient.ts")).pipe(
    Effect.flatMap((PgClient) => Effect.provide(read, PgClient.layer({ url, readonly: true, connections: 1 }))),
    Effect.catchCause((cause) => new LedgerUnreadable({ place: DatabaseUrl.place(url), reason: describeCause(cause) }))
  )

/** Verifies a ledger, page by page. Without a key signatures are not looked at. */
export const verify = Effect.fn("LedgerReader.verify")(function*(
  source: Source,
  key: Redacted.Redacted | undefined,
  noted?: NonNullable<Verification.Options["noted"]>
): Effect.fn.Return<Verification.Report, LedgerUnreadable> {
  const options = { key: key === undefined ? undefined : Redacted.value(key), ...(noted === undefined ? {} : { noted }) }
  if (source._tag === "Postgres") return yield* verifyDatabase(Redacted.value(source.url), options)
  const file = resolve(source.filename)
  const unreadable = ({ reason }: { readonly reason: string }) => new LedgerUnreadable({ place: file, reason })
  if (!(yield* exists(file))) return yield* unreadable({ reason: noFile })
  return yield* Effect.acquireUseRelease(
    Effect.suspend(() => Effect.fromResult(Connection.openReadOnly(file))),
    (db) => Verification.verify(ChainReading.make(db), options),
    (db) => Effect.sync(() => db.close())
  ).pipe(Effect.mapError(unreadable))
})

const verifyDatabase = Effect.fnUntraced(function*(url: string, options: Verification.Options): Effect.fn.Return<Verification.Report, LedgerUnreadable> {
  const [Connection, ChainReading] = yield* Effect.promise(() => Promise.all([import("./postgres/Connection.ts"), import("./postgres/ChainReading.ts")]))
  return yield* Effect.acquireUseRelease(
    Connection.open(url, { connect: 5000, statement: 60_000, answer: 70_000 }),
    (connection) => Verification.verify(ChainReading.make(connection), options),
    ({ close }) => Effect.sync(close)
  ).pipe(Effect.mapError(({ reason }) => new LedgerUnreadable({ place: DatabaseUrl.place(url), reason })))
})

const noFile = "there is no such file; the first start of a server makes it"

const exists = (file: string): Effect.Effect<boolean> => Effect.callback((resume) => stat(file, (error) => resume(Effect.succeed(error === null))))

/** What SQLite itself said, below the words of those who passed it on. */
const innermost = (error: unknown): string => error instanceof Error ? error.cause instanceof Error ? innermost(error.cause) : error.message : String(error)
