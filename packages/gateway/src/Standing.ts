/**
 * What outlives the generations of a gateway: the record, the clock and the wheel, and what is remembered from one exchange to the next.
 * Made once for a process, before its first generation; every generation gets the same.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import { Admission } from "./Admission.ts"
import * as Continuity from "./Continuity.ts"
import * as CountedInput from "./CountedInput.ts"
import * as Drain from "./Drain.ts"
import * as Fuse from "./Fuse.ts"
import type { Gateway } from "./Gateway.ts"
import { Ledger } from "./Ledger.ts"
import { Lifecycle } from "./Lifecycle.ts"
import * as Metrics from "./Metrics.ts"
import * as Refusals from "./Refusals.ts"
import { Replays } from "./Replays.ts"
import * as Scheduling from "./Scheduling.ts"
import * as SteadyTime from "./SteadyTime.ts"
import * as UsageOutbox from "./UsageOutbox.ts"
import { Wheel } from "./Wheel.ts"

/** The parts of a gateway that stay when it is replaced. */
export class Standing extends Context.Service<
  Standing,
  Pick<
    Gateway,
    | "ledger"
    | "continuity"
    | "scheduling"
    | "admission"
    | "refusals"
    | "replays"
    | "wheel"
    | "lifecycle"
    | "clock"
    | "now"
    | "random"
    | "drains"
    | "counting"
    | "fuses"
    | "outbox"
  >
>()("@sluice/gateway/Standing") {}

/** Makes the gathered counts visible on every turn of the wheel, and the last ones at the end. */
const flushing = (wheel: Wheel["Service"]) =>
  Effect.contextWith((context: Context.Context<never>) => {
    const flush = (): void => Metrics.flush(context)
    return Effect.acquireRelease(Effect.sync(() => wheel.register({ tick: flush })), (unregister) =>
      Effect.sync(() => {
        unregister()
        flush()
      }))
  })

/** Gathers it. Ports that may be left out: whoever gives none gets a memory of its own, replays nothing and admits everybody. */
export const layer: Layer.Layer<Standing, never, Ledger | Lifecycle | Wheel> = Layer.effect(
  Standing,
  Effect.gen(function*() {
    const random = yield* Random.Random
    const wheel = yield* Wheel
    const ledger = yield* Ledger
    const clock = yield* Clock.Clock
    const now = () => SteadyTime.now(clock)
    const memory = yield* Effect.serviceOption(Continuity.Continuity)
    yield* flushing(wheel)
    return {
      ledger,
      continuity: Option.getOrElse(memory, () => Continuity.memory(Continuity.defaultBounds, now)),
      scheduling: Option.getOrElse(yield* Effect.serviceOption(Scheduling.Scheduling), () => Scheduling.memory(now)),
      admission: Option.getOrUndefined(yield* Effect.serviceOption(Admission)),
      refusals: yield* Refusals.recording(ledger, wheel),
      replays: Option.getOrUndefined(yield* Effect.serviceOption(Replays)),
      wheel,
      lifecycle: yield* Lifecycle,
      clock,
      now,
      random: () => random.nextDoubleUnsafe(),
      drains: Drain.none(),
      counting: CountedInput.none(),
      outbox: Option.getOrElse(yield* Effect.serviceOption(UsageOutbox.UsageOutbox), () => UsageOutbox.memory(now)),
      fuses: Option.getOrElse(yield* Effect.serviceOption(Fuse.Fuses), Fuse.fuses)
    }
  })
)
