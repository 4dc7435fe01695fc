import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { DatabaseSync } from "node:sqlite"
import { describe } from "vitest"
import * as Start from "../src/sqlite/Start.ts"
import { id, temporaryFile } from "./exchanges.ts"

/** Runs a server on the file, kills it when it has printed so many lines, and gives all it printed. */
const runAndKill = (filename: string, first: number, lines: number) =>
  Effect.callback<ReadonlyArray<string>>((resume) => {
    const child = spawn(process.execPath, [`${import.meta.dirname}/crashingServer.ts`, filename, String(first)], { stdio: ["ignore", "pipe", "inherit"] })
    let output = ""
    let seen = 0
    child.stdout.setEncoding("utf8")
    child.stdout.on("data", (text: string) => {
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

const rounds = 5
const files = 4

describe("a server killed in the middle of its writes", () => {
  // Twenty kills: four files, five times each, at moments spread over the first thousand confirmations
  it.live.each(Array.from({ length: files }, (_, file) => file))(
    "has everything it confirmed after a restart, and nothing left open (file %i)",
    (file) =>
      Effect.gen(function*() {
        const filename = yield* temporaryFile
        const opened = new Set<number>()
        const settled = new Set<number>()
        for (let round = 0; round < rounds; round++) {
          const lines = yield* runAndKill(filename, round * 1_000_000, 1 + ((round * files + file) * 379) % 1000)
          for (const n of numbersOf("open", lines)) opened.add(n)
          for (const n of numbersOf("settle", lines)) settled.add(n)
          const { store, swept } = yield* Start.start({ filename, recover: true, busyTimeout: 5000 })
          store.close()
          assert.isAbove(swept, 0)
          const { attempts, byId, check } = yield* statuses(filename)
          assert.strictEqual(check, "ok")
          for (const n of opened) assert.isTrue(byId.has(id(n)), `exchange ${n} was confirmed and is gone`)
          for (const n of settled) assert.strictEqual(byId.get(id(n)), "completed")
          const found = Array.from(byId.values())
          assert.deepStrictEqual(found.filter((status) => status !== "completed" && status !== "abandoned"), [])
          assert.strictEqual(attempts, 2 * found.filter((status) => status === "completed").length)
        }
        assert.isAbove(settled.size, 0)
      }),
    60_000
  )
})
