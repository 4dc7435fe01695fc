import { assert, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Scope, Stream } from "effect"
import { describe } from "vitest"
import * as ByteSource from "../src/ByteSource.ts"

const bytes = (size: number, fill = 1) => new Uint8Array(size).fill(fill)
const text = (chunks: ReadonlyArray<Uint8Array>) => Buffer.concat(chunks).toString()
const encoder = new TextEncoder()

/** Takes until the end. */
const drain = Effect.fnUntraced(function*(source: ByteSource.ByteSource) {
  const chunks: Array<Uint8Array> = []
  while (true) {
    chunks.push(...source.take())
    const end = source.ended()
    if (end !== undefined) return { chunks, end }
    yield* source.await
  }
})

describe("fromChunks", () => {
  it.effect("gives all chunks in one take, then the end", () =>
    Effect.gen(function*() {
      const source = ByteSource.fromChunks([encoder.encode("a"), encoder.encode(""), encoder.encode("b")], ByteSource.reset("broke"))
      assert.isUndefined(source.ended())
      yield* source.await
      assert.strictEqual(text(source.take()), "ab")
      assert.deepStrictEqual(source.ended(), ByteSource.reset("broke"))
      assert.deepStrictEqual(source.take(), [])
      yield* source.await
    }))

  it("is at its end at once when it is empty", () => {
    assert.deepStrictEqual(ByteSource.fromChunks([]).ended(), ByteSource.eof)
  })
})

describe("make", () => {
  it("asks the sender to pause at the high water mark and to go on when everything was taken", () => {
    let lows = 0
    const { push, source } = ByteSource.make({ highWaterBytes: 10, onLow: () => lows += 1 })
    assert.isTrue(push(bytes(9)))
    assert.strictEqual(source.take().length, 1)
    assert.strictEqual(lows, 0)
    assert.isTrue(push(bytes(9)))
    assert.isFalse(push(bytes(1)))
    assert.isFalse(push(bytes(1)))
    assert.strictEqual(lows, 0)
    assert.strictEqual(source.take().length, 3)
    assert.strictEqual(lows, 1)
    assert.isTrue(push(bytes(1)))
  })

  it("keeps what a sender pushes while it is told to go on", () => {
    const sender = ByteSource.make({
      highWaterBytes: 1,
      onLow: () => {
        sender.push(encoder.encode("second"))
        sender.finish(ByteSource.eof)
      }
    })
    sender.push(encoder.encode("first"))
    assert.strictEqual(text(sender.source.take()), "first")
    assert.isUndefined(sender.source.ended())
    assert.strictEqual(text(sender.source.take()), "second")
    assert.deepStrictEqual(sender.source.ended(), ByteSource.eof)
  })

  it("lets the first end count and ignores bytes behind it", () => {
    const { finish, push, source } = ByteSource.make()
    finish(ByteSource.reset("first"))
    finish(ByteSource.eof)
    push(bytes(1))
    assert.deepStrictEqual(source.take(), [])
    assert.deepStrictEqual(source.ended(), ByteSource.reset("first"))
  })

  it.effect("wakes a waiter once for many chunks of one turn", () =>
    Effect.gen(function*() {
      const { finish, push, source } = ByteSource.make()
      const takes: Array<number> = []
      const fiber = yield* Effect.gen(function*() {
        while (source.ended() === undefined) {
          yield* source.await
          takes.push(source.take().length)
        }
      }).pipe(Effect.forkChild({ startImmediately: true }))
      for (let i = 0; i < 16; i++) push(bytes(1))
      finish(ByteSource.eof)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(takes, [16])
    }))

  it.effect("does not resume a waiter inside push", () =>
    Effect.gen(function*() {
      const { push, source } = ByteSource.make()
      let resumed = false
      const fiber = yield* source.await.pipe(Effect.map(() => resumed = true), Effect.forkChild({ startImmediately: true }))
      push(bytes(1))
      assert.isFalse(resumed)
      yield* Fiber.join(fiber)
      assert.isTrue(resumed)
    }))

  it.effect("wakes a waiter without bytes, and the next one when nobody waits", () =>
    Effect.gen(function*() {
      const { source } = ByteSource.make()
      const fiber = yield* Effect.forkChild(source.await, { startImmediately: true })
      source.wake()
      yield* Fiber.join(fiber)
      source.wake()
      yield* source.await
      const pending = yield* Effect.forkChild(source.await, { startImmediately: true })
      assert.isUndefined(pending.pollUnsafe())
      yield* Fiber.interrupt(pending)
    }))

  it.effect("forgets an interrupted waiter and serves the next", () =>
    Effect.gen(function*() {
      const { push, source } = ByteSource.make()
      const first = yield* Effect.forkChild(source.await, { startImmediately: true })
      yield* Fiber.interrupt(first)
      const second = yield* Effect.forkChild(source.await, { startImmediately: true })
      push(bytes(1))
      yield* Fiber.join(second)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(first)))
    }))

  it.effect("lets a first waiter go when a second one comes", () =>
    Effect.gen(function*() {
      const { push, source } = ByteSource.make()
      const first = yield* Effect.forkChild(source.await, { startImmediately: true })
      const second = yield* Effect.forkChild(source.await, { startImmediately: true })
      yield* Fiber.join(first)
      push(bytes(1))
      yield* Fiber.join(second)
    }))
})

