/**
 * What becomes of rows that must not be lost and that the database does not take: they go to spill files, and come back through
 * the writer thread, one file at a time, when the database takes writes again. What the disk does not take either waits in memory,
 * within bounds, until it does. Keeps the books; the files are `SpillFile`'s.
 */
import * as Backlog from "./Backlog.ts"
import type { Row } from "./Rows.ts"
import { size } from "./Rows.ts"
import type { SpillFile } from "./SpillFile.ts"

/** The rows beside the database. */
export interface Overflow {
  /** Calls back when the row is durable in a spill file, or with the reason why it never will be. */
  readonly keep: (row: Row, done: (failure: string | undefined) => void) => void
  /** Whether no row is on its way to a file. */
  readonly isIdle: () => boolean
  /** Whether any file waits to be replayed, or any row for a file. */
  readonly hasRows: () => boolean
  /** Tries again to write what the disk did not take. */
  readonly retry: () => void
  /** Gives up what the disk does not take. */
  readonly abandon: () => void
  /** Offers the oldest complete file for replay, unless one is being replayed; ends the current file where it is the oldest. */
  readonly offer: () => void
  /** The file that was offered is in the database, and gone. */
  readonly replayed: () => void
  /** The file that was offered is to be offered again. */
  readonly notReplayed: () => void
}

/** What an overflow tells its owner. */
export interface Owner {
  /** Replay this file. */
  readonly replay: (path: string) => void
  /** Rows begin to wait in memory, for this reason. */
  readonly onStranded: (reason: string) => void
}

interface Stranded {
  readonly row: Row
  readonly done: (failure: string | undefined) => void
  readonly reason: string
}

/** The overflow into these files. */
export const make = (files: SpillFile, owner: Owner): Overflow => {
  let writing = 0
  let hasCurrent = false
  let isRotating = false
  let complete: Array<string> = []
  let offered: string | undefined
  let stranded: Array<Stranded> = []
  let strandedBytes = 0

  const strand = (each: Stranded) => {
    const bytes = strandedBytes + size(each.row)
    if (stranded.length >= Backlog.capacityRows || bytes > Backlog.capacityBytes) return each.done(each.reason)
    if (stranded.length === 0) owner.onStranded(each.reason)
    stranded.push(each)
    strandedBytes = bytes
  }

  const takeStranded = (): ReadonlyArray<Stranded> => {
    const taken = stranded
    stranded = []
    strandedBytes = 0
    return taken
  }

  const keep: Overflow["keep"] = (row, done) => {
    writing++
    hasCurrent = true
    files.append(row, (failure) => {
      writing--
      if (failure === undefined) done(undefined)
      else strand({ row, done, reason: failure })
    })
  }

  const offer = () => {
    if (offered !== undefined || isRotating) return
    offered = complete[0]
    if (offered !== undefined) return owner.replay(offered)
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
    keep,
    isIdle: () => writing === 0 && stranded.length === 0,
    hasRows: () => hasCurrent || isRotating || complete.length > 0 || stranded.length > 0,
    retry: () => {
      for (const { done, row } of takeStranded()) keep(row, done)
    },
    abandon: () => {
      for (const { done, reason } of takeStranded()) done(reason)
    },
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
