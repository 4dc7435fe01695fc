import { assert, describe, it } from "@effect/vitest"
import { fail } from "@sluice/protocol/GatewayError"
import { Cause, Clock, Effect, Exit, Fiber, Layer, Logger, Option, Redacted } from "effect"
import * as ApiKeys from "../src/ApiKeys.ts"
import * as Chain from "../src/authentication/Chain.ts"
import * as Authenticator from "../src/Authenticator.ts"
import * as Fuse from "../src/Fuse.ts"

type Scheme = Authenticator.Scheme

const presented = (more: Partial<Authenticator.Presented> = {}): Authenticator.Presented => ({
  method: "POST",
  path: "/v1/chat/completions",
  headers: {},
  secret: "secret",
  ...more
})

/** A chain of these schemes, and the ids of those that were asked, in order. */
const chain = Effect.fnUntraced(function*(...schemes: ReadonlyArray<Scheme>) {
  const asked: Array<string> = []
  const layers = schemes.map((scheme) =>
    Authenticator.scheme({ ...scheme, authenticate: (given) => Effect.andThen(Effect.sync(() => void asked.push(scheme.id)), scheme.authenticate(given)) })
  )
  const [first = Layer.empty, ...rest] = layers
  const services = yield* Layer.build(Authenticator.chain(Layer.mergeAll(first, ...rest)))
  const { authenticate } = yield* Effect.provide(Authenticator.Authenticator, services)
  return { asked, authenticate }
})

const knows = (id: string, more: Partial<Scheme> = {}): Scheme => ({ id, authenticate: () => Effect.succeedSome({ id }), ...more })
const notMine = (id: string, more: Partial<Scheme> = {}): Scheme => ({ id, authenticate: () => Effect.succeedNone, ...more })
const codeOf = (effect: Effect.Effect<unknown, { readonly failure: { readonly class: string; readonly code?: string } }>) =>
  Effect.map(Effect.flip(effect), ({ failure }) => `${failure.class} ${failure.code}`)

