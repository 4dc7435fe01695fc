/**
 * The life of exchanges as it ought to be, in a few lines that know no database; and the real store of a ledger beside it, whose
 * processes write, fail, spill, die and recover each other. Whatever the order of deliveries, both must say the same.
 */
import * as Rows from "@sluice/ledger/Rows"
import type { Outcome } from "@sluice/protocol/Outcome"
import { Effect, Result } from "effect"
import type { DatabaseSync } from "node:sqlite"
import * as ChainReading from "../../../packages/ledger/src/sqlite/ChainReading.ts"
import * as Store from "../../../packages/ledger/src/sqlite/Store.ts"
import * as Sweep from "../../../packages/ledger/src/sqlite/Sweep.ts"
import * as Verification from "../../../packages/ledger/src/Verification.ts"
import { id, opening, settlement } from "../../../packages/ledger/test/exchanges.ts"

/** Every kind of end an exchange can be given. */
export const outcomes: ReadonlyArray<Outcome> = [
  { _tag: "Completed" },
  { _tag: "Incomplete", reason: "length" },
  { _tag: "UpstreamFailed", class: "overloaded", message: "m", committed: true },
  { _tag: "Cancelled", by: "client" },
  { _tag: "Cancelled", by: "server", why: "drain" },
  { _tag: "Defect", message: "m" }
]

/** One write, as the model understands it. */
export type Write =
  | { readonly kind: "open"; readonly n: number }
  | { readonly kind: "checkpoint"; readonly n: number; readonly tokens: number }
  | { readonly kind: "settle"; readonly n: number; readonly outcome: number }

/** What the model says of an exchange. */
interface State {
  readonly status: string
  readonly tokens: number | null
  readonly attempts: number
}

const settledTokens = 34

const rowOf = (write: Write): Rows.Row => {
  if (write.kind === "open") return Rows.opening(opening(write.n))
  if (write.kind === "checkpoint") return Rows.checkpoint(id(write.n), { tokens: { output: write.tokens }, provenance: { output: "counted" } })
  return Rows.settlement(settlement(write.n, { outcome: outcomes[write.outcome] ?? { _tag: "Completed" } }))
}

/** What a failing disk does to a commit: nothing of it is stored, or all of it and nobody is told. */
export type Failure = "before" | "after"

/** A process that writes to the ledger. */
export interface Process {
  readonly writer: string
  /** Settlements it could not store, on disk: they outlive it. */
  readonly spilled: Array<Write>
  isAlive: boolean
}

/** The ledger and its model. */
export interface World {
  /** A new process. */
  readonly start: () => Process
  /** Delivers writes to a process's store; what must not be lost and was not confirmed is spilled. Nothing happens where it is dead. */
  readonly deliver: (process: Process, writes: ReadonlyArray<Write>) => void
  /** The next commits fail, one after the other. */
  readonly fail: (failures: ReadonlyArray<Failure>) => void
  readonly kill: (process: Process) => void
  /** One process puts in order what the dead left: what they spilled, from `from` on and again however often, then what they left open. */
  readonly recover: (process: Process, interrupted: boolean) => void
  /** Compares everything; gives the differences. */
  readonly differences: () => ReadonlyArray<string>
  /** Verifies the chain of the rows that have ended; gives what is wrong with it. */
  readonly chain: () => ReadonlyArray<string>
  readonly counts: { writes: number; failures: number; kills: number; recoveries: number; abandoned: number }
}

