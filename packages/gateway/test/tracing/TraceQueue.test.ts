/** The queue of the tracer's lines: whole lines in order, bounds, and files that cannot be written. */
import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Logger, Scope } from "effect"
import { Metric } from "effect"
import * as TraceQueue from "../../src/tracing/TraceQueue.ts"

/** A place for lines; each write waits until the gate is open. */
const place = Effect.map(Deferred.make<void>(), (gate) => {
  const written: Array<string> = []
  return { gate, written, write: (text: string) => Effect.andThen(Deferred.await(gate), Effect.sync(() => void written.push(text))) }
})

const droppedSoFar = Effect.map(Metric.snapshot, (all) => {
  const found = all.find(({ id }) => id === "sluice_trace_lines_dropped_total")
  return found?.type === "Counter" ? Number(found.state.count) : 0
})

it.effect("writes lines in order, together where several wait", () =>
  Effect.gen(function*() {
    const { gate, write, written } = yield* place
    const queue = yield* TraceQueue.make({ write, capacity: 100 })
    for (const line of ["a", "b", "c"]) queue.offer(line)
    yield* Effect.yieldNow
    yield* Deferred.succeed(gate, undefined)
    yield* Effect.yieldNow
    assert.strictEqual(written.join(""), "a\nb\nc\n")
  }))

it.effect("drops and counts what is too much, and writes what waits when it ends", () =>
  Effect.gen(function*() {
    const { gate, write, written } = yield* place
    const before = yield* droppedSoFar
    const scope = yield* Scope.make()
    const queue = yield* Scope.provide(TraceQueue.make({ write, capacity: 5 }), scope)
    yield* Effect.yieldNow
    for (let line = 0; line < 20; line++) queue.offer(String(line))
    yield* Deferred.succeed(gate, undefined)
    yield* Scope.close(scope, Exit.void)
    const lines = written.join("").trim().split("\n")
    assert.isAtLeast(lines.length, 5)
    assert.strictEqual((yield* droppedSoFar) - before, 20 - lines.length)
    assert.deepStrictEqual(lines, Array.from({ length: lines.length }, (_, index) => String(index)))
  }))

it.effect("says once that it cannot write, goes on trying, and fails nobody", () =>
  Effect.gen(function*() {
    const said: Array<unknown> = []
    let tries = 0
    const write = () => {
      tries += 1
      return tries < 3 ? Effect.fail({ message: "no space" }) : Effect.void
    }
    yield* Effect.gen(function*() {
      const before = yield* droppedSoFar
      const queue = yield* TraceQueue.make({ write, capacity: 100 })
      for (const line of ["a", "b", "c"]) {
        queue.offer(line)
        yield* Effect.yieldNow
      }
      assert.strictEqual(tries, 3)
      assert.strictEqual((yield* droppedSoFar) - before, 2)
    }).pipe(Effect.provide(Logger.layer([Logger.make(({ message }) => void said.push(message))])))
    assert.strictEqual(said.length, 1)
    assert.include(String(said[0]), "no space")
  }))
