/**
 * What becomes of rows that must not be lost and that the database does not take: they go to spill files, and come back through
 * the writer thread, one file at a time, when the database takes writes again. Keeps the books; the files are `SpillFile`'s.
 */
import type { Row } from "./Rows.ts"
import type { SpillFile } from "./SpillFile.ts"

/** The rows beside the database. */
export interface Overflow {
  /** Calls back when the row is durable in a spill file, or with the reason why it is not. */
  readonly keep: (row: Row, done: (failure: string | undefined) => void) => void
  /** Whether no row is on its way to a file. */
  readonly isIdle: () => boolean
  /** Whether any file waits to be replayed. */
  readonly hasFiles: () => boolean
  /** Offers the oldest complete file for replay, unless one is being replayed; ends the current file where it is the oldest. */
  readonly offer: () => void
  /** The file that was offered is in the database, and gone. */
  readonly replayed: () => void
  /** The file that was offered is to be offered again. */
  readonly notReplayed: () => void
}

/** `replay` is called with each file that is offered. */
export const make = (files: SpillFile, replay: (path: string) => void): Overflow => {
  let writing = 0
  let hasCurrent = false
  let isRotating = false
  let complete: Array<string> = []
  let offered: string | undefined

  const offer = () => {
    if (offered !== undefined || isRotating) return
    offered = complete[0]
    if (offered !== undefined) return replay(offered)
    if (!hasCurrent || writing > 0) return
    hasCurrent = false
    isRotating = true
    files.rotate((paths) => {
      isRotating = false
      complete = [...complete, ...paths]
      if (complete.length > 0) offer()
    })
  }

  return {
    keep: (row, done) => {
      writing++
      hasCurrent = true
      files.append(row, (failure) => {
        writing--
        done(failure)
      })
    },
    isIdle: () => writing === 0,
    hasFiles: () => hasCurrent || isRotating || complete.length > 0,
    offer,
    replayed: () => {
      complete = complete.slice(1)
      offered = undefined
    },
    notReplayed: () => {
      offered = undefined
    }
  }
}