/** Empties a ledger and lets processes write to it. `writer` gives ids that were never used. */
export const make = (file: string, admin: DatabaseSync, tables: ReadonlyArray<string>, writer: () => string): World => {
  for (const table of tables) admin.exec(`DELETE FROM ${table}`)
  const states = new Map<number, State & { readonly writer: string }>()
  const ended = new Map<string, string>()
  const found: Array<string> = []
  const stores = new Map<Process, Store.Store>()
  const counts = { writes: 0, failures: 0, kills: 0, recoveries: 0, abandoned: 0 }
  let failures: Array<Failure> = []
  // Commits that happened although they failed
  let happened = 0

  const connect = (process: Process) =>
    Result.map(Store.connect(file, 0, process.writer), (session): Store.Session => ({
      ...session,
      write: (rows, owner) => {
        const failure = failures.shift()
        if (failure === undefined) return session.write(rows, owner)
        counts.failures++
        if (failure === "before") throw Object.assign(new Error("disk I/O error"), { errcode: 10 })
        session.write(rows, owner)
        session.db.exec("COMMIT")
        happened++
        throw Object.assign(new Error("disk I/O error"), { errcode: 1034 })
      }
    }))

  const storeOf = (process: Process): Store.Store | undefined => {
    if (!process.isAlive) return undefined
    const known = stores.get(process)
    if (known !== undefined) return known
    const opened = Store.open(() => connect(process))
    if (Result.isFailure(opened)) {
      found.push(`a process cannot open the ledger: ${opened.failure.reason}`)
      return undefined
    }
    stores.set(process, opened.success)
    return opened.success
  }

  const apply = (write: Write, owner: string): void => {
    const state = states.get(write.n)
    counts.writes++
    if (write.kind === "open") {
      if (state === undefined) states.set(write.n, { status: "open", tokens: null, attempts: 0, writer: owner })
    } else if (write.kind === "checkpoint") {
      if (state?.status === "open") states.set(write.n, { ...state, tokens: write.tokens })
    } else if (state === undefined || state.status === "open") {
      const status = String(Rows.settlement(settlement(write.n, { outcome: outcomes[write.outcome] ?? { _tag: "Completed" } }))[statusAt])
      states.set(write.n, { status, tokens: settledTokens, attempts: 2, writer: state?.writer ?? owner })
    }
  }

  /** Whether the writes were confirmed. The model follows what happened, which may be more than what was confirmed. */
  const commit = (process: Process, writes: ReadonlyArray<Write>, owner: string): boolean => {
    const store = storeOf(process)
    if (store === undefined) return false
    happened = 0
    const result = store.commit(writes.map(rowOf), owner)
    const isConfirmed = Result.isSuccess(result)
    // What happened and failed was tried again: the writes arrived once more
    for (let times = happened + (isConfirmed ? 1 : 0); times > 0; times--) {
      for (const write of writes) apply(write, owner)
    }
    watch(writes)
    return isConfirmed
  }

  const watch = (writes: ReadonlyArray<Write>): void => {
    for (const { n } of writes) {
      const status = admin.prepare("SELECT status FROM exchanges WHERE id = ?").get(id(n))?.["status"]
      const before = ended.get(id(n))
      if (before !== undefined && before !== status) found.push(`exchange ${n} was ${before} and is ${String(status)}`)
      if (typeof status === "string" && status !== "open") ended.set(id(n), status)
    }
  }

  const sweep = (process: Process, dead: Process): boolean => {
    const swept = storeOf(process)?.transact(({ db, write }) => {
      const rows = Sweep.next(db, dead.writer)
      write(rows)
      return rows.length
    })
    if (swept === undefined) return false
    if (Result.isFailure(swept) && happened === 0) return false
    for (const [n, state] of states) {
      if (state.writer !== dead.writer || state.status !== "open") continue
      counts.abandoned++
      states.set(n, { ...state, status: "abandoned" })
    }
    return Result.isSuccess(swept)
  }

  const processes: Array<Process> = []
  return {
    counts,
    start: () => {
      const process: Process = { writer: writer(), spilled: [], isAlive: true }
      processes.push(process)
      return process
    },
    deliver: (process, writes) => {
      if (!process.isAlive || commit(process, writes, process.writer)) return
      process.spilled.push(...writes.filter(({ kind }) => kind === "settle"))
    },
    fail: (next) => {
      failures = [...next]
    },
    kill: (process) => {
      counts.kills++
      process.isAlive = false
      stores.get(process)?.close()
      stores.delete(process)
    },
    recover: (process, interrupted) => {
      if (!process.isAlive) return
      counts.recoveries++
      for (const dead of processes.filter(({ isAlive }) => !isAlive)) {
        const part = interrupted ? dead.spilled.slice(0, Math.ceil(dead.spilled.length / 2)) : dead.spilled
        if (part.length > 0 && !commit(process, part, dead.writer)) return
        if (interrupted) return
        dead.spilled.length = 0
        happened = 0
        if (!sweep(process, dead)) return
      }
    },
    chain: () => {
      const { finding, rows } = Effect.runSync(Verification.verify(ChainReading.make(admin), { key: undefined }))
      return finding !== undefined ? [finding.message] : rows === states.size ? [] : [`${rows} rows are chained, ought to be ${states.size}`]
    },
    differences: () => {
      const rows = new Map(
        admin.prepare("SELECT e.id, status, tokens_output, (SELECT count(*) FROM attempts WHERE exchange_id = e.id) AS attempts FROM exchanges e").all()
          .map((row) => [row["id"], row])
      )
      const wrong = [...states].flatMap(([n, { attempts, status, tokens }]) => {
        const row = rows.get(id(n))
        const is = row === undefined
          ? "missing"
          : `${String(row["status"])} with ${String(row["tokens_output"])} tokens and ${String(row["attempts"])} attempts`
        const ought = `${status} with ${String(tokens)} tokens and ${attempts} attempts`
        return is === ought ? [] : [`exchange ${n} is ${is}, ought to be ${ought}`]
      })
      const account = admin.prepare("SELECT coalesce(sum(requests), 0) AS requests FROM accounts WHERE kind = 'key'").get()?.["requests"]
      const terminal = [...states.values()].filter(({ status }) => status !== "open").length
      return [
        ...found,
        ...wrong,
        ...(rows.size === states.size ? [] : [`${rows.size} rows, ought to be ${states.size}`]),
        ...(account === terminal ? [] : [`the accounts count ${String(account)} requests, ought to be ${terminal}`])
      ]
    }
  }
}

const statusAt = 1 + Rows.openingColumns.length + Rows.usageColumns.length + Rows.costColumns.length + Rows.settlementColumns.indexOf("status")
