import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { DatabaseSync } from "node:sqlite"
import { describe } from "vitest"
import * as Start from "../src/sqlite/Start.ts"
import * as WriterId from "../src/WriterId.ts"
import { id, temporaryFile } from "./exchanges.ts"

/** Runs a server on the file, kills it when it has printed so many lines, and gives all it printed. */
const runAndKill = (filename: string, first: number, lines: number, onStart = () => {}) =>
  Effect.callback<ReadonlyArray<string>>((resume) => {
    const child = spawn(process.execPath, [`${import.meta.dirname}/crashingServer.ts`, filename, String(first)], { stdio: ["ignore", "pipe", "inherit"] })
    let output = ""
    let seen = 0
    child.stdout.setEncoding("utf8")
    child.stdout.on("data", (text: string) => {
      onStart()
      output += text
      for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) seen++
      if (seen >= lines) child.kill("SIGKILL")
    })
    // A line cut by the kill claims nothing
    child.on("close", () => resume(Effect.succeed(output.split("\n").slice(0, -1))))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

const numbersOf = (word: string, lines: ReadonlyArray<string>) =>
  lines.flatMap((line) => line.startsWith(`${word} `) ? [Number(line.slice(word.length + 1))] : [])

const statuses = (filename: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new DatabaseSync(filename, { readOnly: true })),
    (db) =>
      Effect.sync(() => ({
        byId: new Map(db.prepare("SELECT id, status FROM exchanges").all().map((row) => [row["id"], row["status"]])),
        check: db.prepare("PRAGMA integrity_check").get()?.["integrity_check"],
        attempts: db.prepare("SELECT count(*) AS n FROM attempts").get()?.["n"]
      })),
    (db) => Effect.sync(() => db.close())
  )

/** Holds the file every other moment once it is told to begin, until the scope closes. */
const disturber = (filename: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const db = new DatabaseSync(filename, { timeout: 0 })
      let timer: NodeJS.Timeout | undefined
      let held = 0
      const turn = () => {
        try {
          db.exec(db.isTransaction ? "COMMIT" : "BEGIN IMMEDIATE")
          if (db.isTransaction) held++
        } catch {
          // The server holds it: next turn
        }
      }
      return {
        begin: () => {
          timer ??= setInterval(turn, 7)
        },
        end: () => {
          clearInterval(timer)
          db.close()
        },
        held: () => held
      }
    }),
    ({ end }) => Effect.sync(end)
  )

/** What was confirmed over several runs of a server on one file. */
const confirmed = () => ({ opened: new Set<number>(), settled: new Set<number>() })

/** Restarts after a kill, as the server would, and compares the ledger with what was confirmed. */
const verify = Effect.fnUntraced(function*(filename: string, { opened, settled }: ReturnType<typeof confirmed>, lines: ReadonlyArray<string>) {
  for (const n of numbersOf("open", lines)) opened.add(n)
  for (const n of numbersOf("settle", lines)) settled.add(n)
  const started = yield* Start.start({ filename, recover: true, busyTimeout: 5000, writer: WriterId.generate() })
  started.close()
  const { attempts, byId, check } = yield* statuses(filename)
  assert.strictEqual(check, "ok")
  for (const n of opened) assert.isTrue(byId.has(id(n)), `exchange ${n} was confirmed and is gone`)
  for (const n of settled) assert.strictEqual(byId.get(id(n)), "completed", `exchange ${n} was settled`)
  const found = Array.from(byId.values())
  assert.deepStrictEqual(found.filter((status) => status !== "completed" && status !== "abandoned"), [])
  assert.strictEqual(attempts, 2 * found.filter((status) => status === "completed").length)
  return started.recovered
})

const rounds = 5

// Twenty kills: four files, five times each, at moments spread over the first thousand confirmations
const files = [0, 1, 2, 3]

const moment = (file: number, round: number) => 1 + ((round * files.length + file) * 379) % 1000

describe("a server killed in the middle of its writes", () => {
  it.live.each(files)("has everything it confirmed after a restart, and nothing left open (file %i)", (file) =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const sums = confirmed()
      for (let round = 0; round < rounds; round++) {
        const lines = yield* runAndKill(filename, round * 1_000_000, moment(file, round))
        assert.isAbove((yield* verify(filename, sums, lines)).swept, 0)
      }
      assert.isAbove(sums.settled.size, 0)
    }), 60_000)

  it.live("has everything it confirmed although it was spilling and replaying", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      yield* Start.migrate(filename, 5000)
      const sums = confirmed()
      let replayed = 0
      let held = 0
      for (let round = 0; round < rounds; round++) {
        const lines = yield* Effect.scoped(Effect.gen(function*() {
          const disturbing = yield* disturber(filename)
          const lines = yield* runAndKill(filename, round * 1_000_000, 1000 + moment(0, round), disturbing.begin)
          held += disturbing.held()
          return lines
        }))
        const recovered = yield* verify(filename, sums, lines)
        assert.strictEqual(recovered.quarantined, 0)
        replayed += recovered.applied
      }
      assert.isAbove(held, 0)
      assert.isAbove(replayed, 0)
    }), 60_000)
})
