import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Watch from "../../src/reload/Watch.ts"
import * as WatchedEntries from "../../src/reload/WatchedEntries.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-watch-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

/** Asks again until it is so. */
const eventually = (condition: () => boolean) =>
  Effect.suspend(() => condition() ? Effect.void : Effect.fail("pending" as const)).pipe(
    Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 3_000 }),
    Effect.orDie
  )

/** Watches a file, and keeps what was in it at every call; `undefined` = nothing. */
const watched = Effect.fnUntraced(function*(file: string, first: string | undefined) {
  const calls: Array<string | undefined> = []
  let seen = first
  let offered: string | undefined
  const isNew = (text: string | undefined): boolean => {
    offered = text
    return text !== seen
  }
  yield* Watch.start({ file, isNew }, Effect.sync(() => void calls.push(seen = offered)))
  return calls
})

/** As orchestrators mount files: the file is a link into a directory that is itself a link, which is turned to another directory. */
const mounted = (path: string, version: string, text: string): void => {
  mkdirSync(join(path, version))
  writeFileSync(join(path, version, "sluice.yaml"), text)
  symlinkSync(version, join(path, `${version}.link`))
  renameSync(join(path, `${version}.link`), join(path, "..data"))
}

describe("the entries that decide what a path leads to", () => {
  it.effect("are the file itself, and every link on the way", () =>
    Effect.gen(function*() {
      const path = yield* folder
      mkdirSync(join(path, "real"))
      writeFileSync(join(path, "real", "target.yaml"), "")
      symlinkSync("real", join(path, "current"))
      symlinkSync(join("current", "target.yaml"), join(path, "sluice.yaml"))
      const entries = WatchedEntries.of(join(path, "sluice.yaml"))
      assert.sameMembers([...entries.get(path) ?? []], ["sluice.yaml", "current"])
      assert.sameMembers([...entries.get(join(path, "real")) ?? []], ["target.yaml"])
    }).pipe(Effect.scoped))

  it.effect("are there for a file that is not, and for links in a circle", () =>
    Effect.gen(function*() {
      const path = yield* folder
      assert.deepStrictEqual([...WatchedEntries.of(join(path, "none.yaml")).get(path) ?? []], ["none.yaml"])
      symlinkSync("b", join(path, "a"))
      symlinkSync("a", join(path, "b"))
      assert.includeMembers([...WatchedEntries.of(join(path, "a")).get(path) ?? []], ["a", "b"])
    }).pipe(Effect.scoped))
})

describe("a watched file", () => {
  it.live("is told when it is written, put in the place of the old one, gone and back", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const file = join(path, "sluice.yaml")
      writeFileSync(file, "first")
      const calls = yield* watched(file, "first")
      writeFileSync(file, "written")
      yield* eventually(() => calls.at(-1) === "written")
      writeFileSync(join(path, "draft"), "put in its place")
      renameSync(join(path, "draft"), file)
      yield* eventually(() => calls.at(-1) === "put in its place")
      writeFileSync(file, "written again")
      yield* eventually(() => calls.at(-1) === "written again")
      rmSync(file)
      yield* eventually(() => calls.length === 4)
      assert.isUndefined(calls.at(-1))
      writeFileSync(file, "back")
      yield* eventually(() => calls.at(-1) === "back")
      assert.deepStrictEqual(calls, ["written", "put in its place", "written again", undefined, "back"], "once for each")
    }).pipe(Effect.scoped))

  it.live("is told when a link on its way is turned, again and again", () =>
    Effect.gen(function*() {
      const path = yield* folder
      mounted(path, "..1", "first")
      symlinkSync(join("..data", "sluice.yaml"), join(path, "sluice.yaml"))
      const calls = yield* watched(join(path, "sluice.yaml"), "first")
      for (const version of ["..2", "..3"]) {
        mounted(path, version, `of ${version}`)
        yield* eventually(() => calls.at(-1) === `of ${version}`)
      }
      writeFileSync(join(path, "..3", "sluice.yaml"), "written through")
      yield* eventually(() => calls.at(-1) === "written through")
    }).pipe(Effect.scoped))

  it.live("is not told for its neighbours, nor where its text is what it was", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const file = join(path, "sluice.yaml")
      writeFileSync(file, "first")
      const calls = yield* watched(file, "first")
      writeFileSync(join(path, "ledger.db-wal"), "first")
      writeFileSync(file, "first")
      writeFileSync(file, "last")
      yield* eventually(() => calls.at(-1) === "last")
      assert.deepStrictEqual(calls, ["last"])
    }).pipe(Effect.scoped))
})

describe("a file that is being written", () => {
  /** Looks that find these texts, one after the other and the last one for good. */
  const looks = (...texts: ReadonlyArray<string | undefined>) => {
    let at = 0
    return Effect.sync(() => texts[Math.min(at++, texts.length - 1)])
  }

  const after = Effect.fnUntraced(function*(look: Effect.Effect<string | undefined>, millis: number) {
    const fiber = yield* Effect.forkChild(Watch.settled(look))
    yield* TestClock.adjust(millis)
    const exit = fiber.pollUnsafe()
    yield* Fiber.interrupt(fiber)
    return exit === undefined ? "not yet" : yield* exit
  })

  it.effect("is read when two looks in a row have found the same", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* after(looks("whole"), 99), "not yet")
      assert.strictEqual(yield* after(looks("whole"), 100), "whole")
      assert.strictEqual(yield* after(looks("", "ha", "half", "half-written"), 399), "not yet")
      assert.strictEqual(yield* after(looks("", "ha", "half", "half-written"), 400), "half-written")
    }))

  it.effect("is given longer to come back when it is gone", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* after(looks(undefined), 999), "not yet")
      assert.strictEqual(yield* after(looks(undefined), 1_000), undefined)
      assert.strictEqual(yield* after(looks(undefined, "back"), 1_100), "back")
    }))

  it.effect("is taken as it is where it never comes to rest", () =>
    Effect.gen(function*() {
      let size = 0
      assert.isString(yield* after(Effect.sync(() => "x".repeat(size++)), 60_000))
    }))
})
