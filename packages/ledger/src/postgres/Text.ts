/**
 * Text as PostgreSQL can store it. It has no place for the character NUL, which clients may send in a model's name or a provider
 * in a message; so NUL is written as two characters that begin with DLE, and DLE itself as two. Equal texts stay equal, and
 * different ones different. Lone surrogates, which are no text in any database, become U+FFFD as SQLite makes them.
 */

const escape = "\u0010"

/** A text as it is stored. */
export const toStored = (text: string): string =>
  text.includes("\u0000") || text.includes(escape)
    ? text.toWellFormed().replaceAll(escape, `${escape}1`).replaceAll("\u0000", `${escape}0`)
    : text.toWellFormed()

/** A stored text as it was. */
export const fromStored = (text: string): string => text.includes(escape) ? text.replaceAll(`${escape}0`, "\u0000").replaceAll(`${escape}1`, escape) : text

// Surrogates and control characters are what JSON.stringify writes as escapes
const suspicious = /\\u(?:d|0000|0010)/

/** Rows as one JSON text that PostgreSQL can read; rows whose text needs no change, nearly all, are looked at once, as a whole. */
export const toJson = (rows: ReadonlyArray<ReadonlyArray<string | number | null>>): string => {
  const json = JSON.stringify(rows)
  return suspicious.test(json) ? JSON.stringify(rows.map((row) => row.map((value) => typeof value === "string" ? toStored(value) : value))) : json
}
