/** The response cache as the pipeline calls it: whose answers are given to whom, who waits for whom, and what is never kept. */
import { assert, describe, it } from "@effect/vitest"
import { frame } from "@sluice/protocol/CanonicalEvent"
import type { FinishReason } from "@sluice/protocol/CanonicalFinish"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import { DialectId } from "@sluice/protocol/Wire"
import { Duration, Effect, Exit, Fiber, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as CacheStore from "../../src/CacheStore.ts"
import * as CacheStoreMemory from "../../src/CacheStoreMemory.ts"
import { ExchangeId } from "../../src/ExchangeId.ts"
import type { ExchangeContext, Extension } from "../../src/Extension.ts"
import * as ResponseCache from "../../src/extensions/ResponseCache.ts"
import type { Settlement } from "../../src/Ledger.ts"
import { ProviderId } from "../../src/ProviderId.ts"
import type { RecordedAnswer } from "../../src/RecordedAnswer.ts"
import * as Registries from "../../src/Registries.ts"

let count = 0

const nextId = (): ExchangeId => ExchangeId.make(String(++count).padStart(26, "0"))

const context = (more: Partial<ExchangeContext> = {}): ExchangeContext => ({
  id: nextId(),
  startedAt: 0,
  principal: { id: "key-1" },
  inbound: DialectId.make("openai-chat"),
  operation: "generate",
  model: "m",
  stream: false,
  header: () => undefined,
  targets: [{ provider: "p", model: "m" }],
  ...more
})

const request = (text: string, more: Partial<CanonicalRequest> = {}): CanonicalRequest => ({
  model: "m",
  turns: [{ role: "user", parts: [{ type: "text", text }] }],
  ...more
})

const answer = (said: string, exchange: ExchangeId, finish: FinishReason = "stop"): RecordedAnswer => ({
  exchange,
  recordedAt: 0,
  provider: ProviderId.make("p"),
  upstream: DialectId.make("openai-chat"),
  upstreamModel: "m",
  finish,
  form: "stream",
  frames: [frame({ type: "start", id: said }, { type: "finish", choice: 0, reason: finish }, { type: "end" })]
})

const settlement = {} as Settlement

interface Cache {
  readonly lookup: NonNullable<Extension["lookup"]>
  readonly store: NonNullable<Extension["store"]>
  readonly finish: (context: ExchangeContext) => Effect.Effect<void>
}

const parts = (options: ResponseCache.Options) =>
  Effect.gen(function*() {
    const [extension] = yield* Effect.flatMap(Registries.Extensions, ({ all }) => all)
    if (extension?.lookup === undefined || extension.store === undefined) return yield* Effect.die("The cache did not register itself.")
    const { finish, lookup, store } = extension
    return { lookup, store, finish: (of: ExchangeContext) => finish?.(settlement, of) ?? Effect.void } satisfies Cache
  }).pipe(Effect.provide(ResponseCache.layer(options).pipe(Layer.provideMerge(Registries.layer()))))

/** Asks; where the cache has nothing, says something and lets it be kept. What was said, and whether it was a hit. */
const ask = (cache: Cache, asked: CanonicalRequest, of: ExchangeContext, said: string, finish?: FinishReason) =>
  Effect.gen(function*() {
    const found = yield* cache.lookup(asked, of)
    if (Option.isNone(found)) yield* cache.store(answer(said, of.id, finish), asked, of)
    yield* cache.finish(of)
    const start = Option.isNone(found) ? undefined : found.value.frames[0]?.events[0]
    return start?.type === "start" ? start.id : undefined
  })

const test = (name: string, run: (cache: Cache) => Effect.Effect<void, unknown, CacheStore.CacheStore>, options: ResponseCache.Options = {}) =>
  it.effect(name, () => Effect.flatMap(parts(options), run).pipe(Effect.provide(CacheStoreMemory.layer())))

describe("the response cache", () => {
  test("gives an answer again, whatever the protocol, the way it travels and the name of the model", (cache) =>
    Effect.gen(function*() {
      assert.isUndefined(yield* ask(cache, request("hi", { temperature: 1, topP: 0.5 }), context(), "first"))
      const again = request("hi", { topP: 0.5, temperature: 1, stream: true, streamOptions: { includeUsage: true }, model: "alias" })
      assert.strictEqual(yield* ask(cache, again, context({ inbound: DialectId.make("anthropic-messages"), stream: true }), "second"), "first")
    }))

  test("asks again for anything that differs: words, options, what only the protocol knows, and where it would go", (cache) =>
    Effect.gen(function*() {
      const wire = (value: number) => ({ dialect: DialectId.make("openai-chat"), value: { own: value } })
      const asked: ReadonlyArray<readonly [CanonicalRequest, ExchangeContext]> = [
        [request("hi"), context()],
        [request("ho"), context()],
        [request("hi", { temperature: 0 }), context()],
        [request("hi", { headers: { "anthropic-beta": "x" } }), context()],
        [request("hi", { wire: wire(1), foreign: ["own"] }), context()],
        [request("hi", { wire: wire(2), foreign: ["own"] }), context()],
        [request("hi"), context({ targets: [{ provider: "q", model: "m" }] })],
        [request("hi"), context({ targets: [{ provider: "p", model: "n" }] })]
      ]
      for (const [each, of] of asked) assert.isUndefined(yield* ask(cache, each, of, "x"))
      for (const [each, of] of asked) assert.strictEqual(yield* ask(cache, each, { ...of, id: nextId() }, "x"), "x")
    }))

  test("never gives anybody what somebody else was told", (cache) =>
    Effect.gen(function*() {
      let state = 20_261_120
      const next = (below: number): number => {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
        return Math.floor((state / 2_147_483_648) * below)
      }
      const tenants = [undefined, "acme", "acme:", "umbrella"]
      for (let round = 0; round < 2_000; round++) {
        const tenant = tenants[next(tenants.length)]
        const principal = { id: ["a", "b", "a:b", ""][next(4)] ?? "", ...(tenant === undefined ? {} : { tenant }) }
        const who = JSON.stringify(principal)
        const found = yield* ask(cache, request(String(next(5))), context({ principal }), who)
        if (found !== undefined) assert.strictEqual(found, who, `round ${round}`)
      }
    }))

  test("shares the answers of a tenant, where it is told to, with nobody outside", (cache) =>
    Effect.gen(function*() {
      const of = (id: string, tenant?: string) => context({ principal: { id, ...(tenant === undefined ? {} : { tenant }) } })
      assert.isUndefined(yield* ask(cache, request("hi"), of("a", "acme"), "acme's"))
      assert.strictEqual(yield* ask(cache, request("hi"), of("b", "acme"), ""), "acme's")
      for (const other of [of("a", "umbrella"), of("a"), of("b"), of("acme")]) assert.isUndefined(yield* ask(cache, request("hi"), other, "other"))
    }), { scope: "tenant" })

  test("keeps nothing that broke off, was cut short, failed or changes something where it is asked", (cache) =>
    Effect.gen(function*() {
      for (const finish of ["length", "content-filter", "missing", "refusal", "pause", "other"] as const) {
        yield* ask(cache, request(finish), context(), "x", finish)
        assert.isUndefined(yield* ask(cache, request(finish), context(), "x", finish), finish)
      }
      for (const more of [{ background: true }, { conversation: "c" }, { container: "c" }, { mcpServers: [{}] }]) {
        yield* ask(cache, request("hi", more), context(), "x")
        assert.isUndefined(yield* ask(cache, request("hi", more), context(), "x"), JSON.stringify(more))
      }
    }))

  test("keeps nothing for who says no-store, and something newer for who says no-cache", (cache) =>
    Effect.gen(function*() {
      const saying = (value: string) => context({ header: (name) => name === "cache-control" ? value : undefined })
      yield* ask(cache, request("hi"), saying("No-Store"), "unkept")
      assert.isUndefined(yield* ask(cache, request("hi"), context(), "first"))
      assert.isUndefined(yield* ask(cache, request("hi"), saying("no-store"), "unkept"))
      assert.isUndefined(yield* ask(cache, request("hi"), saying("max-age=0, no-cache"), "second"))
      assert.strictEqual(yield* ask(cache, request("hi"), context(), ""), "second")
    }))

  test("tells requests apart by what else matters to them", (cache) =>
    Effect.gen(function*() {
      const from = (inbound: string) => context({ inbound: DialectId.make(inbound) })
      assert.isUndefined(yield* ask(cache, request("hi"), from("openai-chat"), "chat's"))
      assert.isUndefined(yield* ask(cache, request("hi"), from("anthropic-messages"), "messages'"))
      assert.strictEqual(yield* ask(cache, request("hi"), from("openai-chat"), ""), "chat's")
    }), { vary: ({ inbound }) => [inbound] })

  test("forgets after its time", (cache) =>
    Effect.gen(function*() {
      yield* ask(cache, request("hi"), context(), "first")
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* ask(cache, request("hi"), context(), ""), "first")
      yield* TestClock.adjust("1 second")
      assert.isUndefined(yield* ask(cache, request("hi"), context(), "second"))
    }), { ttl: "1 minute" })

  test("keeps nothing larger than it may", (cache) =>
    Effect.gen(function*() {
      yield* ask(cache, request("hi"), context(), "x".repeat(2_000))
      assert.isUndefined(yield* ask(cache, request("hi"), context(), "small"))
      assert.strictEqual(yield* ask(cache, request("hi"), context(), ""), "small")
    }), { maxAnswerBytes: 1_000 })
})

