/**
 * The configuration this process serves, and how another takes its place: planned, checked, built as a new generation of the gateway, and
 * only then put in force. Whatever fails leaves everything as it was.
 */
import type { Authenticator } from "@sluice/gateway/Authenticator"
import { Generations, type Provided } from "@sluice/gateway/Generations"
import type { ExecutorInstalled } from "@sluice/gateway/HttpExecutor"
import type { Options } from "@sluice/gateway/HttpGateway"
import { Context, Effect, Layer } from "effect"
import type { Config } from "../Config.ts"
import * as Plan from "./Plan.ts"
import { ReloadFailure } from "./Reload.ts"
import type { Report } from "./Report.ts"

/** The service. */
export class Configuration extends Context.Service<Configuration, {
  /** What is served now. Settings that need a restart are those of the start. */
  readonly current: () => Config
  /** Serves another one from now on; one at a time, which is its caller's duty. */
  readonly apply: (wanted: Config) => Effect.Effect<Report, ReloadFailure>
}>()("@sluice/server/Configuration") {}

/** One configuration as the gateway takes it. */
export interface Served<E, R> {
  readonly parts: Layer.Layer<ExecutorInstalled | Authenticator, E, Provided | R>
  readonly options: Options
}

/** Serves what the server was started with, over generations whose first one was made of it. */
export const layer = <E, R>(started: Config, servedOf: (config: Config) => Served<E, R>): Layer.Layer<Configuration, never, Generations | R> =>
  Layer.effect(
    Configuration,
    Effect.gen(function*() {
      const generations = yield* Generations
      const around = Layer.succeedContext(yield* Effect.context<R>())
      let current = started
      return {
        current: () => current,
        apply: Effect.fnUntraced(function*(wanted: Config) {
          const { changes, needRestart, next, problems } = Plan.of(started, current, wanted)
          if (problems.length > 0) return yield* new ReloadFailure({ step: "check", problems })
          const { generation: { number } } = generations.current()
          if (changes.length === 0) return { result: "unchanged", generation: number, changes, needRestart } satisfies Report
          const { options, parts } = servedOf(next)
          const gateway = yield* generations.replace(Layer.provide(parts, around), options).pipe(
            Effect.mapError(({ reason }) => new ReloadFailure({ step: "build", problems: [{ path: "", message: reason }] }))
          )
          current = next
          return { result: "applied", generation: gateway.generation.number, changes, needRestart } satisfies Report
        }, Effect.uninterruptible)
      }
    })
  )
