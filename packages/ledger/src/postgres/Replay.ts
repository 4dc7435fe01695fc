/**
 * Brings the rows of a spill file into the database, a group at a time, and deletes the file when all are in. May be interrupted
 * anywhere and done again: every write is an upsert. A line nobody can apply goes to the quarantine file, a torn last line nowhere.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Row } from "../Rows.ts"
import * as Spill from "../Spill.ts"
import * as SpillLines from "../SpillLines.ts"
import type { StoreError } from "./Connection.ts"
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
  readonly step: Effect.Effect<Option.Option<Replayed>, StoreError>
}

/** Starts to replay the file at `path`, whose name begins with `spill`; what it opens belongs to `writer`. */
export const start = (store: Store, spill: string, path: string, writer: string): Replay => {
  let position = 0
  let applied = 0
  let quarantined = 0

  const step = Effect.gen(function*() {
    const { end, isLast, lines } = yield* attempt(() => SpillLines.read(path, position))
    const rows: Array<Row> = []
    const refused: Array<string> = []
    for (const line of lines) {
      Option.match(Spill.fromLine(line), { onNone: () => void refused.push(line), onSome: (row) => void rows.push(row) })
    }
    yield* Effect.catchIf(store.commit(rows, writer), isAboutRow, () => storeOneByOne(store, rows, writer, refused))
    return yield* attempt(() => {
      SpillLines.quarantine(spill, refused)
      position = end
      applied += lines.length - refused.length
      quarantined += refused.length
      if (!isLast) return Option.none<Replayed>()
      SpillLines.remove(path)
      return Option.some<Replayed>({ applied, quarantined })
    })
  })

  return { step }
}

const isAboutRow = ({ kind }: StoreError): boolean => kind === "row"

const attempt = <A>(run: () => A): Effect.Effect<A, StoreError> =>
  Effect.try({ try: run, catch: (cause): StoreError => ({ kind: "wait", reason: cause instanceof Error ? cause.message : String(cause) }) })

const storeOneByOne = (store: Store, rows: ReadonlyArray<Row>, writer: string, refused: Array<string>): Effect.Effect<void, StoreError> =>
  Effect.forEach(
    rows,
    (row) => Effect.catchIf(store.commit([row], writer), isAboutRow, () => Effect.sync(() => void refused.push(Spill.toLine(row).trimEnd()))),
    { discard: true }
  )

/** Spill files whose names begin so: those of one writer together, oldest first. */
export const pending = (spill: string): Effect.Effect<ReadonlyArray<SpillLines.Pending>, StoreError> => attempt(() => SpillLines.pending(spill))