describe("single flight", () => {
  const waiting = (cache: Cache, number: number) =>
    Effect.forEach(Array.from({ length: number }), () => {
      const of = context()
      return Effect.forkChild(Effect.map(cache.lookup(request("hi"), of), (found) => [of, Option.isSome(found)] as const), { startImmediately: true })
    })

  test("asks once for a hundred requests at the same time, and gives all others its answer", (cache) =>
    Effect.gen(function*() {
      const first = context()
      assert.isTrue(Option.isNone(yield* cache.lookup(request("hi"), first)))
      const others = yield* waiting(cache, 99)
      yield* cache.store(answer("first", first.id), request("hi"), first)
      yield* cache.finish(first)
      for (const [, isHit] of yield* Effect.forEach(others, Fiber.join)) assert.isTrue(isHit)
    }))

  test("lets the next one ask where the first came to nothing, one at a time", (cache) =>
    Effect.gen(function*() {
      const first = context()
      yield* cache.lookup(request("hi"), first)
      const others = yield* waiting(cache, 3)
      yield* cache.finish(first)
      yield* Effect.yieldNow
      const ended = others.filter((fiber) => fiber.pollUnsafe() !== undefined)
      assert.strictEqual(ended.length, 1)
      const [second, isHit] = yield* Fiber.join(ended[0] ?? (yield* Effect.die("nobody asks")))
      assert.isFalse(isHit)
      yield* cache.store(answer("second", second.id), request("hi"), second)
      yield* cache.finish(second)
      for (const fiber of others) if (fiber !== ended[0]) assert.isTrue((yield* Fiber.join(fiber))[1])
    }))

  test("waits no longer than it may, and then asks itself", (cache) =>
    Effect.gen(function*() {
      yield* cache.lookup(request("hi"), context())
      const [other] = yield* waiting(cache, 1)
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(other?.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const exit = other?.pollUnsafe()
      assert.isTrue(exit !== undefined && Exit.isSuccess(exit) && !exit.value[1])
    }), { wait: "10 seconds" })

  test("does not wait for one that is asked by somebody else", (cache) =>
    Effect.gen(function*() {
      yield* cache.lookup(request("hi"), context())
      assert.isTrue(Option.isNone(yield* cache.lookup(request("hi"), context({ principal: { id: "key-2" } }))))
    }))
})

describe("a store that does not answer", () => {
  it.effect("is as good as an empty one", () =>
    Effect.gen(function*() {
      const cache = yield* parts({})
      const asked = yield* Effect.forkChild(ask(cache, request("hi"), context(), "x"))
      yield* TestClock.adjust(Duration.seconds(10))
      assert.isUndefined(yield* Fiber.join(asked))
    }).pipe(Effect.provideService(CacheStore.CacheStore, { ask: () => Effect.never, status: () => ({ kind: "other", entries: 0, bytes: 0 }) })))
})

describe("a purge", () => {
  test("forgets the answers of everybody", (cache) =>
    Effect.gen(function*() {
      yield* ask(cache, request("hi"), context(), "x")
      yield* ask(cache, request("ho"), context(), "x")
      assert.strictEqual(yield* ResponseCache.purge(), 2)
      assert.isUndefined(yield* ask(cache, request("hi"), context(), "x"))
    }))
})
