/** What the storage of extensions does, whoever keeps it: this process, SQLite or PostgreSQL. */
import { assert, describe, it } from "@effect/vitest"
import { ExtensionStorage, layer } from "@sluice/gateway/ExtensionStorage"
import type { ExtensionStore } from "@sluice/gateway/ExtensionStore"
import * as ExtensionStoreMemory from "@sluice/gateway/ExtensionStoreMemory"
import { Effect, Layer, Option, Redacted, Schedule, Schema } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as PostgresExtensionStore from "../src/PostgresExtensionStore.ts"
import * as SqliteExtensionStore from "../src/SqliteExtensionStore.ts"
import * as Postgres from "./postgres.ts"

const sqlite = Layer.unwrap(Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-extensions-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  ),
  (folder) => Layer.orDie(SqliteExtensionStore.layer({ filename: join(folder, "ledger.db") }))
))

const postgres = Layer.unwrap(Effect.map(Postgres.temporaryUrl, (url) => Layer.orDie(PostgresExtensionStore.layer({ url: Redacted.make(url) }))))

const kinds: ReadonlyArray<{ readonly name: string; readonly missing: string | undefined; readonly store: Layer.Layer<ExtensionStore> }> = [
  { name: "memory", missing: undefined, store: ExtensionStoreMemory.layerStore() },
  { name: "SQLite", missing: undefined, store: sqlite },
  { name: "PostgreSQL", missing: Postgres.service.missing, store: postgres }
]

const Note = Schema.Struct({ text: Schema.String, at: Schema.DateTimeUtcFromMillis })
const note = (text: string): typeof Note.Type => Schema.decodeSync(Note)({ text, at: 1 })

/** Waits until something has expired. */
const until = <A, E>(effect: Effect.Effect<A, E>, holds: (found: A) => boolean) =>
  Effect.flatMap(effect, (found) => holds(found) ? Effect.void : Effect.fail("pending" as const)).pipe(
    Effect.retry({ schedule: Schedule.spaced("2 millis"), times: 2000 })
  )

