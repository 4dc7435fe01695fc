// Holds a ledger's file as a backup program or a careless shell would. Asked by Holder.ts; started by the rig only.
import { DatabaseSync } from "node:sqlite"
import { answer } from "../Channel.ts"
import type { HolderCalls } from "./Holder.ts"

let held: ReadonlyArray<DatabaseSync> = []

const hold = (file: string, statements: string, readOnly: boolean): void => {
  const db = new DatabaseSync(file, { readOnly, timeout: 10_000 })
  db.exec(statements)
  held = [...held, db]
}

const calls: HolderCalls = {
  lock: (file) => hold(file, "BEGIN IMMEDIATE", false),
  pin: (file) => hold(file, "BEGIN; SELECT count(*) FROM exchanges", true),
  release: () => {
    for (const db of held) db.close()
    held = []
  }
}
answer(calls)
