/** The hash chain in PostgreSQL, as the writer thread continues it: links with each group of settlements, heads from time to time. */
import * as Effect from "effect/Effect"
import * as HashChain from "../HashChain.ts"
import type { Answer, Connection, Statement, StoreError } from "./Connection.ts"
import * as Locks from "./Locks.ts"
import * as Text from "./Text.ts"

/** The newest place of the writer whose id an SQL expression gives. */
const newest = (writer: string): string =>
  `SELECT sequence, hash FROM (
    (SELECT sequence, hash FROM links WHERE writer = ${writer} ORDER BY sequence DESC LIMIT 1)
    UNION ALL (SELECT sequence, hash FROM cuts WHERE writer = ${writer})
  ) AS places ORDER BY sequence DESC LIMIT 1`

/** The newest sequence of that writer, 0 where it has none. */
export const sequence = (writer: string): string => `coalesce((SELECT sequence FROM (${newest(writer)}) AS place), 0)`

const linkSql = `INSERT INTO links (writer, sequence, exchange_id, hash)
SELECT $2, (r->>0)::bigint, r->>1, r->>2 FROM jsonb_array_elements($1::jsonb) AS r`

const coveredSql = "SELECT max(sequence) FROM heads WHERE writer = $1"

/** The columns of a head, in the order of {@link toHead}. */
export const headColumns = "number, writer, sequence, hash, at, digest, signature"

const lastHeadSql = `SELECT ${headColumns} FROM heads ORDER BY number DESC LIMIT 1`

const headSql = `INSERT INTO heads (${headColumns}) VALUES ($1::bigint, $2, $3::bigint, $4, $5::bigint, $6, $7)`

/** Asks for the newest place of a writer; in each transaction, because the one before may or may not have been stored. */
export const last = (writer: string): Statement => ({ name: "place", text: newest("$1"), values: [writer] })

/** The place that {@link last} was answered with. */
export const toPlace = (writer: string, { rows: [row] }: Pick<Answer, "rows">): HashChain.Place =>
  row === undefined ? HashChain.beginning(writer) : { writer, sequence: Number(row[0]), hash: String(row[1]) }

/** Adds links of one writer. */
export const add = (writer: string, links: ReadonlyArray<HashChain.Link>): Statement => ({
  name: "link",
  text: linkSql,
  values: [Text.toJson(links.map(({ exchange, hash, sequence }) => [sequence, exchange, hash])), writer]
})

/** A row of {@link headColumns}. */
export const toHead = ([number, writer, sequence, hash, at, digest, signature]: ReadonlyArray<unknown>): HashChain.Head => ({
  number: Number(number),
  writer: String(writer),
  sequence: Number(sequence),
  hash: String(hash),
  at: Number(at),
  digest: String(digest),
  signature: typeof signature === "string" ? signature : null
})

/** Makes the newest link of a writer a head, unless it is one. In a transaction: heads of all writers come one after the other. */
export const addHead = ({ send }: Connection, writer: string, key: string | undefined): Effect.Effect<void, StoreError> =>
  Effect.gen(function*() {
    // The answers below are of after the lock: every statement sees what is committed when it begins
    yield* send({ text: `SELECT pg_advisory_xact_lock(${Locks.key("'heads'")})` })
    const place = toPlace(writer, yield* send(last(writer)))
    const covered = yield* send({ text: coveredSql, values: [writer] })
    if (place.sequence === 0 || place.sequence <= Number(covered.rows[0]?.[0] ?? 0)) return
    const { rows: [previous] } = yield* send({ text: lastHeadSql })
    const head = HashChain.head(previous === undefined ? undefined : toHead(previous), place, Date.now(), key)
    yield* send({ text: headSql, values: [head.number, head.writer, head.sequence, head.hash, head.at, head.digest, head.signature] })
  })