describe("fromStream", () => {
  it.effect("gives the bytes of the stream and its end", () =>
    Effect.gen(function*() {
      const source = yield* ByteSource.fromStream(Stream.make("a", "b", "c").pipe(Stream.map((letter) => encoder.encode(letter))))
      const { chunks, end } = yield* drain(source)
      assert.strictEqual(text(chunks), "abc")
      assert.deepStrictEqual(end, ByteSource.eof)
    }))

  it.effect("ends as a reset with the words of the failure, behind the bytes before it", () =>
    Effect.gen(function*() {
      const failing = Stream.make(encoder.encode("a")).pipe(Stream.concat(Stream.fail({ code: 7 })))
      const source = yield* ByteSource.fromStream(failing, { describe: (error) => JSON.stringify(error) })
      const { chunks, end } = yield* drain(source)
      assert.strictEqual(text(chunks), "a")
      assert.deepStrictEqual(end, ByteSource.reset("{\"code\":7}"))
      const defect = yield* ByteSource.fromStream(Stream.die(new Error("boom")))
      assert.deepStrictEqual((yield* drain(defect)).end, ByteSource.reset("boom"))
    }))

  it.effect("holds the stream back while nothing is taken", () =>
    Effect.gen(function*() {
      let pulled = 0
      const firstHeld = yield* Deferred.make<void>()
      const endless = Stream.fromEffectRepeat(Effect.suspend(() => {
        pulled += 1
        return pulled === 3 ? Effect.as(Deferred.succeed(firstHeld, undefined), bytes(4)) : Effect.succeed(bytes(4))
      }))
      const source = yield* ByteSource.fromStream(endless, { highWaterBytes: 12 })
      yield* Deferred.await(firstHeld)
      yield* Effect.yieldNow
      assert.strictEqual(pulled, 3)
      assert.strictEqual(source.take().length, 3)
      yield* source.await
      assert.isAbove(source.take().length, 0)
      assert.isAbove(pulled, 3)
    }))

  it.effect("stops the stream and ends as a reset when its scope closes", () =>
    Effect.gen(function*() {
      let stopped = false
      const scope = yield* Scope.make()
      const stream = Stream.never.pipe(Stream.ensuring(Effect.sync(() => stopped = true)))
      const source = yield* ByteSource.fromStream(stream).pipe(Scope.provide(scope))
      const fiber = yield* Effect.forkChild(source.await, { startImmediately: true })
      yield* Effect.yieldNow
      yield* Scope.close(scope, Exit.failCause(Cause.interrupt()))
      yield* Fiber.join(fiber)
      assert.isTrue(stopped)
      assert.strictEqual(source.ended()?._tag, "Reset")
    }))
})
