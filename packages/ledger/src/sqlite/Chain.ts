/** The hash chain on SQLite, as the writer thread continues it: links with each settlement, heads from time to time. */
import type { DatabaseSync } from "node:sqlite"
import * as HashChain from "../HashChain.ts"

const lastSql = "SELECT sequence, hash FROM links WHERE writer = ? ORDER BY sequence DESC LIMIT 1"

const insertSql = "INSERT INTO links (writer, sequence, exchange_id, hash) VALUES (?, ?, ?, ?)"

const lastHeadSql = "SELECT number, writer, sequence, hash, at, digest, signature FROM heads ORDER BY number DESC LIMIT 1"

const coveredSql = "SELECT max(sequence) AS sequence FROM heads WHERE writer = ?"

const cutSql = "SELECT sequence, hash FROM cuts WHERE writer = ?"

const insertHeadSql = "INSERT INTO heads (number, writer, sequence, hash, at, digest, signature) VALUES (?, ?, ?, ?, ?, ?, ?)"

type Row = { readonly [column: string]: unknown }

const place = (writer: string, row: Row | undefined): HashChain.Place | undefined =>
  typeof row?.["sequence"] === "number" && typeof row["hash"] === "string" ? { writer, sequence: row["sequence"], hash: row["hash"] } : undefined

/** A row of the table `heads`. */
export const toHead = (row: Row): HashChain.Head => ({
  number: Number(row["number"]),
  writer: String(row["writer"]),
  sequence: Number(row["sequence"]),
  hash: String(row["hash"]),
  at: Number(row["at"]),
  digest: String(row["digest"]),
  signature: typeof row["signature"] === "string" ? row["signature"] : null
})

/** The writes of the chain on a connection. */
export interface Chain {
  /** The newest place of a writer; asked in each transaction, because the one before may or may not have been stored. */
  readonly last: (writer: string) => HashChain.Place
  readonly add: (link: HashChain.Link) => void
}

/** Prepares them. */
export const prepare = (db: DatabaseSync): Chain => {
  const last = db.prepare(lastSql)
  const cut = db.prepare(cutSql)
  const insert = db.prepare(insertSql)
  return {
    last: (writer) => place(writer, last.get(writer)) ?? place(writer, cut.get(writer)) ?? HashChain.beginning(writer),
    add: ({ exchange, hash, sequence, writer }) => void insert.run(writer, sequence, exchange, hash)
  }
}

/** Makes the newest link of a writer a head, unless it is one. */
export const addHead = (db: DatabaseSync, writer: string, key: string | undefined): void => {
  const newest = place(writer, db.prepare(lastSql).get(writer))
  const covered = db.prepare(coveredSql).get(writer)?.["sequence"]
  if (newest === undefined || (typeof covered === "number" && covered >= newest.sequence)) return
  const previous = db.prepare(lastHeadSql).get()
  const head = HashChain.head(previous === undefined ? undefined : toHead(previous), newest, Date.now(), key)
  db.prepare(insertHeadSql).run(head.number, head.writer, head.sequence, head.hash, head.at, head.digest, head.signature)
}
