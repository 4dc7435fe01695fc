/**
 * Whether the gateway is taking requests, about to stop, or stopping: read by readiness, by new exchanges, and by the wheel,
 * which ends open streams with a terminal error when the drain runs out.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SteadyTime from "./SteadyTime.ts"

/** Where the gateway stands. Times are those of the wheel. */
export type Stage = { readonly _tag: "Serving" } | {
  readonly _tag: "Draining"
  /** New exchanges are refused from here on; before, load balancers get time to look elsewhere. */
  readonly refusesAt: number
  /** Open streams are ended with a terminal error. */
  readonly stopsAt: number
}

/** The gateway's own life. */
export class Lifecycle extends Context.Service<Lifecycle, {
  readonly stage: () => Stage
  /** Starts draining: new exchanges are taken for `lameDuckMs` more, then open streams have `drainMs` to end by themselves. */
  readonly drain: (times: { readonly lameDuckMs: number; readonly drainMs: number }) => Effect.Effect<void>
}>()("@sluice/gateway/Lifecycle") {}

/** Begins serving. */
export const layer: Layer.Layer<Lifecycle> = Layer.sync(Lifecycle, () => {
  let stage: Stage = { _tag: "Serving" }
  return Lifecycle.of({
    stage: () => stage,
    drain: ({ drainMs, lameDuckMs }) =>
      Effect.map(Clock.clockWith((clock) => Effect.succeed(SteadyTime.now(clock))), (now) => {
        if (stage._tag === "Serving") stage = { _tag: "Draining", refusesAt: now + lameDuckMs, stopsAt: now + lameDuckMs + drainMs }
      })
  })
})
