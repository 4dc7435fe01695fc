/**
 * The provider that simulated entries of the configuration are answered by. One for the whole server, started when the first such entry
 * is served and running until the server ends, so that replaced configurations share it.
 */
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { Context, Effect, Layer, Schema, Semaphore } from "effect"

/** It could not be started, or whoever runs it does not say where it is. */
export class SimulatedProviderMissing extends Schema.TaggedError<SimulatedProviderMissing>()("SimulatedProviderMissing", { reason: Schema.String }) {
  override get message(): string {
    return `the simulated provider cannot be reached: ${this.reason}`
  }
}

/** The service. */
export class SimulatedProvider extends Context.Service<SimulatedProvider, {
  /** Where it is reached, without a slash at its end; starts it where nobody has. */
  readonly url: Effect.Effect<string, SimulatedProviderMissing>
}>()("@sluice/server/SimulatedProvider") {}

/** Runs it in this process. */
export const layer: Layer.Layer<SimulatedProvider> = Layer.effect(
  SimulatedProvider,
  Effect.gen(function*() {
    const scope = yield* Effect.scope
    const gate = yield* Semaphore.make(1)
    let running: string | undefined
    const start = Layer.buildWithScope(Simulator.layerServer(), scope).pipe(
      Effect.map((services) => running = Context.get(services, SimulatorServer).url),
      Effect.mapError(({ message }) => new SimulatedProviderMissing({ reason: message })),
      // It must not end with the configuration that was the first to want it
      Effect.uninterruptible
    )
    return { url: gate.withPermit(Effect.suspend(() => running === undefined ? start : Effect.succeed(running))) }
  })
)
