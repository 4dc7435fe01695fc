/** What is kept of the bodies of an exchange, as a row of its own table and back. Nothing of a body is ever in the narrow rows. */
import type { Bodies, Body } from "@sluice/gateway/Ledger"
import * as Schema from "effect/Schema"
import type { Row, Value } from "./Rows.ts"

/** The columns, in the order of the row, after the id of the exchange. */
export const columns = [
  "policy",
  "request_bytes",
  "request_sha256",
  "request_text",
  "request_tail",
  "response_bytes",
  "response_sha256",
  "response_text",
  "response_tail"
] as const

/** Number of values in the row, its kind and the id included. */
export const length = 2 + columns.length

const values = ({ bytes, sha256, tail, text }: Body): ReadonlyArray<Value> => [
  bytes,
  sha256,
  // A cut may have gone through a character
  text === undefined ? null : text.toWellFormed(),
  tail === undefined ? null : tail.toWellFormed()
]

/** The row. */
export const toRow = (id: string, { policy, request, response }: Bodies): Row => [3, id, policy, ...values(request), ...values(response)]

const Count = Schema.Union([Schema.Int, Schema.FiniteFromString])
const Text = Schema.NullOr(Schema.String)

/** A row as it is read back. */
const Stored = Schema.Struct({
  policy: Schema.Literals(["digest", "redacted", "full"]),
  request_bytes: Count,
  request_sha256: Schema.String,
  request_text: Text,
  request_tail: Text,
  response_bytes: Count,
  response_sha256: Schema.String,
  response_text: Text,
  response_tail: Text
})

/** Checks rows as a query gives them. */
export const decode = Schema.decodeUnknownEffect(Schema.Array(Stored))

const body = (bytes: number, sha256: string, text: string | null, tail: string | null): Body => ({
  bytes,
  sha256,
  ...(text === null ? {} : { text }),
  ...(tail === null ? {} : { tail })
})

/** The bodies a row stands for. */
export const toBodies = (row: typeof Stored.Type): Bodies => ({
  policy: row.policy,
  request: body(row.request_bytes, row.request_sha256, row.request_text, row.request_tail),
  response: body(row.response_bytes, row.response_sha256, row.response_text, row.response_tail)
})
