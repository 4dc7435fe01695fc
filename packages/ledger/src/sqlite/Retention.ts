/**
 * Removes rows that are old enough: whole segments of a chain, from its beginning up to a head that is old enough, so that what is left
 * can still be verified. A few rows at a time, and none that the rollups have not counted. Heads stay.
 */
import * as Result from "effect/Result"
import type { DatabaseSync } from "node:sqlite"
import * as HashChain from "../HashChain.ts"
import type { StoreError } from "./Connection.ts"
import * as Rollups from "./Rollups.ts"
import type { Session, Transactions } from "./Store.ts"

/** Exchanges in one step: with their links and attempts some 500 rows. */
export const stepExchanges = 100

/** Tables that hold something of an exchange under its id. */
const dependents = ["attempts"]

/** What is removed, and by whom. */
export interface Rule {
  /** Milliseconds since the epoch: what was stored before goes. */
  readonly before: number
  readonly signingKey: string | undefined
}

const cutOf = (db: DatabaseSync, writer: string): number => Number(db.prepare("SELECT sequence FROM cuts WHERE writer = ?").get(writer)?.["sequence"] ?? 0)

const saveCutSql = `INSERT INTO cuts (writer, sequence, hash, at, signature) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (writer) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash, at = excluded.at, signature = excluded.signature`

/** The end of the next segment of a writer, where all of it is old enough. */
const oldSegment = (db: DatabaseSync, writer: string, { before }: Rule): number | undefined => {
  const head = db.prepare("SELECT sequence, at FROM heads WHERE writer = ? AND sequence > ? ORDER BY sequence LIMIT 1").get(writer, cutOf(db, writer))
  const end = Number(head?.["sequence"])
  return head !== undefined && Number(head["at"]) < before && end <= Rollups.position(db, writer) ? end : undefined
}

/** Removes the next rows of a writer; gives their number. */
const step = ({ db }: Session, writer: string, rule: Rule): number => {
  const end = oldSegment(db, writer, rule)
  if (end === undefined) return 0
  const links = db.prepare("SELECT sequence, exchange_id, hash FROM links WHERE writer = ? AND sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?")
    .all(writer, cutOf(db, writer), end, stepExchanges)
  const last = links.at(-1)
  if (last === undefined) return 0
  const removals = [...dependents.map((table) => `DELETE FROM ${table} WHERE exchange_id = ?`), "DELETE FROM exchanges WHERE id = ?"].map((sql) =>
    db.prepare(sql)
  )
  for (const { exchange_id } of links) {
    for (const removal of removals) removal.run(String(exchange_id))
  }
  const through = { writer, sequence: Number(last["sequence"]), hash: String(last["hash"]) }
  db.prepare("DELETE FROM links WHERE writer = ? AND sequence <= ?").run(writer, through.sequence)
  const cut = HashChain.cut(through, Date.now(), rule.signingKey)
  db.prepare(saveCutSql).run(cut.writer, cut.sequence, cut.hash, cut.at, cut.signature)
  return links.length
}

const writers = ({ db }: Session): ReadonlyArray<string> => db.prepare("SELECT id FROM writers").all().map(({ id }) => String(id))

/** Removes everything that is old enough; yields after each step, and gives the number of exchanges. */
export function* start(store: Transactions, rule: Rule): Generator<void, Result.Result<number, StoreError>> {
  const all = store.transact(writers)
  if (Result.isFailure(all)) return Result.fail(all.failure)
  let removed = 0
  for (const writer of all.success) {
    for (;;) {
      const done = store.transact((session) => step(session, writer, rule))
      if (Result.isFailure(done)) return Result.fail(done.failure)
      if (done.success === 0) break
      removed += done.success
      yield
    }
  }
  return Result.succeed(removed)
}
