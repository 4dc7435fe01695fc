/**
 * Where the ledger is kept, read from its URL: a SQLite file or a PostgreSQL database. It opens nothing.
 */
import { Option, Redacted, Schema } from "effect"
import { parsedText } from "./Fields.ts"

/** A SQLite file by its name (`:memory:` = nowhere), or a PostgreSQL database by its URL, which may hold a password. */
export const LedgerUrl = Schema.TaggedUnion({
  Sqlite: { filename: Schema.String },
  Postgres: { url: Schema.Redacted(Schema.String) }
})

/** The type of `LedgerUrl`. */
export type LedgerUrl = typeof LedgerUrl.Type

/** Whether nothing outlives the server: the ledger is in its memory. */
export const isInMemory = (url: LedgerUrl): boolean => url._tag === "Sqlite" && url.filename === ":memory:"

/** The field: `sqlite:FILE` with the file relative to the working directory, `sqlite::memory:`, or `postgres://…`. */
export const ledgerUrl = parsedText(LedgerUrl, {
  title: "URL",
  wanted: "\"sqlite:FILE\", \"sqlite::memory:\" or a postgres:// URL",
  read: (input) => {
    if (input.startsWith("sqlite:") && input.length > 7) return Option.some({ _tag: "Sqlite" as const, filename: input.slice(7) })
    return /^postgres(ql)?:\/\/./.test(input) ? Option.some({ _tag: "Postgres" as const, url: Redacted.make(input) }) : Option.none()
  },
  write: (url) => url._tag === "Sqlite" ? `sqlite:${url.filename}` : Redacted.value(url.url)
})
