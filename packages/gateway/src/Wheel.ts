/**
 * One coarse clock for all running exchanges: a single fiber that sleeps a tick on Effect's clock and then calls every
 * registered watch. Idle limits, heartbeats, write stalls and kills are watches that compare marks, so that no timer exists
 * per request. It decides nothing itself and knows no limits (Timeouts.ts does).
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as SteadyTime from "./SteadyTime.ts"

/** Something that wants to be asked on every tick. */
export interface Watch {
  /** Called with the coarse time in milliseconds, as {@link Wheel.now} gives it. Must be quick, and must not throw: a watch that does is removed. */
  readonly tick: (now: number) => void
}

/** The service. */
export class Wheel extends Context.Service<Wheel, {
  /**
   * Adds a watch and gives what removes it again; both cost the same however many there are, and both may be called from
   * inside a tick. A watch added during a tick is called from the next one on, or already in this one where others left.
   */
  readonly register: (watch: Watch) => () => void
  /** Milliseconds at the last tick: a time for measuring (SteadyTime.ts), not the time of day. */
  readonly now: () => number
  /** How many watches are registered. */
  readonly size: () => number
  /** How many watches were removed because they threw. */
  readonly failures: () => number
}>()("@sluice/gateway/Wheel") {}

/** A wheel that turns every `tickMs` milliseconds while the layer lives. */
export const layer = (tickMs = 100): Layer.Layer<Wheel> =>
  Layer.effect(
    Wheel,
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      // Entries, not watches: the same watch may be registered twice and removed once
      const entries = new Set<Entry>()
      let now = SteadyTime.now(clock)
      let failures = 0

      const turn = Effect.suspend(() => {
        now = SteadyTime.now(clock)
        const reasons = tickAll(entries, now)
        if (reasons.length === 0) return Effect.void
        failures += reasons.length
        return Effect.forEach(reasons, (reason) => Effect.logError("A watch of the wheel failed and was removed", reason), { discard: true })
      })
      yield* Effect.sleep(tickMs).pipe(Effect.andThen(turn), Effect.forever, Effect.forkScoped)

      return Wheel.of({
        register: (watch) => {
          const entry: Entry = { watch }
          entries.add(entry)
          return () => {
            entries.delete(entry)
          }
        },
        now: () => now,
        size: () => entries.size,
        failures: () => failures
      })
    })
  )

// internal

interface Entry {
  readonly watch: Watch
}

/** Calls every entry once and gives what the removed ones threw. */
const tickAll = (entries: Set<Entry>, now: number): ReadonlyArray<unknown> => {
  const reasons: Array<unknown> = []
  const iterator = entries.values()
  // A set's iterator also visits what is added meanwhile; the count keeps a watch that registers another from never ending
  let left = entries.size
  let current: Entry | undefined
  const run = () => {
    while (left > 0) {
      left -= 1
      current = iterator.next().value
      if (current === undefined) return
      current.watch.tick(now)
    }
  }
  const attempt = () => Result.try({ try: run, catch: (reason) => reason })
  for (let result = attempt(); Result.isFailure(result); result = attempt()) {
    reasons.push(result.failure)
    if (current !== undefined) entries.delete(current)
  }
  return reasons
}
