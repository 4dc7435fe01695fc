/**
 * Attacks on a stored ledger: every way in which rows can be changed, removed, moved, added or cut off behind its back, drawn at
 * random, each of which its verification must notice and name. Also the long experiment's: `attack` runs as many as it is asked to.
 */
import { Effect, Result } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as HashChain from "../src/HashChain.ts"
import * as Rows from "../src/Rows.ts"
import * as Chain from "../src/sqlite/Chain.ts"
import * as ChainReading from "../src/sqlite/ChainReading.ts"
import * as Start from "../src/sqlite/Start.ts"
import * as TerminalRow from "../src/TerminalRow.ts"
import * as Verification from "../src/Verification.ts"
import * as WriterId from "../src/WriterId.ts"
import { id, opening, settlement } from "./exchanges.ts"

/** The key the attacked ledger is signed with. */
export const key = "a key nobody who attacks has got"

/** Writes `count` exchanges as one writer, with a head after every ten; every fifth is left open. */
const write = Effect.fnUntraced(function*(filename: string, first: number, count: number) {
  const started = yield* Start.start({ filename, recover: true, busyTimeout: 5000, writer: WriterId.generate(), signingKey: key })
  const { store } = started
  for (let n = first; n < first + count; n++) {
    const rows = n % 5 === 0
      ? [Rows.opening(opening(n, { estimatedUsd: "0.01" }))]
      : [Rows.opening(opening(n)), Rows.settlement(settlement(n, { costUsd: `0.${n + 1}` }))]
    yield* Effect.fromResult(store.commit(rows))
    if (n % 10 === 9) yield* Effect.fromResult(store.transact(({ db, writer }) => Chain.addHead(db, writer, key)))
  }
  yield* Effect.fromResult(store.transact(({ db, writer }) => Chain.addHead(db, writer, key)))
  started.close()
})

/** A ledger of three writers, the last of which has swept what the others left open. */
export const makeLedger = Effect.fn("Mutations.makeLedger")(function*(filename: string) {
  yield* write(filename, 0, 40)
  yield* write(filename, 100, 25)
  yield* write(filename, 200, 1)
  yield* write(filename, 300, 1)
})

type Value = string | number | null

/** A place in a chain, as a finding names it. */
interface Where {
  readonly writer: string
  readonly sequence: number
}

/** What must be found: a place, an exchange that was added, or a head. */
type Expected = Where | { readonly exchange: string } | { readonly head: number }

interface Attack {
  readonly name: string
  /** Changes the ledger; gives what is to be found, or nothing where there was nothing to change. */
  readonly run: (ledger: Ledger) => Expected | undefined
}

/** The ledger as an attacker sees it. */
interface Ledger {
  readonly all: (sql: string, ...values: ReadonlyArray<Value>) => ReadonlyArray<{ readonly [column: string]: Value }>
  readonly run: (sql: string, ...values: ReadonlyArray<Value>) => void
  /** A whole number from 0 up to, but not including, `below`. */
  readonly draw: (below: number) => number
}

const pick = <A>({ draw }: Pick<Ledger, "draw">, items: ReadonlyArray<A>): A | undefined => items[draw(items.length)]

interface LinkRow extends Where {
  readonly exchange_id: string
  readonly hash: string
}

const links = ({ all }: Ledger): ReadonlyArray<LinkRow> =>
  all("SELECT writer, sequence, exchange_id, hash FROM links ORDER BY writer, sequence").map((row) => ({
    writer: String(row["writer"]),
    sequence: Number(row["sequence"]),
    exchange_id: String(row["exchange_id"]),
    hash: String(row["hash"])
  }))

const first = (a: Where, b: Where): Where => a.writer < b.writer || (a.writer === b.writer && a.sequence < b.sequence) ? a : b

/** Another value for a column of a strict table. */
const other = (ledger: Ledger, value: Value, isNumber: boolean): Value => {
  if (isNumber) return typeof value === "number" ? value + 1 + ledger.draw(1000) : ledger.draw(1000)
  if (value === null) return pick(ledger, ["", "x", "completed"]) ?? ""
  const text = String(value)
  const at = ledger.draw(text.length + 1)
  return pick(ledger, [`${text.slice(0, at)}!${text.slice(at)}`, text === "" ? "y" : text.slice(0, -1), `${text}\u0000`]) ?? text
}

