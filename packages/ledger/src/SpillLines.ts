/**
 * Spill files as the replay of any database reads them: which there are, and their lines, about a megabyte at a time. Blocks its
 * thread and throws what the file system throws: for a writer's own thread.
 */
import * as Option from "effect/Option"
import { appendFileSync, closeSync, openSync, readdirSync, readSync, unlinkSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import * as Spill from "./Spill.ts"

/** A spill file, and the writer whose rows it holds. */
export interface Pending {
  readonly path: string
  readonly writer: string
}

/** Spill files of a database: those of one writer together, oldest first. */
export const pending = (database: string): ReadonlyArray<Pending> =>
  readdirSync(dirname(database))
    .flatMap((name) => Option.toArray(Option.map(Spill.ownerOf(basename(database), name), (owner) => ({ ...owner, path: join(dirname(database), name) }))))
    .sort((a, b) => a.writer === b.writer ? a.number - b.number : a.writer < b.writer ? -1 : 1)

/** Some lines of a file, and where the next ones begin. */
export interface Lines {
  readonly lines: ReadonlyArray<string>
  readonly end: number
  readonly isLast: boolean
}

const pieceBytes = 1024 * 1024

/** The whole lines from `position` on, about one piece of them; a last line without its newline was torn while it was written. */
export const read = (path: string, position: number): Lines => {
  const file = openSync(path, "r")
  let buffer = Buffer.alloc(0)
  let isLast = false
  // A line longer than a piece is read until its end is found
  while (!isLast && !buffer.includes(10, Math.max(0, buffer.length - pieceBytes))) {
    const piece = Buffer.alloc(pieceBytes)
    const length = readSync(file, piece, 0, pieceBytes, position + buffer.length)
    isLast = length < pieceBytes
    buffer = Buffer.concat([buffer, piece.subarray(0, length)])
  }
  closeSync(file)
  const end = buffer.lastIndexOf(10) + 1
  return { lines: buffer.subarray(0, end).toString("utf8").split("\n").filter((line) => line !== ""), end: position + end, isLast }
}

/** Puts lines aside that nobody can apply. They are on disk when it returns. */
export const quarantine = (database: string, lines: ReadonlyArray<string>): void => {
  if (lines.length > 0) appendFileSync(Spill.quarantineName(database), lines.map((line) => `${line}\n`).join(""), { flush: true })
}

/** Removes a file whose lines are all applied or put aside. */
export const remove = (path: string): void => unlinkSync(path)
