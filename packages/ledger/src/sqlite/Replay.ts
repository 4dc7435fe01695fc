/**
 * Brings the rows of a spill file into the database, a group at a time, and deletes the file when all are in. May be interrupted
 * anywhere and done again: every write is an upsert. A line nobody can apply goes to the quarantine file, a torn last line nowhere.
 */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { Row } from "../Rows.ts"
import * as Spill from "../Spill.ts"
import * as SpillLines from "../SpillLines.ts"
import type { StoreError } from "./Connection.ts"
import * as Connection from "./Connection.ts"
import type { Transactions } from "./Store.ts"

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

/** Starts to replay the file at `path`; what it opens belongs to `writer`. */
export const start = (store: Transactions, database: string, path: string, writer: string): Replay => {
  let position = 0
  let applied = 0
  let quarantined = 0

  const step = (): Result.Result<Option.Option<Replayed>, StoreError> => {
    const read = Connection.attempt(() => SpillLines.read(path, position))
    if (Result.isFailure(read)) return Result.fail(read.failure)
    const { end, isLast, lines } = read.success
    const rows: Array<Row> = []
    const refused: Array<string> = []
    for (const line of lines) {
      Option.match(Spill.fromLine(line), { onNone: () => void refused.push(line), onSome: (row) => void rows.push(row) })
    }
    const stored = store.commit(rows, writer)
    if (Result.isFailure(stored)) {
      if (stored.failure.kind !== "row") return Result.fail(stored.failure)
      const failed = storeOneByOne(store, rows, writer, refused)
      if (Option.isSome(failed)) return Result.fail(failed.value)
    }
    return Connection.attempt(() => {
      SpillLines.quarantine(database, refused)
      position = end
      applied += lines.length - refused.length
      quarantined += refused.length
      if (!isLast) return Option.none()
      SpillLines.remove(path)
      return Option.some({ applied, quarantined })
    })
  }

  return { step }
}

const storeOneByOne = (store: Transactions, rows: ReadonlyArray<Row>, writer: string, refused: Array<string>): Option.Option<StoreError> => {
  for (const row of rows) {
    const result = store.commit([row], writer)
    if (Result.isSuccess(result)) continue
    if (result.failure.kind !== "row") return Option.some(result.failure)
    refused.push(Spill.toLine(row).trimEnd())
  }
  return Option.none()
}
