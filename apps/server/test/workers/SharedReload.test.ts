import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Logger, Result } from "effect"
import { TestClock } from "effect/testing"
import { parse } from "../../src/Config.ts"
import type { Loaded } from "../../src/reload/Origin.ts"
import { ReloadFailure } from "../../src/reload/Reload.ts"
import type { Report } from "../../src/reload/Report.ts"
import { PeerFailed } from "../../src/workers/Peer.ts"
import * as SharedReload from "../../src/workers/SharedReload.ts"
import type { WorkerProcess } from "../../src/workers/WorkerProcess.ts"

const loaded: Loaded = {
  config: Result.getOrThrow(parse("providers: [{ id: a, dialect: openai-chat, simulator: true }]\nmodels: [{ id: m, targets: [{ provider: a }] }]", {})),
  source: { file: "sluice.yaml", text: "the text" }
}
const report: Report = {
  result: "applied",
  generation: 0,
  changes: [{ section: "models", added: ["m"], removed: [], changed: [] }],
  needRestart: ["server.port"]
}
const unbuildable = new ReloadFailure({ step: "build", problems: [{ path: "auth.keySecret", message: "is too short" }] })

/** A worker that answers so, and what it was asked. */
const worker = (
  number: number,
  answer: Effect.Effect<Report, ReloadFailure | PeerFailed>,
  options: { readonly isServing?: boolean } = {}
): WorkerProcess & { readonly asked: Array<unknown> } => {
  const asked: Array<unknown> = []
  return {
    number,
    asked,
    ask: (name, payload) => {
      asked.push([name, payload])
      return Effect.matchEffect(answer, {
        onSuccess: (given) => SharedReload.outcomeOf(Effect.succeed(given)),
        onFailure: (failure): Effect.Effect<unknown, PeerFailed> => failure._tag === "PeerFailed" ? failure : SharedReload.outcomeOf(failure)
      })
    },
    started: Effect.void,
    isServing: () => options.isServing ?? true,
    ended: Effect.never,
    kill: () => {}
  }
}

const serves = (generation: number) => Effect.succeed<Report>({ ...report, generation })

/** A server of these workers, and how often something was applied. */
const over = (workers: ReadonlyArray<WorkerProcess>, planned: Effect.Effect<Report, ReloadFailure> = Effect.succeed(report)) => {
  const applied: Array<Loaded> = []
  return { ...SharedReload.make(() => workers, () => planned, (each) => void applied.push(each)), applied }
}

const silent = Effect.provide(Logger.layer([]))

describe("a configuration for several workers", () => {
  it.effect("is sent as one text to all of them, those that do not serve yet too", () =>
    Effect.gen(function*() {
      const workers = [worker(1, serves(2)), worker(2, serves(2)), worker(3, serves(1), { isServing: false })]
      const shared = over(workers)
      assert.deepStrictEqual(yield* shared.apply(loaded), { ...report, generation: 2 })
      for (const { asked } of workers) assert.deepStrictEqual(asked, [["apply", { file: "sluice.yaml", text: "the text" }]])
      assert.deepStrictEqual(shared.applied, [loaded])
      assert.deepStrictEqual(shared.status(), [{ worker: 1, generation: 2 }, { worker: 2, generation: 2 }, { worker: 3, generation: 1 }])
    }).pipe(silent))

  it.effect("that breaks a rule is told to none", () =>
    Effect.gen(function*() {
      const workers = [worker(1, serves(2)), worker(2, serves(2))]
      const refused = new ReloadFailure({ step: "check", problems: [{ path: "auth.mode", message: "open is refused" }] })
      const shared = over(workers, Effect.fail(refused))
      assert.strictEqual(yield* Effect.flip(shared.apply(loaded)), refused)
      assert.deepStrictEqual(workers.flatMap(({ asked }) => asked), [])
      assert.deepStrictEqual(shared.applied, [])
    }).pipe(silent))

  it.effect("that the first worker cannot build is told to no other, and is not what later workers get", () =>
    Effect.gen(function*() {
      const workers = [worker(1, Effect.fail(unbuildable)), worker(2, serves(2))]
      const shared = over(workers)
      assert.deepStrictEqual((yield* Effect.flip(shared.apply(loaded))).problems, unbuildable.problems)
      assert.deepStrictEqual(workers[1]?.asked, [])
      assert.deepStrictEqual(shared.applied, [])
    }).pipe(silent))

  it.effect("that a later worker cannot build is served by the others, and the one says so until it can", () =>
    Effect.gen(function*() {
      let isBroken = true
      const sometimes = Effect.suspend(() => isBroken ? unbuildable : serves(3))
      const shared = over([worker(1, serves(2)), worker(2, sometimes), worker(3, new PeerFailed({ reason: "it is gone" }))])
      assert.strictEqual((yield* shared.apply(loaded)).result, "applied")
      const [first, second, third] = shared.status()
      assert.deepStrictEqual(first, { worker: 1, generation: 2 })
      assert.match(second?.failure ?? "", /auth\.keySecret: is too short/)
      assert.match(third?.failure ?? "", /it is gone/)
      isBroken = false
      yield* shared.apply(loaded)
      assert.deepStrictEqual(shared.status()[1], { worker: 2, generation: 3 })
    }).pipe(silent))

  it.effect("is taken as it is where no worker serves at the moment, for those that are started next", () =>
    Effect.gen(function*() {
      const shared = over([])
      assert.deepStrictEqual(yield* shared.apply(loaded), report)
      assert.deepStrictEqual(shared.applied, [loaded])
    }).pipe(silent))

  it.effect("says nothing of a worker that was started again, which serves what was applied last", () =>
    Effect.gen(function*() {
      const workers = [worker(1, serves(2)), worker(2, Effect.fail(unbuildable))]
      const shared = over(workers)
      yield* shared.apply(loaded)
      workers[1] = worker(2, serves(1))
      assert.deepStrictEqual(shared.status(), [{ worker: 1, generation: 2 }, { worker: 2 }])
    }).pipe(silent))

  it.effect("is waited for with every worker at the same time", () =>
    Effect.gen(function*() {
      const slow = Effect.delay(serves(2), 1_000)
      const shared = over([worker(1, serves(2)), worker(2, slow), worker(3, slow), worker(4, slow)])
      const fiber = yield* Effect.forkChild(shared.apply(loaded))
      yield* TestClock.adjust(1_000)
      assert.isDefined(fiber.pollUnsafe())
      yield* Fiber.join(fiber)
    }).pipe(silent))
})
