import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import FileSystem, { readdirSync, readFileSync } from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { dirname, join } from "node:path"
import { describe } from "vitest"
import * as Rows from "../src/Rows.ts"
import * as SpillFile from "../src/SpillFile.ts"
import * as WriterId from "../src/WriterId.ts"
import { settlement, temporaryFile } from "./exchanges.ts"

const rows = [1, 2, 3, 4, 5].map((n) => Rows.settlement(settlement(n)))

/** Appends all rows at once, and gives what became of each. */
const appendAll = (spill: SpillFile.SpillFile) =>
  Effect.forEach(rows, (row) => Effect.callback<string | undefined>((resume) => spill.append(row, (failure) => resume(Effect.succeed(failure)))), {
    concurrency: "unbounded"
  })

const lines = (filename: string) =>
  readdirSync(dirname(filename)).flatMap((name) => readFileSync(join(dirname(filename), name), "utf8").split("\n").filter((line) => line !== ""))

/** A disk on which no data is ever safe. */
const failingDisk = Effect.acquireRelease(
  Effect.sync(() => {
    const { fdatasync } = FileSystem
    FileSystem.fdatasync = Object.assign((_: number, done: (error: NodeJS.ErrnoException | null) => void) => done(new Error("EIO")), {
      __promisify__: fdatasync.__promisify__
    })
    syncBuiltinESMExports()
    return fdatasync
  }),
  (fdatasync) =>
    Effect.sync(() => {
      FileSystem.fdatasync = fdatasync
      syncBuiltinESMExports()
    })
)

describe("the way to the spill files", () => {
  it.live("takes no more rows than it may hold, and says so at once", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const spill = yield* SpillFile.make(filename, WriterId.generate(), { rows: 3, bytes: 1e6 })
      const told = yield* appendAll(spill)
      assert.deepStrictEqual(told.map((failure) => failure === undefined), [true, true, true, false, false])
      assert.match(told[3] ?? "", /does not keep up/)
      assert.strictEqual(lines(filename).length, 3)
    }))

  it.live("takes no more bytes than it may hold, and takes rows again when those before are on disk", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const spill = yield* SpillFile.make(filename, WriterId.generate(), { rows: 1000, bytes: 2 * Math.max(...rows.map(Rows.size)) })
      for (const round of [1, 2]) {
        const told = yield* appendAll(spill)
        assert.deepStrictEqual(told.map((failure) => failure === undefined), [true, true, false, false, false])
        assert.strictEqual(lines(filename).length, round * 2)
      }
    }))

  it.live("leaves no file behind for what was not confirmed, and keeps the one that holds something", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const spill = yield* SpillFile.make(filename, WriterId.generate())
      const failed = rows.map(() => "EIO")
      const files = () => readdirSync(dirname(filename)).length
      yield* Effect.scoped(Effect.gen(function*() {
        yield* failingDisk
        assert.deepStrictEqual(yield* appendAll(spill), failed)
        assert.deepStrictEqual(yield* appendAll(spill), failed)
        assert.strictEqual(files(), 0)
      }))
      assert.deepStrictEqual(yield* appendAll(spill), rows.map(() => undefined))
      yield* Effect.scoped(Effect.gen(function*() {
        yield* failingDisk
        assert.deepStrictEqual(yield* appendAll(spill), failed)
      }))
      assert.strictEqual(files(), 1)
      const paths = yield* Effect.callback<ReadonlyArray<string>>((resume) => spill.rotate((paths) => resume(Effect.succeed(paths))))
      assert.strictEqual(paths.length, 1)
    }))
})
