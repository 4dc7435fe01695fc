import { assert, describe, it } from "@effect/vitest"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { Effect } from "effect"
import type { Operation } from "../../src/admin/Operation.ts"
import { PeerFailed } from "../../src/workers/Peer.ts"
import * as SharedOperations from "../../src/workers/SharedOperations.ts"
import type { WorkerProcess } from "../../src/workers/WorkerProcess.ts"

/** A worker and what was done in it; `gone` = it does not answer. */
const made = (number: number, options: { readonly isServing?: boolean; readonly isGone?: boolean } = {}) => {
  const done: Array<Operation> = []
  const side = SharedOperations.inWorker()
  side.others(number, () => Effect.undefined).onAsked((operation) => void done.push(operation))
  const process: Pick<WorkerProcess, "number" | "ask" | "isServing"> = {
    number,
    isServing: () => options.isServing ?? true,
    // What travels between processes is JSON
    ask: (name, payload) =>
      options.isGone === true
        ? new PeerFailed({ reason: `worker ${number} is gone` })
        : Effect.orDie(side.handlers[name]?.(JSON.parse(JSON.stringify(payload))) ?? Effect.die(new Error(name)))
  }
  return { done, side, process: process as WorkerProcess }
}

const operations: ReadonlyArray<Operation> = [
  { _tag: "Drain", provider: ProviderId.make("openai") },
  { _tag: "Undrain", provider: ProviderId.make("openai") },
  { _tag: "ResetCooldowns", which: { provider: "openai" } },
  { _tag: "ResetFuse", id: "interceptor:redact" }
]

describe("an operation of an operator", () => {
  it.effect("is done in every other worker that serves, once", () =>
    Effect.gen(function*() {
      const workers = [made(1), made(2), made(3), made(4, { isServing: false })]
      const primary = SharedOperations.handlers(() => workers.map(({ process }) => process))
      const [first] = workers
      const others = first?.side.others(1, (name, payload) => Effect.orDie(primary[name]?.(payload) ?? Effect.void))
      for (const operation of operations) yield* others?.perform(operation) ?? Effect.void
      assert.deepStrictEqual(workers.map(({ done }) => done), [[], operations, operations, []])
    }))

  it.effect("says that it was not done everywhere where a worker is gone", () =>
    Effect.gen(function*() {
      const workers = [made(1), made(2, { isGone: true }), made(3)]
      const primary = SharedOperations.handlers(() => workers.map(({ process }) => process))
      const failed = yield* Effect.flip(primary["operate"]?.({ from: 1, operation: operations[3] }) ?? Effect.void)
      assert.strictEqual(failed.message, "worker 2 is gone")
      assert.deepStrictEqual(workers.map(({ done }) => done.length), [0, 0, 1])
    }))
})
