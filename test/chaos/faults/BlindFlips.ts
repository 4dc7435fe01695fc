/**
 * One bit after the other, turned over anywhere in the rows a hash chain stands for, by somebody who knows neither chain nor columns:
 * what the attacks of the ledger's own tests did not think of.
 */
import { Effect, Result } from "effect"
import { DatabaseSync } from "node:sqlite"
import * as ChainReading from "../../../packages/ledger/src/sqlite/ChainReading.ts"
import * as Verification from "../../../packages/ledger/src/Verification.ts"
import * as Mutations from "../../../packages/ledger/test/Mutations.ts"
import type { Random } from "../../fuzz/Random.ts"

const tables = {
  exchanges: { keys: ["id"], where: "status <> 'open'" },
  attempts: { keys: ["exchange_id", "number"], where: "1" },
  links: { keys: ["writer", "sequence"], where: "1" },
  heads: { keys: ["number"], where: "1" }
} as const

/** The value with one bit turned over; what a strict column stores of it is SQLite's to say. */
const flipped = (value: unknown, random: Random): { readonly sql: string; readonly value: Buffer | bigint | string } => {
  if (typeof value === "bigint") return { sql: "?", value: BigInt.asIntN(64, value ^ (1n << BigInt(random.below(64)))) }
  if (typeof value !== "string" || value === "") return { sql: "?", value: String.fromCharCode(33 + random.below(90)) }
  const bytes = Buffer.from(value)
  const at = random.below(bytes.length)
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.below(8)), at)
  return { sql: "CAST(? AS TEXT)", value: bytes }
}

/** What came of it. */
export interface Flips {
  readonly done: number
  readonly byTable: { readonly [table: string]: number }
  readonly failures: ReadonlyArray<string>
}

const isNamed = (finding: Verification.Finding, table: string, column: string, row: { readonly [column: string]: unknown }): boolean => {
  if (table === "heads") return finding.head !== undefined || finding.sequence === Number(row["sequence"])
  if (table === "attempts") return finding.exchange === row["exchange_id"]
  // A link that claims another writer begins a chain of that writer, whose beginning is missing
  if (table === "links" && column === "writer" && finding.wrong === "missing") return true
  return finding.exchange === (row["exchange_id"] ?? row["id"]) || (finding.writer === row["writer"] && finding.sequence === Number(row["sequence"]))
}

/** Flips bits in a ledger of three writers, each time as it was in the beginning. */
export const run = async (file: string, flips: number, random: Random): Promise<Flips> => {
  await Effect.runPromise(Mutations.makeLedger(file))
  const db = new DatabaseSync(file)
  const reading = ChainReading.make(db)
  const byTable: Record<string, number> = {}
  const failures: Array<string> = []
  let done = 0
  for (let refused = 0; done < flips && refused < 10 * flips;) {
    const table = random.pick(["exchanges", "exchanges", "attempts", "links", "heads"] as const)
    const { keys, where } = tables[table]
    const select = db.prepare(`SELECT * FROM ${table} WHERE ${where}`)
    select.setReadBigInts(true)
    const row = random.from(select.all())
    const column = random.from(Object.keys(row ?? {}))
    if (row === undefined || column === undefined) continue
    const change = flipped(row[column], random)
    db.exec("BEGIN")
    const place = keys.map((key) => `${key} = ?`).join(" AND ")
    const changed = Result.try(() =>
      db.prepare(`UPDATE ${table} SET ${column} = ${change.sql} WHERE ${place}`).run(change.value, ...keys.map((key) => row[key] ?? null)).changes
    )
    if (Result.isFailure(changed) || changed.success !== 1) refused++
    else {
      done++
      byTable[table] = (byTable[table] ?? 0) + 1
      const { finding } = await Effect.runPromise(Verification.verify(reading, { key: Mutations.key }))
      const what = `a bit of ${table}.${column} (${String(row[column]).slice(0, 40)})`
      if (finding === undefined) failures.push(`${what} was not noticed`)
      else if (!isNamed(finding, table, column, row)) failures.push(`${what} was called: ${finding.message}`)
    }
    db.exec("ROLLBACK")
  }
  db.close()
  return { done, byTable, failures }
}
