/** What the port of replays does when its store fails, its process is slow to say how a claim ended, or somebody looks into the store. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { ExchangeId } from "../src/ExchangeId.ts"
import * as Replays from "../src/Replays.ts"
import * as Recorded from "../src/replays/Recorded.ts"
import * as Seal from "../src/replays/Seal.ts"
import type { Ask } from "../src/ReplayStore.ts"
import { defaultBounds, ReplayStore, ReplayStoreUnavailable } from "../src/ReplayStore.ts"
import * as ReplayStoreMemory from "../src/ReplayStoreMemory.ts"

const secret = Redacted.make("a secret of thirty-two characters or more")
const exchange = (n: number) => ExchangeId.make(`01M7WQRHD3YJ1YRN1MV6WSD${String(n).padStart(3, "0")}`)

const named = (n: number, more: Partial<Replays.Named> = {}): Replays.Named => ({
  exchange: exchange(n),
  tenant: "acme",
  principal: "ci",
  route: "POST /v1/chat/completions",
  key: "canary-key",
  path: "/v1/chat/completions",
  text: "canary-prompt",
  ...more
})

const answer: Recorded.Recorded = {
  status: 200,
  contentType: "text/event-stream",
  headers: { "x-sluice-provider": "openai" },
  isStream: true,
  pieces: [Buffer.from("data: canary-answer\n\n"), Buffer.from("data: [DONE]\n\n")],
  exchange: exchange(1),
  costUsd: "0.000182"
}

/** A store that can be told to fail, and keeps what it was told. */
const store = () => {
  const memory = ReplayStoreMemory.make(defaultBounds, () => 0)
  const seen: Array<Ask> = []
  let isDown = false
  return {
    seen,
    fail: (down: boolean) => {
      isDown = down
    },
    layer: Layer.succeed(ReplayStore)({
      ask: (message) =>
        Effect.suspend(() => {
          if (isDown) return new ReplayStoreUnavailable({ reason: "it is away" })
          seen.push(message)
          return Effect.succeed(memory(message))
        })
    })
  }
}

/** Claims, and gives the ticket where the claim is to be executed. */
const claim = (asked: Replays.Named) =>
  Effect.gen(function*() {
    const replays = yield* Replays.Replays
    let ticket: Replays.Ticket | undefined
    const claim = yield* replays.claim(asked, (given) => ticket = given)
    return { claim, ticket }
  })

const over = (layer: Layer.Layer<ReplayStore>, options: Partial<Replays.Options> = {}) => Layer.provide(Replays.layer({ secret, ...options }), layer)

