/**
 * Brings the rows of a spill file into the database, a group at a time, and deletes the file when all are in. May be interrupted
 * anywhere and done again: every write is an upsert. A line nobody can apply goes to the quarantine file, a torn last line nowhere.
 */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { appendFileSync, closeSync, openSync, readdirSync, readSync, unlinkSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import type { Row } from "../Rows.ts"
import * as Spill from "../Spill.ts"
import type { StoreError } from "./Connection.ts"
import * as Connection from "./Connection.ts"
import type { Store } from "./Store.ts"

/** What a replay came to. */
export interface Replayed {
  readonly applied: number
  readonly quarantined: number
}

/** The replay of no file. */
export const nothing: Replayed = { applied: 0, quarantined: 0 }

/** A replay under way: `step` applies the next group, and gives the sum when the file is done and gone. */
export interface Replay {
  readonly step: () => Result.Result<Option.Option<Replayed>, StoreError>
}

/** Spill files of a database, oldest first. */
export const pending = (database: string): Result.Result<ReadonlyArray<string>, StoreError> =>
  Connection.attempt(() =>
    readdirSync(dirname(database))
      .flatMap((name) => Option.toArray(Option.map(Spill.numberOf(basename(database), name), (number) => ({ number, path: join(dirname(database), name) }))))
      .sort((a, b) => a.number - b.number)
      .map(({ path }) => path)
  )

const groupBytes = 1024 * 1024

/** Starts to replay the file at `path`. */
export const start = (store: Store, database: string, path: string): Replay => {
  let position = 0
  let applied = 0
  let quarantined = 0

  const step = (): Result.Result<Option.Option<Replayed>, StoreError> => {
    const read = Connection.attempt(() => readLines(path, position))
    if (Result.isFailure(read)) return Result.fail(read.failure)
    const { end, isLast, lines } = read.success
    const rows: Array<Row> = []
    const refused: Array<string> = []
    for (const line of lines) {
      Option.match(Spill.fromLine(line), { onNone: () => void refused.push(line), onSome: (row) => void rows.push(row) })
    }
    const stored = store.commit(rows)
    if (Result.isFailure(stored)) {
      if (stored.failure.kind !== "row") return Result.fail(stored.failure)
      const failed = storeOneByOne(store, rows, refused)
      if (Option.isSome(failed)) return Result.fail(failed.value)
    }
    return Connection.attempt(() => {
      if (refused.length > 0) appendFileSync(Spill.quarantineName(database), refused.map((line) => `${line}\n`).join(""), { flush: true })
      position = end
      applied += lines.length - refused.length
      quarantined += refused.length
      if (!isLast) return Option.none()
      unlinkSync(path)
      return Option.some({ applied, quarantined })
    })
  }

  return { step }
}

const storeOneByOne = (store: Store, rows: ReadonlyArray<Row>, refused: Array<string>): Option.Option<StoreError> => {
  for (const row of rows) {
    const result = store.commit([row])
    if (Result.isSuccess(result)) continue
    if (result.failure.kind !== "row") return Option.some(result.failure)
    refused.push(Spill.toLine(row).trimEnd())
  }
  return Option.none()
}

/** The whole lines from `position` on, about one group of them; a last line without its newline was torn while it was written. */
const readLines = (path: string, position: number): { readonly lines: ReadonlyArray<string>; readonly end: number; readonly isLast: boolean } => {
  const file = openSync(path, "r")
  let buffer = Buffer.alloc(0)
  let isLast = false
  // A line longer than a group is read until its end is found
  while (!isLast && !buffer.includes(10, Math.max(0, buffer.length - groupBytes))) {
    const piece = Buffer.alloc(groupBytes)
    const length = readSync(file, piece, 0, groupBytes, position + buffer.length)
    isLast = length < groupBytes
    buffer = Buffer.concat([buffer, piece.subarray(0, length)])
  }
  closeSync(file)
  const end = buffer.lastIndexOf(10) + 1
  return { lines: buffer.subarray(0, end).toString("utf8").split("\n").filter((line) => line !== ""), end: position + end, isLast }
}

/** Replays every spill file there is; for the start, when nothing waits for the writer yet. */
export const all = (store: Store, database: string): Result.Result<Replayed, StoreError> =>
  Result.flatMap(pending(database), (paths) => {
    let sum = nothing
    for (const path of paths) {
      const replay = start(store, database, path)
      let step = replay.step()
      while (Result.isSuccess(step) && Option.isNone(step.success)) step = replay.step()
      if (Result.isFailure(step)) return Result.fail(step.failure)
      const done = Option.getOrElse(step.success, () => nothing)
      sum = { applied: sum.applied + done.applied, quarantined: sum.quarantined + done.quarantined }
    }
    return Result.succeed(sum)
  })
