/**
 * A gateway over HTTP, composed from parts: `serve(parts, { dialects })` takes executors, extensions and interceptors as one
 * merged layer, and asks by type for the ledger, the authenticator and the HTTP server it needs. A missing piece does not compile.
 */
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import { Admission } from "./Admission.ts"
import { Authenticator } from "./Authenticator.ts"
import * as Continuity from "./Continuity.ts"
import * as CountedInput from "./CountedInput.ts"
import * as Drain from "./Drain.ts"
import type { Executor } from "./Executor.ts"
import { defaultSettings, type Gateway, type Settings } from "./Gateway.ts"
import * as ClientHabits from "./http/ClientHabits.ts"
import * as ClientSecret from "./http/ClientSecret.ts"
import * as DialectRoutes from "./http/DialectRoutes.ts"
import type { ExecutorInstalled } from "./HttpExecutor.ts"
import { Ledger } from "./Ledger.ts"
import * as Lifecycle from "./Lifecycle.ts"
import { Limits } from "./Limits.ts"
import * as Management from "./Management.ts"
import * as Metrics from "./Metrics.ts"
import type { ModelEntry } from "./ModelEntry.ts"
import * as ModelRegistry from "./ModelRegistry.ts"
import { Prices } from "./Prices.ts"
import * as Refusals from "./Refusals.ts"
import { Executors, Extensions, Interceptors, layer as registries, Managements } from "./Registries.ts"
import { Replays } from "./Replays.ts"
import * as SteadyTime from "./SteadyTime.ts"
import { TokenCounter } from "./TokenCounter.ts"
import * as Wheel from "./Wheel.ts"

/** What a gateway is told beside its parts. */
export interface Options {
  /** The protocols clients may speak. Those of the executors need not be among them. */
  readonly dialects: ReadonlyArray<Dialect>
  /** The routes of model names; absent = every name goes to the first executor, `<id>/<model>` to the one named. */
  readonly models?: ReadonlyArray<ModelEntry>
  readonly settings?: Partial<Settings>
}

/** Without configured models: a prefix for each executor, and the first one for everything else. */
const defaultModels = (executors: ReadonlyArray<Executor>): ReadonlyArray<ModelEntry> => [
  ...executors.map(({ id }): ModelEntry => ({ id: `${id}/*`, targets: [{ provider: id, model: "*" }] })),
  ...executors.slice(0, 1).map(({ id }): ModelEntry => ({ id: "*", targets: [{ provider: id }] }))
]

/** The gateway's routes, for a server of one's own making. */
export const routes = <E, R>(parts: Layer.Layer<ExecutorInstalled, E, R>, options: Options) =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const gateway = yield* start(options)
    yield* DialectRoutes.add(router, gateway)
    yield* ClientHabits.add(router, gateway)
  })).pipe(
    Layer.provide(parts),
    Layer.provide(registries()),
    Layer.provide(Wheel.layer())
  )

const start = Effect.fnUntraced(
  function*(
    options: Options
  ): Effect.fn.Return<
    Gateway,
    ModelRegistry.ModelRegistryError | Management.ManagementError,
    Executors | Extensions | Interceptors | Managements | Ledger | Authenticator | Wheel.Wheel | Lifecycle.Lifecycle | Scope.Scope
  > {
    const executors = yield* Effect.flatMap(Executors, ({ all }) => all)
    const extensions = yield* Effect.flatMap(Extensions, ({ all }) => all)
    const interceptors = yield* Effect.flatMap(Interceptors, ({ all }) => all)
    const snapshot = yield* Effect.fromResult(ModelRegistry.make(options.models ?? defaultModels(executors), executors.map(({ id }) => id)))
    const random = yield* Random.Random
    const wheel = yield* Wheel.Wheel
    const ledger = yield* Ledger
    const clock = yield* Clock.Clock
    // These ports may be left out: whoever gives none gets a memory of its own, limits nobody and admits everybody
    const limits = yield* Effect.serviceOption(Limits)
    const given = yield* Effect.serviceOption(Continuity.Continuity)
    const replays = yield* Effect.serviceOption(Replays)
    yield* flushing(wheel)
    return {
      dialects: options.dialects,
      executors: new Map(executors.map((executor) => [executor.id, executor])),
      extensions,
      hooks: {
        request: interceptors.flatMap(({ request }) => request === undefined ? [] : [request]),
        attempt: interceptors.flatMap(({ attempt }) => attempt === undefined ? [] : [attempt]),
        embed: interceptors.flatMap(({ embed }) => embed === undefined ? [] : [embed]),
        events: interceptors.flatMap(({ events }) => events === undefined ? [] : [events]),
        onAttempt: extensions.flatMap(({ onAttempt }) => onAttempt === undefined ? [] : [onAttempt])
      },
      wantsFrames: interceptors.some(({ events }) => events !== undefined),
      management: yield* Effect.flatMap(Managements, ({ all }) => Effect.flatMap(all, Management.distinct)),
      registry: ModelRegistry.ModelRegistry.of(ModelRegistry.hold(snapshot)),
      ledger,
      authenticator: yield* Authenticator,
      tokenCounter: yield* TokenCounter,
      prices: Option.getOrUndefined(yield* Effect.serviceOption(Prices)),
      continuity: Option.getOrElse(given, () => Continuity.memory(Continuity.defaultBounds, () => SteadyTime.now(clock))),
      limits: Option.getOrUndefined(limits),
      admission: Option.getOrUndefined(yield* Effect.serviceOption(Admission)),
      refusals: yield* Refusals.recording(ledger, wheel),
      replays: Option.getOrUndefined(replays),
      wheel,
      lifecycle: yield* Lifecycle.Lifecycle,
      clock,
      now: () => SteadyTime.now(clock),
      random: () => random.nextDoubleUnsafe(),
      drains: Drain.none(),
      counting: CountedInput.none(),
      scope: yield* Scope.Scope,
      settings: { ...defaultSettings, ...options.settings }
    }
  }
)

/** Makes the gathered counts visible on every turn of the wheel, and the last ones at the end. */
const flushing = (wheel: Wheel.Wheel["Service"]) =>
  Effect.contextWith((context: Context.Context<never>) => {
    const flush = (): void => Metrics.flush(context)
    return Effect.acquireRelease(Effect.sync(() => wheel.register({ tick: flush })), (unregister) =>
      Effect.sync(() => {
        unregister()
        flush()
      }))
  })

/** The gateway behind an HTTP server. */
export const serve = <E, R>(parts: Layer.Layer<ExecutorInstalled, E, R>, options: Options) =>
  HttpRouter.serve(routes(parts, options).pipe(Layer.provide(Lifecycle.layer)), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(layerRedacted(options.dialects))
  )

/** Keeps the secrets clients may send in the query out of a server's spans: for a server of one's own making. `serve` has it already. */
export const layerRedacted: (dialects: ReadonlyArray<Dialect>) => Layer.Layer<never> = ClientSecret.layerRedacted
