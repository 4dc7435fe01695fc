/**
 * The hash chain of a writer: every exchange it stores the end of is linked to the one before, and from time to time the newest link
 * becomes a head, which is signed. A row that is changed, removed, put elsewhere or added afterwards breaks the chain; what is cut
 * off its end is missed by its heads, which are chained over all writers. Pure, and the same for every database.
 */
import { createHmac, hash, timingSafeEqual } from "node:crypto"
import type { Value } from "./Rows.ts"
import type { TerminalRow } from "./TerminalRow.ts"

/** A place in the chain of a writer, and the hash of everything up to it. Links are numbered from 1. */
export interface Place {
  readonly writer: string
  readonly sequence: number
  readonly hash: string
}

/** One link: the exchange that has this place. */
export interface Link extends Place {
  readonly exchange: string
}

/** The place before the first link of a writer. */
export const beginning = (writer: string): Place => ({ writer, sequence: 0, hash: "" })

// A database stores half a character as the sign for a bad one
const wellFormed = (value: Value): Value => typeof value === "string" ? value.toWellFormed() : value

/** Rows as text. Where a half character is in it, JSON has it escaped: the rare case, found without looking at every value. */
const canonical = (rows: ReadonlyArray<ReadonlyArray<Value>>): string => {
  const text = JSON.stringify(rows)
  return text.includes("\\ud") ? JSON.stringify(rows.map((row) => row.map(wellFormed))) : text
}

const sha256 = (text: string): string => hash("sha256", text, "base64url")

// Columns that are added later are null in rows from before them: the text stays the same
const trimmed = (values: ReadonlyArray<Value>): ReadonlyArray<Value> => {
  let length = values.length
  while (length > 0 && values[length - 1] === null) length--
  return values.slice(0, length)
}

/** The link that follows a place. `row` and `attempts` are as they are stored. */
export const next = (after: Place, exchange: string, row: TerminalRow, attempts: ReadonlyArray<ReadonlyArray<Value>>): Link => {
  const sequence = after.sequence + 1
  const text = `${after.hash}\n${after.writer}\n${sequence}\n${canonical([trimmed(row)])}\n${canonical(attempts.map(trimmed))}`
  return { writer: after.writer, sequence, exchange, hash: sha256(text) }
}

/** A place that was put on record. Heads of all writers are numbered from 1 and chained by their digests. */
export interface Head extends Place {
  readonly number: number
  /** Milliseconds since the epoch. Everything up to the place was stored before. */
  readonly at: number
  readonly digest: string
  /** Null where no key was configured. */
  readonly signature: string | null
}

const headText = (previous: string, { hash, at, number, sequence, writer }: Omit<Head, "digest" | "signature">): string =>
  `head\n${previous}\n${number}\n${writer}\n${sequence}\n${hash}\n${at}`

const sign = (key: string, text: string): string => createHmac("sha256", key).update(text).digest("base64url")

const isSignedBy = (key: string, text: string, signature: string): boolean => {
  const [expected, found] = [Buffer.from(sign(key, text)), Buffer.from(signature)]
  return expected.length === found.length && timingSafeEqual(expected, found)
}

/** The head that follows another one; `previous` is undefined for the first. */
export const head = (previous: Head | undefined, { hash, sequence, writer }: Place, at: number, key: string | undefined): Head => {
  const stated = { writer, sequence, hash, number: (previous?.number ?? 0) + 1, at }
  const text = headText(previous?.digest ?? "", stated)
  return { ...stated, digest: sha256(text), signature: key === undefined ? null : sign(key, text) }
}

/** Whether a head follows another one, and is what was put on record. */
export const follows = (previous: Head | undefined, head: Head): boolean =>
  head.number === (previous?.number ?? 0) + 1 && head.digest === sha256(headText(previous?.digest ?? "", head))

/** Whether a head that follows another one was signed with the key. */
export const isSigned = (previous: Head | undefined, head: Head, key: string): boolean =>
  head.signature !== null && isSignedBy(key, headText(previous?.digest ?? "", head), head.signature)

/** How much of the beginning of a chain was removed because it was old enough. */
export interface Cut extends Place {
  readonly at: number
  readonly signature: string | null
}

const cutText = ({ at, hash, sequence, writer }: Omit<Cut, "signature">): string => `cut\n${writer}\n${sequence}\n${hash}\n${at}`

/** Puts on record that everything up to a place was removed. */
export const cut = ({ hash, sequence, writer }: Place, at: number, key: string | undefined): Cut => {
  const stated = { writer, sequence, hash, at }
  return { ...stated, signature: key === undefined ? null : sign(key, cutText(stated)) }
}

/** Whether a cut was signed with the key. */
export const isSignedCut = (cut: Cut, key: string): boolean => cut.signature !== null && isSignedBy(key, cutText(cut), cut.signature)
