/** The stores of limits against the oracle: whatever is asked in whatever order, they count what it counts. */
import { it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"
import { describe } from "vitest"
import { commands, type Model, type Real } from "./Commands.ts"
import { kinds } from "./Stores.ts"

const start = Date.parse("2026-11-20T10:00:00Z")

const model = (): Model => ({ oracles: new Map(), time: start, next: 1, open: [] })

for (const { make, missing, name, runs } of kinds) {
  describe.skipIf(missing !== undefined)(`a store of limits ${name}`, () => {
    it.live("counts what the oracle counts", () =>
      Effect.gen(function*() {
        const clock = { time: start }
        const fresh = yield* make(clock)
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(commands, (each) =>
              fc.asyncModelRun(() => {
                clock.time = start
                const real: Real = { clock, store: fresh() }
                return { model: model(), real }
              }, each)),
            { numRuns: runs }
          )
        )
      }).pipe(Effect.scoped))
  })
}