describe("replays", () => {
  it.effect("give the kept answer again, and a store knows neither key nor prompt nor answer nor whose it is", () => {
    const { layer, seen } = store()
    return Effect.gen(function*() {
      const { ticket } = yield* claim(named(1))
      yield* ticket!.keep(answer)
      const { claim: again } = yield* claim(named(2))
      assert.deepStrictEqual(again._tag === "Replay" ? { ...again.answer, pieces: again.answer.pieces.map(String) } : again, {
        ...answer,
        pieces: answer.pieces.map(String)
      })
      const told = JSON.stringify(seen)
      assert.notInclude(told, "canary")
      assert.notInclude(told, Buffer.from("canary-answer").toString("base64").slice(0, 12))
    }).pipe(Effect.provide(over(layer)))
  })

  it.effect("tell requests apart by tenant, caller, endpoint and key, and refuse another body or path", () => {
    const { layer } = store()
    return Effect.gen(function*() {
      yield* claim(named(1))
      for (
        const other of [{ tenant: undefined }, { tenant: "acm", principal: "eci" }, { principal: "other" }, { route: "POST /v1/embeddings" }, { key: "key" }]
      ) {
        assert.strictEqual((yield* claim(named(2, other))).claim._tag, "Execute", JSON.stringify(other))
      }
      for (const other of [{ text: "another" }, { path: "/v1/other" }]) {
        const error = yield* Effect.flip(claim(named(3, other)))
        assert.deepStrictEqual([error.failure.status, error.failure.code], [422, "idempotency_key_reused"])
      }
    }).pipe(Effect.provide(over(layer)))
  })

  it.effect("refuse a request whose claim cannot be stored, and leave its key free", () => {
    const { fail, layer } = store()
    return Effect.gen(function*() {
      fail(true)
      assert.strictEqual((yield* Effect.flip(claim(named(1)))).failure.class, "unavailable")
      fail(false)
      assert.strictEqual((yield* claim(named(2))).claim._tag, "Execute")
    }).pipe(Effect.provide(over(layer)))
  })

  it.effect("tell the store how a claim ended when it is back", () => {
    const { fail, layer } = store()
    return Effect.gen(function*() {
      const { ticket } = yield* claim(named(1))
      fail(true)
      yield* ticket!.keep(answer)
      const waiting = yield* Effect.forkChild(Effect.flip(claim(named(2))), { startImmediately: true })
      assert.strictEqual((yield* Fiber.join(waiting)).failure.class, "unavailable")
      fail(false)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* claim(named(3))).claim._tag, "Replay")
    }).pipe(Effect.provide(over(layer)))
  })

  it.effect("wait for the answer as long as they are told to, and no longer", () => {
    const { layer } = store()
    return Effect.gen(function*() {
      const { ticket } = yield* claim(named(1))
      const late = yield* Effect.forkChild(Effect.flip(claim(named(2))), { startImmediately: true })
      yield* TestClock.adjust("10 seconds")
      const error = yield* Fiber.join(late)
      assert.deepStrictEqual([error.failure.class, error.failure.code, error.failure.retryAfterMs], ["conflict", "idempotency_key_in_use", 2000])
      const patient = yield* Effect.forkChild(claim(named(3)), { startImmediately: true })
      yield* TestClock.adjust("9 seconds")
      yield* ticket!.keep(answer)
      assert.strictEqual((yield* Fiber.join(patient)).claim._tag, "Replay")
    }).pipe(Effect.provide(over(layer, { waitMs: 10_000 })))
  })

  it.effect("execute for one of those who waited when the first was refused", () => {
    const { layer } = store()
    return Effect.gen(function*() {
      const { ticket } = yield* claim(named(1))
      const waiting = yield* Effect.forkChild(claim(named(2)), { startImmediately: true })
      yield* ticket!.release
      assert.strictEqual((yield* Fiber.join(waiting)).claim._tag, "Execute")
    }).pipe(Effect.provide(over(layer)))
  })

  it.effect("do not read what another secret has sealed", () => {
    const { layer } = store()
    const other = Replays.layer({ secret: Redacted.make("another secret of at least thirty-two characters") })
    return Effect.gen(function*() {
      const { ticket } = yield* Effect.provide(claim(named(1)), over(layer))
      yield* ticket!.keep(answer)
      assert.strictEqual((yield* Effect.provide(claim(named(2)), Layer.provide(other, layer))).claim._tag, "Execute")
    })
  })
})

describe("a seal", () => {
  const seal = Seal.make(Buffer.from("secret"))

  it("opens what it closed, for the same scope, unchanged", () => {
    const closed = seal.close("scope", Buffer.from("plain"))
    assert.strictEqual(Option.getOrThrow(Option.map(seal.open("scope", closed), String)), "plain")
    assert.isTrue(Option.isNone(seal.open("other", closed)))
    assert.isTrue(Option.isNone(Seal.make(Buffer.from("another")).open("scope", closed)))
    for (let at = 0; at < closed.length; at++) {
      const damaged = Buffer.from(closed, "base64")
      if (at >= damaged.length) break
      damaged[at] = (damaged[at] ?? 0) ^ 1
      assert.isTrue(Option.isNone(seal.open("scope", damaged.toString("base64"))), `byte ${at}`)
    }
    for (const broken of ["", "AAAA", closed.slice(0, 20)]) assert.isTrue(Option.isNone(seal.open("scope", broken)))
  })

  it("never closes the same twice alike, and names no two lists of parts alike", () => {
    assert.notStrictEqual(seal.close("scope", Buffer.from("plain")), seal.close("scope", Buffer.from("plain")))
    const lists = [["a", "bc"], ["ab", "c"], ["abc"], ["a", "b", "c"], ["a:b", "c"], ["", "abc"]]
    assert.strictEqual(new Set(lists.map(seal.name)).size, lists.length)
  })
})

describe("a recorded answer", () => {
  it("is the same after it was bytes, and nothing else is one", () => {
    const bytes = Recorded.toBytes(answer)
    assert.deepStrictEqual(
      Option.map(Recorded.fromBytes(bytes), ({ pieces, ...rest }) => ({ ...rest, pieces: pieces.map(String) })),
      Option.some({ ...answer, pieces: answer.pieces.map(String) })
    )
    for (
      const broken of [
        bytes.subarray(0, 3),
        bytes.subarray(0, -1),
        Buffer.concat([bytes, Buffer.from("x")]),
        Buffer.alloc(8),
        Buffer.from("\u0000\u0000\u0000\u0002{}")
      ]
    ) {
      assert.isTrue(Option.isNone(Recorded.fromBytes(broken)))
    }
  })
})