const numeric = /^(started_at|ended_at|stream|estimated_input|tokens_.*|cost_nanos|attempts|bytes_out|ttft_ms|sequence|number|at|error_status)$/

const changed = (ledger: Ledger, table: string, column: string, where: string, ...values: ReadonlyArray<Value>): boolean => {
  const [row] = ledger.all(`SELECT ${column} AS value FROM ${table} WHERE ${where}`, ...values)
  if (row === undefined) return false
  ledger.run(`UPDATE ${table} SET ${column} = ? WHERE ${where}`, other(ledger, row["value"] ?? null, numeric.test(column)), ...values)
  return true
}

const removeRow = ({ run }: Ledger, link: LinkRow): void => {
  run("DELETE FROM exchanges WHERE id = ?", link.exchange_id)
  run("DELETE FROM attempts WHERE exchange_id = ?", link.exchange_id)
  run("DELETE FROM links WHERE writer = ? AND sequence = ?", link.writer, link.sequence)
}

const contents = TerminalRow.columns.filter((column) => column !== "id")

const attacks: ReadonlyArray<Attack> = [
  {
    name: "changes a value of a row",
    run: (ledger) => {
      const link = pick(ledger, links(ledger))
      const column = pick(ledger, [...TerminalRow.columns, "writer", "sequence"])
      return link !== undefined && column !== undefined && changed(ledger, "exchanges", column, "id = ?", link.exchange_id) ? link : undefined
    }
  },
  {
    name: "changes a number to one no ledger stores",
    run: (ledger) => {
      const link = pick(ledger, links(ledger))
      if (link !== undefined) ledger.run("UPDATE exchanges SET tokens_output = 9223372036854775807 WHERE id = ?", link.exchange_id)
      return link
    }
  },
  {
    name: "makes a row look open again",
    run: (ledger) => {
      const link = pick(ledger, links(ledger))
      if (link !== undefined) ledger.run("UPDATE exchanges SET status = 'open' WHERE id = ?", link.exchange_id)
      return link
    }
  },
  {
    name: "removes a row",
    run: (ledger) => {
      const link = pick(ledger, links(ledger))
      if (link !== undefined) ledger.run("DELETE FROM exchanges WHERE id = ?", link.exchange_id)
      return link
    }
  },
  {
    name: "removes a row, its attempts and its link",
    run: (ledger) => {
      const link = pick(ledger, links(ledger))
      if (link !== undefined) removeRow(ledger, link)
      return link
    }
  },
  {
    name: "removes a row with everything, and closes the gap",
    run: (ledger) => {
      const link = pick(ledger, links(ledger))
      if (link === undefined) return undefined
      removeRow(ledger, link)
      for (const { exchange_id, sequence, writer } of links(ledger)) {
        if (writer !== link.writer || sequence < link.sequence) continue
        ledger.run("UPDATE links SET sequence = ? WHERE writer = ? AND sequence = ?", sequence - 1, writer, sequence)
        ledger.run("UPDATE exchanges SET sequence = ? WHERE id = ?", sequence - 1, exchange_id)
      }
      return link
    }
  },
  {
    name: "swaps what two rows say",
    run: (ledger) => {
      const [one, two] = [pick(ledger, links(ledger)), pick(ledger, links(ledger))]
      if (one === undefined || two === undefined || one.exchange_id === two.exchange_id) return undefined
      const said = ({ exchange_id }: LinkRow) => ledger.all(`SELECT ${contents.join(", ")} FROM exchanges WHERE id = ?`, exchange_id)[0]
      const [left, right] = [said(one), said(two)]
      for (const [row, at] of [[left, two], [right, one]] as const) {
        const sets = contents.map((column) => `${column} = ?`).join(", ")
        ledger.run(`UPDATE exchanges SET ${sets} WHERE id = ?`, ...contents.map((column) => row?.[column] ?? null), at.exchange_id)
      }
      return first(one, two)
    }
  },
  {
    name: "swaps the places of two rows",
    run: (ledger) => {
      const [one, two] = [pick(ledger, links(ledger)), pick(ledger, links(ledger))]
      if (one === undefined || two === undefined || one.exchange_id === two.exchange_id) return undefined
      for (const [at, with_] of [[one, two], [two, one]] as const) {
        ledger.run("UPDATE links SET exchange_id = ? WHERE writer = ? AND sequence = ?", with_.exchange_id, at.writer, at.sequence)
        ledger.run("UPDATE exchanges SET writer = ?, sequence = ? WHERE id = ?", at.writer, at.sequence, with_.exchange_id)
      }
      return first(one, two)
    }
  },
  {
    name: "changes a link",
    run: (ledger) => {
      const link = pick(ledger, links(ledger))
      const column = pick(ledger, ["hash", "exchange_id"])
      return link !== undefined && column !== undefined && changed(ledger, "links", column, "writer = ? AND sequence = ?", link.writer, link.sequence)
        ? link
        : undefined
    }
  },
  {
    name: "changes, removes or adds an attempt",
    run: (ledger) => {
      const link = pick(ledger, links(ledger).filter(({ exchange_id }) => ledger.all("SELECT 1 FROM attempts WHERE exchange_id = ?", exchange_id).length > 0))
      if (link === undefined) return undefined
      const number = 1 + ledger.draw(2)
      const what = ledger.draw(3)
      if (what === 0) ledger.run("DELETE FROM attempts WHERE exchange_id = ? AND number = ?", link.exchange_id, number)
      else if (what === 1) {
        ledger.run("INSERT INTO attempts (exchange_id, number, provider, upstream_model, started_at, ended_at) VALUES (?, 3, 'p', 'm', 1, 2)", link.exchange_id)
      } else {
        changed(ledger, "attempts", pick(ledger, [...Rows.attemptColumns, "number"]) ?? "provider", "exchange_id = ? AND number = ?", link.exchange_id, number)
      }
      return link
    }
  },
  {
    name: "adds a row",
    run: (ledger) => {
      const like = pick(ledger, links(ledger))
      if (like === undefined) return undefined
      const exchange = id(50_000 + ledger.draw(1000))
      const columns = ledger.draw(2) === 0 ? contents : [...contents, "writer", "sequence"]
      ledger.run(`INSERT INTO exchanges (id, ${columns.join(", ")}) SELECT ?, ${columns.join(", ")} FROM exchanges WHERE id = ?`, exchange, like.exchange_id)
      return { exchange }
    }
  },
  {
    name: "cuts off the end of a writer",
    run: (ledger) => {
      const from = pick(ledger, links(ledger))
      if (from === undefined) return undefined
      for (const link of links(ledger)) {
        if (link.writer === from.writer && link.sequence >= from.sequence) removeRow(ledger, link)
      }
      return from
    }
  },
  {
    name: "cuts off the beginning of a writer, and says that it was old",
    run: (ledger) => {
      const through = pick(ledger, links(ledger))
      if (through === undefined) return undefined
      for (const link of links(ledger)) {
        if (link.writer === through.writer && link.sequence <= through.sequence) removeRow(ledger, link)
      }
      const cut = HashChain.cut(through, 1, pick(ledger, [undefined, "another key"]))
      ledger.run("INSERT INTO cuts (writer, sequence, hash, at, signature) VALUES (?, ?, ?, ?, ?)", cut.writer, cut.sequence, cut.hash, cut.at, cut.signature)
      return through
    }
  },
  {
    name: "changes a row, and every link after it so that they fit",
    run: (ledger) => {
      const from = pick(ledger, links(ledger))
      if (from === undefined || !changed(ledger, "exchanges", "cost_usd", "id = ?", from.exchange_id)) return undefined
      let place = HashChain.beginning(from.writer)
      for (const link of links(ledger).filter(({ writer }) => writer === from.writer)) {
        const [row] = ledger.all(`SELECT ${TerminalRow.columns.join(", ")} FROM exchanges WHERE id = ?`, link.exchange_id)
        const attempts = ledger.all(`SELECT ${Rows.attemptColumns.join(", ")} FROM attempts WHERE exchange_id = ? ORDER BY number`, link.exchange_id)
        const next = HashChain.next(
          place,
          link.exchange_id,
          TerminalRow.columns.map((column) => row?.[column] ?? null),
          attempts.map((attempt) => Rows.attemptColumns.map((column) => attempt[column] ?? null))
        )
        ledger.run("UPDATE links SET hash = ? WHERE writer = ? AND sequence = ?", next.hash, next.writer, next.sequence)
        place = next
      }
      // Only a head says that they were others
      const [head] = ledger.all("SELECT min(sequence) AS sequence FROM heads WHERE writer = ? AND sequence >= ?", from.writer, from.sequence)
      return { writer: from.writer, sequence: Number(head?.["sequence"]) }
    }
  },
  {
    name: "changes a head",
    run: (ledger) => {
      const head = pick(ledger, ledger.all("SELECT number FROM heads"))?.["number"] ?? 0
      const column = pick(ledger, ["number", "writer", "sequence", "hash", "at", "digest", "signature"]) ?? "hash"
      changed(ledger, "heads", column, "number = ?", head)
      return { head: Number(head) }
    }
  },
  {
    name: "removes a head that is not the newest, or its signature",
    run: (ledger) => {
      const heads = ledger.all("SELECT number FROM heads ORDER BY number")
      const head = pick(ledger, heads.slice(1, -1))?.["number"] ?? 0
      if (ledger.draw(2) === 0) ledger.run("DELETE FROM heads WHERE number = ?", head)
      else ledger.run("UPDATE heads SET signature = NULL WHERE number = ?", head)
      return { head: Number(head) }
    }
  },
  {
    name: "signs a head with another key",
    run: (ledger) => {
      const heads = ledger.all("SELECT * FROM heads ORDER BY number").map(Chain.toHead)
      const at = ledger.draw(heads.length)
      const head = heads[at]
      if (head === undefined) return undefined
      const forged = HashChain.head(heads[at - 1], head, head.at, "another key")
      ledger.run("UPDATE heads SET signature = ? WHERE number = ?", forged.signature, forged.number)
      return { head: forged.number }
    }
  }
]

