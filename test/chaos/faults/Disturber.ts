/** Takes the write lock of a file every other moment, so that its writer has to spill and to replay all the time. */
import { DatabaseSync } from "node:sqlite"

/** Holds the lock for as long as it is told each time, once it has begun. `end` gives how often it had it. */
export const make = (file: string, holdMs: () => number): { readonly begin: () => void; readonly end: () => number } => {
  let db: DatabaseSync | undefined
  let timer: NodeJS.Timeout | undefined
  let held = 0
  const turn = (): void => {
    try {
      db ??= new DatabaseSync(file, { timeout: 0 })
      db.exec(db.isTransaction ? "COMMIT" : "BEGIN IMMEDIATE")
      if (db.isTransaction) held++
    } catch {
      // Its writer has it: next turn
    }
    timer = setTimeout(turn, db?.isTransaction === true ? holdMs() : 5)
  }
  return {
    begin: turn,
    end: () => {
      clearTimeout(timer)
      db?.close()
      return held
    }
  }
}
