/**
 * A process that does nothing but write to a ledger, thousands of rows a second, and prints what was confirmed to it: for faults
 * that are a matter of rows, not of requests. And what must be true of the file afterwards.
 */
import { SqliteLedger } from "@sluice/ledger"
import { Effect, Layer, Logger } from "effect"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { id } from "../../../packages/ledger/test/exchanges.ts"
import { monotonic } from "../Channel.ts"
import * as Rig from "../Rig.ts"
import { spillFiles } from "./UnderFault.ts"

const program = join(import.meta.dirname, "../../../packages/ledger/test/crashingServer.ts")

/** When it is killed, and what happens before. */
export interface Until {
  /** Called with its first confirmation. */
  readonly onStart?: () => void
  /** It has printed so many lines. */
  readonly lines?: number
  /** So many milliseconds have passed since it was started. */
  readonly millis: number
  /** Looked at all the time: it is killed in the moment when this holds. */
  readonly when?: () => boolean
}

/** What was confirmed to processes that wrote to one file. */
export interface Confirmed {
  readonly opened: Set<number>
  readonly settled: Set<number>
}

/** Nothing was. */
export const confirmed = (): Confirmed => ({ opened: new Set(), settled: new Set() })

/** Runs one on the file, from exchange number `first` on, kills it outright, and notes what it confirmed; gives the number of confirmations. */
export const run = (file: string, first: number, until: Until, notes: Confirmed, wrapper: ReadonlyArray<string> = []): Promise<number> =>
  new Promise((resolve, reject) => {
    const [command = process.execPath, ...args] = [...wrapper, process.execPath, program, file, String(first)]
    // Most of what is waited for is Node reading sources
    const env = { ...process.env, NODE_COMPILE_CACHE: join(dirname(dirname(file)), "compiled") }
    // A group of its own, so that what is wrapped ends with its wrapper
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"], detached: true, env })
    const kill = (): void => {
      if (child.pid === undefined || child.exitCode !== null) return
      try {
        process.kill(-child.pid, "SIGKILL")
      } catch {
        // It has just ended
      }
    }
    const deadline = setTimeout(kill, until.millis)
    const watch = until.when === undefined ? undefined : setInterval(() => until.when?.() === true ? kill() : undefined, 3)
    process.once("exit", kill)
    let output = ""
    let seen = 0
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (output === "") until.onStart?.()
      output += text
      for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) seen++
      if (seen >= (until.lines ?? Number.POSITIVE_INFINITY)) kill()
    })
    child.on("error", reject)
    child.on("close", () => {
      clearTimeout(deadline)
      clearInterval(watch)
      process.off("exit", kill)
      // A line cut by the kill claims nothing
      const lines = output.split("\n").slice(0, -1)
      for (const line of lines) {
        const [word, number] = line.split(" ")
        if (word === "open") notes.opened.add(Number(number))
        if (word === "settle") notes.settled.add(Number(number))
      }
      resolve(lines.length)
    })
  })

/** Opens the ledger as a server does, waits until it has put in order what others left, and closes it; says what it did not put in order. */
export const recover = (file: string): Promise<ReadonlyArray<string>> => {
  const left = (): ReadonlyArray<string> => {
    const open = number(file, "SELECT count(*) FROM exchanges WHERE status = 'open'")
    const files = spillFiles(file).length
    return [...(open > 0 ? [`${open} exchanges are open`] : []), ...(files > 0 ? [`${files} spill files are there`] : [])]
  }
  const inOrder = async (): Promise<ReadonlyArray<string>> => {
    const deadline = monotonic() + 20_000
    while (left().length > 0 && monotonic() < deadline) await Rig.sleep(20)
    return left().map((what) => `20 s after a restart ${what}`)
  }
  return Effect.runPromise(
    Effect.promise(inOrder).pipe(
      Effect.provide(SqliteLedger.layer({ filename: file })),
      Effect.catch((error) => Effect.succeed([`the ledger does not open: ${error.message}`])),
      Effect.provide(Layer.mergeAll(Logger.layer([])))
    )
  )
}

/** A file as it is, read by a process that has nothing to do with its writers. */
export const reading = <A>(file: string, run: (db: DatabaseSync) => A): A => {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5000 })
  try {
    return run(db)
  } finally {
    db.close()
  }
}

const number = (file: string, question: string): number => reading(file, (db) => Number(Object.values(db.prepare(question).get() ?? {})[0]))

/** The state of every exchange, by id. */
export const statuses = (file: string): ReadonlyMap<string, string> =>
  existsSync(file)
    ? reading(file, (db) => new Map(db.prepare("SELECT id, status FROM exchanges").all().map((row) => [String(row["id"]), String(row["status"])])))
    : new Map()

const tokenColumns = "input cache_read cache_write_5m cache_write_1h output reasoning audio_in audio_out tool_prompt".split(" ").map((name) => `tokens_${name}`)

const sumOfTokens = tokenColumns.map((name) => `coalesce(sum(${name}), 0)`).join(" + ")

/** What must be true after a recovery: nothing confirmed is missing, nothing is open, and everything was added up exactly once. */
export const judge = (file: string, { opened, settled }: Confirmed): ReadonlyArray<string> => {
  const byId = statuses(file)
  const count = (status: string): number => [...byId.values()].filter((each) => each === status).length
  const attempts = number(file, "SELECT count(*) FROM attempts")
  const requests = number(file, "SELECT coalesce(sum(requests), 0) FROM accounts WHERE kind = 'key'")
  const tokens = number(file, "SELECT coalesce(sum(tokens), 0) FROM accounts WHERE kind = 'key'")
  const charged = number(file, "SELECT coalesce(sum(spent_nanos), 0) FROM accounts WHERE kind = 'key'")
  const costs = number(file, "SELECT coalesce(sum(cost_nanos), 0) FROM exchanges WHERE status <> 'denied'")
  const ended = byId.size - count("denied")
  const spent = number(file, `SELECT ${sumOfTokens} FROM exchanges WHERE status <> 'denied'`)
  const check = reading(file, (db) => db.prepare("PRAGMA integrity_check").get()?.["integrity_check"])
  return [
    ...(check === "ok" ? [] : [`integrity: ${String(check)}`]),
    ...[...opened].filter((n) => !byId.has(id(n))).map((n) => `exchange ${n} was confirmed and is gone`),
    ...[...settled].filter((n) => byId.get(id(n)) !== "completed").map((n) => `exchange ${n} was settled and is ${byId.get(id(n)) ?? "gone"}`),
    ...(count("open") === 0 ? [] : [`${count("open")} exchanges are open`]),
    ...(attempts === 2 * count("completed") ? [] : [`${attempts} attempts of ${count("completed")} completed exchanges of two attempts each`]),
    ...(requests === ended ? [] : [`the accounts count ${requests} requests, the ledger has ${ended}`]),
    ...(charged === costs ? [] : [`the accounts were charged ${charged} billionths of a dollar, the exchanges cost ${costs}`]),
    ...(tokens === spent ? [] : [`the accounts count ${tokens} tokens, the ledger has ${spent}`])
  ]
}