for (const { missing, name, store } of kinds) {
  describe.skipIf(missing !== undefined)(`the storage of extensions in ${name}${missing === undefined ? "" : Postgres.skipped}`, () => {
    const test = (what: string, effect: Effect.Effect<unknown, unknown, ExtensionStorage>) =>
      it.live(what, () => effect.pipe(Effect.provide(layer.pipe(Layer.provide(Layer.fresh(store)))), Effect.orDie))

    test(
      "gives values back as their schema has them, and replaces and removes them",
      Effect.gen(function*() {
        const notes = (yield* ExtensionStorage).namespace("notes").values(Note)
        assert.deepStrictEqual(yield* notes.get("a"), Option.none())
        yield* notes.set("a", note("first \0 \u{1F600} 'quoted'"))
        assert.deepStrictEqual(yield* notes.get("a"), Option.some(note("first \0 \u{1F600} 'quoted'")))
        yield* notes.set("a", note("second"))
        assert.deepStrictEqual(yield* notes.get("a"), Option.some(note("second")))
        yield* notes.remove("a")
        assert.deepStrictEqual(yield* notes.get("a"), Option.none())
      })
    )

    test(
      "takes what no longer fits its schema for absent",
      Effect.gen(function*() {
        const space = (yield* ExtensionStorage).namespace("notes")
        yield* space.values(Schema.Number).set("a", 1)
        assert.deepStrictEqual(yield* space.values(Note).get("a"), Option.none())
        assert.deepStrictEqual(yield* space.values(Note).list(), [])
      })
    )

    test(
      "keeps namespaces apart, whatever their names and keys look like",
      Effect.gen(function*() {
        const storage = yield* ExtensionStorage
        const names = ["a", "a:", "a\"", "", "a\\", "A", "a b"]
        for (const name of names) {
          yield* storage.namespace(name).values(Schema.String).set(":b", name)
          yield* storage.namespace(name).counters.increment(":b", names.indexOf(name) + 1)
        }
        for (const name of names) {
          assert.deepStrictEqual(yield* storage.namespace(name).values(Schema.String).list(), [[":b", name]])
          assert.strictEqual(yield* storage.namespace(name).counters.get(":b"), names.indexOf(name) + 1)
        }
        yield* storage.namespace("a").values(Schema.String).remove(":b")
        assert.deepStrictEqual(yield* storage.namespace("a:").values(Schema.String).get(":b"), Option.some("a:"))
        assert.strictEqual(yield* storage.namespace("a").counters.get(":b"), 1)
      })
    )

    test(
      "lists by prefix, sorted, up to a limit, and nothing in a prefix is a pattern",
      Effect.gen(function*() {
        const values = (yield* ExtensionStorage).namespace("list").values(Schema.Number)
        const keys = ["b", "a/2", "a/1", "a%", "a_", "A/1", "a/\u{1F600}", "a/\uFF5E", "a"]
        for (const [index, key] of keys.entries()) yield* values.set(key, index)
        assert.deepStrictEqual((yield* values.list("a/")).map(([key]) => key), ["a/1", "a/2", "a/\uFF5E", "a/\u{1F600}"])
        assert.deepStrictEqual((yield* values.list("a%")).map(([key]) => key), ["a%"])
        assert.deepStrictEqual((yield* values.list("a_")).map(([key]) => key), ["a_"])
        assert.deepStrictEqual((yield* values.list("a/", 2)).map(([, value]) => value), [2, 1])
        assert.strictEqual((yield* values.list()).length, keys.length)
      })
    )

    test(
      "forgets what has lived its time, and nothing else",
      Effect.gen(function*() {
        const values = (yield* ExtensionStorage).namespace("ttl").values(Schema.String)
        yield* values.set("short", "x", "5 millis")
        yield* values.set("long", "y", "1 hour")
        yield* values.set("ever", "z")
        yield* until(values.get("short"), Option.isNone)
        assert.deepStrictEqual((yield* values.list()).map(([key]) => key), ["ever", "long"])
        // A new value has a new time to live
        yield* values.set("short", "again")
        assert.deepStrictEqual(yield* values.get("short"), Option.some("again"))
      })
    )

    test(
      "counts up and down, from when a counter was made until its time is over",
      Effect.gen(function*() {
        const { counters } = (yield* ExtensionStorage).namespace("counts")
        assert.strictEqual(yield* counters.get("a"), 0)
        assert.strictEqual(yield* counters.increment("a"), 1)
        assert.strictEqual(yield* counters.increment("a", 41), 42)
        assert.strictEqual(yield* counters.increment("a", -2), 40)
        yield* counters.increment("b", 7, "1 hour")
        assert.deepStrictEqual(yield* counters.list(), [["a", 40], ["b", 7]])
        // Made for an hour: a later time to live shortens nothing
        yield* counters.increment("b", 1, "1 millis")
        yield* counters.increment("window", 5, "5 millis")
        yield* until(counters.get("window"), (count) => count === 0)
        assert.strictEqual(yield* counters.get("b"), 8)
        assert.strictEqual(yield* counters.increment("window", 3), 3)
        yield* counters.remove("a")
        assert.strictEqual(yield* counters.get("a"), 0)
      })
    )

    test(
      "loses no count where many count at once",
      Effect.gen(function*() {
        const { counters } = (yield* ExtensionStorage).namespace("race")
        yield* Effect.forEach(Array.from({ length: 50 }), () => counters.increment("a"), { concurrency: "unbounded" })
        assert.strictEqual(yield* counters.get("a"), 50)
      })
    )

    test(
      "is not confused by values and counters of one name",
      Effect.gen(function*() {
        const { counters, values } = (yield* ExtensionStorage).namespace("both")
        yield* values(Schema.String).set("a", "text")
        yield* counters.increment("a", 3)
        yield* values(Schema.String).remove("a")
        assert.strictEqual(yield* counters.get("a"), 3)
      })
    )
  })
}

describe("the storage of extensions in memory", () => {
  it.effect("makes room where it is full: what was written longest ago goes first", () =>
    Effect.gen(function*() {
      const values = (yield* ExtensionStorage).namespace("full").values(Schema.String)
      for (const key of ["a", "b", "c"]) yield* values.set(key, key)
      yield* values.set("a", "again")
      yield* values.set("d", "d")
      assert.deepStrictEqual((yield* values.list()).map(([key]) => key), ["a", "c", "d"])
      yield* values.set("e", "x".repeat(90))
      assert.deepStrictEqual((yield* values.list()).map(([key]) => key), ["e"])
    }).pipe(Effect.provide(ExtensionStoreMemory.layer({ entries: 3, characters: 94 }))))
})
