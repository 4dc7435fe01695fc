/**
 * The text of a spill file: one row on each line, as JSON with a checksum, so that a torn or damaged line is told from a whole
 * one. Where rows wait, on disk, for a database that does not take them. Pure; the file itself is `SpillFile`'s.
 */
import * as Option from "effect/Option"
import { crc32 } from "node:zlib"
import * as BodyRows from "./BodyRows.ts"
import type { Kind, Row, Value } from "./Rows.ts"
import * as Rows from "./Rows.ts"
import { beforeIds } from "./WriterId.ts"

/** The file name of the `number`th spill file of a writer. */
export const fileName = (database: string, writer: string, number: number): string => `${database}.spill-${writer}-${String(number).padStart(6, "0")}.ndjson`

/** Whose a spill file of this database is, and its number; none where the name is another's. */
export const ownerOf = (database: string, name: string): Option.Option<{ readonly writer: string; readonly number: number }> => {
  const prefix = `${database}.spill-`
  const [, writer = beforeIds, digits] = /^(?:([0-9a-z]{16})-)?(\d{6,})\.ndjson$/.exec(name.slice(prefix.length)) ?? []
  return name.startsWith(prefix) && digits !== undefined ? Option.some({ writer, number: Number(digits) }) : Option.none()
}

/** The file beside the database that keeps lines nobody could apply. */
export const quarantineName = (database: string): string => `${database}.quarantine.ndjson`

const opening = `{"crc32":"`
const middle = `","row":`
const bodyAt = opening.length + 8 + middle.length

/** A row as one line, its newline included. */
export const toLine = (row: Row): string => {
  const body = JSON.stringify(row)
  return `${opening}${checksum(body)}${middle}${body}}\n`
}

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, "0")

/** The row of a line (without its newline); none where the line is torn, damaged or no row. */
export const fromLine = (line: string): Option.Option<Row> => {
  const body = line.slice(bodyAt, -1)
  const isWhole = line.startsWith(opening) && line.endsWith("}") && line.slice(opening.length, bodyAt) === `${checksum(body)}${middle}`
  return isWhole ? Option.filter(Option.map(parse(body), widened), isRow) : Option.none()
}

const attemptsAt = 1 + [...Rows.openingColumns, ...Rows.usageColumns, ...Rows.costColumns, ...Rows.settlementColumns].indexOf("attempts")

const nulls = (length: number): ReadonlyArray<null> => Array.from({ length }, () => null)

/** The length of a settlement without attempts, as it was at first. */
const firstSettleLength = Rows.settleLength - Rows.settlementColumns.length + Rows.firstSettlementColumns

/** A settlement spilled before it or its attempts had all of their columns, as it would be written now. */
const widened = (row: unknown): unknown => {
  if (!Array.isArray(row) || row[0] !== 2) return row
  const values: ReadonlyArray<unknown> = row
  const count = values[attemptsAt]
  if (typeof count !== "number") return row
  const width = [Rows.firstAttemptColumns, Rows.attemptColumns.length].find((width) => values.length === firstSettleLength + count * width)
  if (width === undefined) return row
  const attempts = Array.from({ length: count }, (_, index) => {
    const start = firstSettleLength + index * width
    return [...values.slice(start, start + width), ...nulls(Rows.attemptColumns.length - width)]
  })
  return [...values.slice(0, firstSettleLength), ...nulls(Rows.settleLength - firstSettleLength), ...attempts.flat()]
}

const parse = Option.liftThrowable((text: string): unknown => JSON.parse(text))

const isRow = (value: unknown): value is Row => {
  if (!Array.isArray(value)) return false
  const [kind, ...values]: ReadonlyArray<unknown> = value
  return values.every(isValue) && isKind(kind) && hasLength(kind, value.length)
}

const isValue = (value: unknown): value is Value => value === null || typeof value === "string" || Number.isSafeInteger(value)

const isKind = (value: unknown): value is Kind => value === 0 || value === 1 || value === 2 || value === 3

const hasLength = (kind: Kind, length: number): boolean => {
  switch (kind) {
    case 0:
      return length === 1 + Rows.openingColumns.length
    case 1:
      return length === 2 + Rows.usageColumns.length + Rows.costColumns.length
    case 2:
      return length >= Rows.settleLength && (length - Rows.settleLength) % Rows.attemptColumns.length === 0
    case 3:
      return length === BodyRows.length
  }
}