describe("a chain of authentication schemes", () => {
  it.effect("asks by priority, then by id, until one knows the caller", () =>
    Effect.gen(function*() {
      const { asked, authenticate } = yield* chain(knows("c"), notMine("b"), notMine("z", { priority: 1 }), notMine("a"), knows("d"))
      assert.deepStrictEqual(yield* authenticate(presented()), { id: "c" })
      assert.deepStrictEqual(asked, ["z", "a", "b", "c"])
    }))

  it.effect("ends with a definite refusal, whoever would come after it", () =>
    Effect.gen(function*() {
      const refusal: Scheme = { id: "b", authenticate: () => fail({ class: "unauthenticated", message: "Revoked.", code: "revoked_api_key" }) }
      const { asked, authenticate } = yield* chain(notMine("a"), refusal, knows("c"))
      assert.strictEqual(yield* codeOf(authenticate(presented())), "unauthenticated revoked_api_key")
      assert.deepStrictEqual(asked, ["a", "b"])
    }))

  it.effect("refuses whom nobody knows, and says whether a secret was missing", () =>
    Effect.gen(function*() {
      const { authenticate } = yield* chain(notMine("a"), notMine("b"))
      assert.strictEqual(yield* codeOf(authenticate(presented())), "unauthenticated invalid_api_key")
      assert.strictEqual(yield* codeOf(authenticate(presented({ secret: undefined }))), "unauthenticated missing_api_key")
      assert.strictEqual(yield* codeOf(authenticate(presented({ secret: undefined, ignored: "key" }))), "unauthenticated api_key_in_query")
    }))

  it.effect("refuses everybody when it has no schemes", () =>
    Effect.gen(function*() {
      const { authenticate } = yield* chain()
      assert.strictEqual(yield* codeOf(authenticate(presented())), "unauthenticated no_authenticator")
    }))

  it.effect("is replaced by an exclusive scheme, also where that does not know the caller", () =>
    Effect.gen(function*() {
      const { asked, authenticate } = yield* chain(knows("a", { priority: 100 }), notMine("only", { exclusive: true }))
      assert.strictEqual(yield* codeOf(authenticate(presented())), "unauthenticated invalid_api_key")
      assert.deepStrictEqual(asked, ["only"])
    }))

  it.effect("is replaced by the exclusive scheme of the highest priority, of those by the lowest id", () =>
    Effect.gen(function*() {
      const low = knows("a", { exclusive: true })
      const { authenticate } = yield* chain(
        low,
        knows("c", { exclusive: true, priority: 2 }),
        knows("b", { exclusive: true, priority: 2 }),
        knows("z", { priority: 9 })
      )
      assert.deepStrictEqual(yield* authenticate(presented()), { id: "b" })
    }))

  it.effect("fails closed when a scheme dies, and says so in the log only", () =>
    Effect.gen(function*() {
      const dies: Scheme = { id: "b", authenticate: () => Effect.die(new Error("secret detail")) }
      const throws: Scheme = {
        id: "b",
        authenticate: () => {
          throw new Error("secret detail")
        }
      }
      for (const dying of [dies, throws]) {
        const lines: Array<string> = []
        const log = Logger.make(({ cause, message }) => void lines.push(`${String(message)} ${String(cause)}`))
        const { asked, authenticate } = yield* chain(notMine("a"), dying, knows("c"))
        const error = yield* authenticate(presented()).pipe(Effect.flip, Effect.provide(Logger.layer([log])))
        assert.deepInclude(error.failure, { class: "unavailable", code: "authentication_unavailable" })
        assert.notInclude(error.message, "secret detail")
        assert.lengthOf(lines, 1)
        assert.deepStrictEqual(asked.filter((id) => id === "c"), [])
      }
    }))

  it.effect("counts what dies beside the faults of other parts, and goes on asking it: nobody locks the others out", () =>
    Effect.gen(function*() {
      let dies = true
      const moody: Scheme = { id: "moody", authenticate: () => dies ? Effect.die(new Error("not today")) : Effect.succeedSome({ id: "x" }) }
      const fuses = Fuse.fuses()
      const { authenticate } = Chain.counted({ schemes: [moody], authenticate: () => Effect.die("unused") }, { clock: yield* Clock.Clock, fuses })
      for (let call = 0; call < 20; call++) assert.strictEqual(yield* codeOf(authenticate(presented())), "unavailable authentication_unavailable")
      assert.deepInclude(fuses.status()[0], { id: "authenticator:moody", kind: "authenticator", failPolicy: "closed", faults: 20, isFused: false })
      assert.include(fuses.status()[0]?.lastFault ?? "", "not today")
      dies = false
      assert.deepStrictEqual(yield* authenticate(presented()), { id: "x" })
    }).pipe(Effect.provide(Logger.layer([]))))

  it.effect("is interrupted with its caller, which is no refusal", () =>
    Effect.gen(function*() {
      const { authenticate } = yield* chain({ id: "a", authenticate: () => Effect.never })
      const fiber = yield* Effect.forkChild(authenticate(presented()), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
    }))

  it.effect("lets schemes see method, path, headers, query and address", () =>
    Effect.gen(function*() {
      const all: Scheme = {
        id: "all",
        authenticate: (given) =>
          Effect.succeedSome({
            id: [given.method, given.path.split("?")[0], given.headers["x-a"], Authenticator.query(given).get("q"), given.address].join(" ")
          })
      }
      const { authenticate } = yield* chain(all)
      const principal = yield* authenticate(presented({ path: "/p?q=1%202", headers: { "x-a": "h" }, address: "::1" }))
      assert.strictEqual(principal.id, "POST /p h 1 2 ::1")
    }))

  it.effect("knows a fixed set of keys and leaves other secrets to the next", () =>
    Effect.gen(function*() {
      const keys = [{ key: Redacted.make("sk-one"), principal: { id: "one", attributes: { desk: "4" } } }]
      const other = Authenticator.scheme({
        id: "other",
        authenticate: ({ secret }) => Effect.succeed(secret === "sk-two" ? Option.some({ id: "two" }) : Option.none())
      })
      const services = yield* Layer.build(Authenticator.chain(Layer.merge(ApiKeys.scheme(keys), other)))
      const { authenticate } = yield* Effect.provide(Authenticator.Authenticator, services)
      assert.deepStrictEqual(yield* authenticate(presented({ secret: "sk-one" })), { id: "one", attributes: { desk: "4" } })
      assert.deepStrictEqual(yield* authenticate(presented({ secret: "sk-two" })), { id: "two" })
      assert.strictEqual(yield* codeOf(authenticate(presented({ secret: "sk-three" }))), "unauthenticated invalid_api_key")
    }))
})