/** One attack that was not noticed, or by a finding that names something else. */
export interface Miss {
  readonly run: number
  readonly attack: string
  readonly expected: Expected
  readonly finding: Verification.Finding | undefined
}

const names = (finding: Verification.Finding | undefined, expected: Expected): boolean => {
  if (finding === undefined) return false
  if ("head" in expected) return finding.head === expected.head
  if ("exchange" in expected) return finding.exchange === expected.exchange
  return finding.writer === expected.writer && finding.sequence === expected.sequence
}

/** What is drawn is drawn again from the same seed. */
const drawing = (seed: number) => {
  let state = seed >>> 0
  return (below: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return below === 0 ? 0 : ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** Attacks a ledger so many times, each time as it was in the beginning. */
export const attack = Effect.fn("Mutations.attack")(
  function*(options: { readonly runs: number; readonly seed: number }) {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-mutations-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
    )
    const filename = join(folder, "ledger.db")
    yield* makeLedger(filename)
    const db = yield* Effect.acquireRelease(Effect.sync(() => new DatabaseSync(filename)), (db) => Effect.sync(() => db.close()))
    const reading = ChainReading.make(db)
    const untouched = yield* Verification.verify(reading, { key })
    const draw = drawing(options.seed)
    const ledger: Ledger = {
      draw,
      all: (sql, ...values) =>
        db.prepare(sql).all(...values).map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]))),
      run: (sql, ...values) => void db.prepare(sql).run(...values)
    }
    const misses: Array<Miss> = []
    const done = new Map<string, number>()
    for (let run = 0; run < options.runs; run++) {
      const chosen = attacks[run % attacks.length]
      if (chosen === undefined) continue
      db.exec("BEGIN")
      // What a strict table refuses is no attack
      const expected = Result.getOrElse(Result.try(() => chosen.run(ledger)), () => undefined)
      if (expected !== undefined) {
        done.set(chosen.name, (done.get(chosen.name) ?? 0) + 1)
        const { finding } = yield* Verification.verify(reading, { key })
        if (!names(finding, expected)) misses.push({ run, attack: chosen.name, expected, finding })
      }
      db.exec("ROLLBACK")
    }
    return { untouched, misses, done, attacks: attacks.map(({ name }) => name) }
  },
  Effect.scoped
)

const plain = (value: unknown): Value => typeof value === "string" || typeof value === "number" ? value : null
