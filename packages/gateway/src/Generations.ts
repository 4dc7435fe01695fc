/**
 * The generations of a gateway: the one that is served now, and how another takes its place while requests run. A call keeps the gateway
 * it began with to its end. A generation that was replaced is closed (connections, timers) when its last exchange has settled, and no
 * earlier; where one never settles, after the longest time an exchange of it may take. A replacement that cannot be built changes nothing.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { Authenticator } from "./Authenticator.ts"
import type { Gateway } from "./Gateway.ts"
import * as Generation from "./Generation.ts"
import type { ExecutorInstalled } from "./HttpExecutor.ts"
import type { Ledger } from "./Ledger.ts"
import type { Lifecycle } from "./Lifecycle.ts"
import * as Metrics from "./Metrics.ts"
import { layer as registries } from "./Registries.ts"
import * as Standing from "./Standing.ts"
import { type Options, start } from "./Start.ts"
import * as Wheel from "./Wheel.ts"

/** The parts of a new generation could not be put together; the generation before it serves on. */
export class ReloadError extends Schema.TaggedError<ReloadError>()("ReloadError", { reason: Schema.String, cause: Schema.Unknown }) {
  override get message(): string {
    return `The new parts cannot be served, the ones before are served on: ${this.reason}`
  }
}

/** A generation as it is shown. Times are milliseconds since the epoch. */
export interface GenerationStatus {
  readonly number: number
  readonly startedAt: number
  /** Absent = it is the current one. */
  readonly replacedAt?: number
  /** Exchanges that run with it. */
  readonly exchanges: number
}

/** The registries a generation's parts fill: empty ones for each. */
type Registries = Layer.Success<ReturnType<typeof registries>>

/** What is there for the parts of every generation. */
export type Provided = Registries | Ledger | Lifecycle | Wheel.Wheel

/** The gateway that is served, and its replacement. */
export class Generations extends Context.Service<Generations, {
  /** The gateway that is served now. To work with it, take it by `enter`: it may be replaced and closed at any time. */
  readonly current: () => Gateway
  /** The gateway that is served now, kept open until the scope closes. */
  readonly enter: Effect.Effect<Gateway, never, Scope.Scope>
  /**
   * Builds a gateway of other parts and serves it from then on; one replacement at a time. Parts that bring an authenticator, limits or
   * prices go before those around the gateway; models and settings that are not given are the defaults, not those of before. Whatever goes
   * wrong, by an error, a defect or by taking longer than 30 s, nothing is changed.
   */
  readonly replace: <E>(
    parts: Layer.Layer<ExecutorInstalled, E, Provided>,
    options?: Omit<Options, "dialects">
  ) => Effect.Effect<Gateway, ReloadError>
  /** The current one, and those before it that still have exchanges, oldest first. */
  readonly status: () => ReadonlyArray<GenerationStatus>
}>()("@sluice/gateway/Generations") {}

/** How long building a generation may take. */
const buildWithin = Duration.seconds(30)

/** Milliseconds beyond the longest exchange, after which a generation that was replaced is closed whoever is left in it. */
const graceMs = 10_000

/** The longest an exchange of this gateway may take: with its provider, and with reading on after its client. */
const longestMs = ({ executors, registry, settings }: Gateway): number => {
  const totals = [...executors.values()].map(({ limits }) => limits.totalMs)
  const drains = registry.current().entries.flatMap(({ onClientGone }) => typeof onClientGone === "object" ? [Duration.toMillis(onClientGone.drain.time)] : [])
  return Math.max(0, ...totals) + Math.max(settings.drains.timeMs, ...drains) + graceMs
}

/** A generation that is not closed yet. */
interface Live {
  readonly gateway: Gateway
  readonly scope: Scope.Closeable
  /** On the clock of the wheel, and the time of day. */
  replaced: { readonly until: number; readonly at: number } | undefined
}

class Built extends Context.Service<Built, Gateway>()("@sluice/gateway/Generations/Built") {}

/** Nobody would be asked who they are. */
class Unguarded extends Schema.TaggedError<Unguarded>()("Unguarded", {}) {
  override get message(): string {
    return "neither the new parts nor what is around them bring an authenticator"
  }
}

const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return Cause.hasDies(cause) ? Cause.pretty(cause) : error instanceof Error ? error.message : String(error)
}

/** Fails where the new parts cannot be served; an interruption is none of theirs. */
const refused = (cause: Cause.Cause<unknown>): Effect.Effect<never, ReloadError> =>
  Cause.hasInterruptsOnly(cause) ? Effect.interrupt : new ReloadError({ reason: reasonOf(cause), cause: Cause.squash(cause) })

/** The authenticator that is there; that there is one the compiler knows of the first generation only. */
const guarded = Effect.flatMap(Effect.serviceOption(Authenticator), Option.match({ onNone: () => new Unguarded(), onSome: Effect.succeed }))

const built = <E, R>(authenticator: Effect.Effect<Authenticator["Service"], E, R>, options: Options, generation: Generation.Generation) =>
  Layer.effect(Built, Effect.flatMap(authenticator, (found) => start(options, generation, found)))

const inTime = <A, E, R>(layer: Layer.Layer<A, E, R>): Layer.Layer<A, E | Cause.TimeoutError, Exclude<R, Scope.Scope>> =>
  Layer.effectContext(Effect.timeout(Layer.build(layer), buildWithin))

const make = <Brought, E, R>(parts: Layer.Layer<ExecutorInstalled | Brought, E, R>, options: Options) =>
  Effect.gen(function*() {
    const ownScope = yield* Effect.scope
    const around = yield* Effect.context<Exclude<Provided, Registries> | Standing.Standing>()
    const { clock, now, wheel } = yield* Standing.Standing
    const run = Effect.runForkWith(Context.omit()(around))
    const gate = yield* Semaphore.make(1)
    const alive = new Set<Live>()
    let made = 0

    /** In a fiber of its own: whoever was the last to leave may be a fiber of the scope that is closed. */
    const close = (live: Live): void => {
      if (alive.delete(live)) run(Effect.ignoreCause(Scope.close(live.scope, Exit.void), { log: true }))
    }

    /** Builds a generation in a scope of its own, with registries of its own and nothing of what another generation has built. */
    const build = <E1, R1>(layer: (generation: Generation.Generation) => Layer.Layer<Built, E1, R1>) =>
      Effect.gen(function*() {
        const scope = yield* Scope.fork(ownScope)
        const onIdle = (): void => {
          if (live.replaced !== undefined) close(live)
        }
        const generation = Generation.make({ number: made + 1, startedAt: clock.currentTimeMillisUnsafe() }, onIdle)
        const services = yield* Layer.buildWithMemoMap(layer(generation), Layer.CurrentMemoMap.forkOrCreate(around), scope).pipe(
          Effect.interruptible,
          Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
        )
        made++
        const live: Live = { gateway: Context.get(services, Built), scope, replaced: undefined }
        alive.add(live)
        return live
      }).pipe(Effect.uninterruptible)

    const first = yield* build((generation) => built(Authenticator, options, generation).pipe(Layer.provide(parts), Layer.provide(registries())))
    let current = first

    const put = (next: Live): Gateway => {
      const before = current
      const { generation } = before.gateway
      before.replaced = { until: now() + longestMs(before.gateway), at: clock.currentTimeMillisUnsafe() }
      current = next
      if (generation.running("calls") === 0 && generation.running("exchanges") === 0) close(before)
      return next.gateway
    }

    const tick = (time: number): void => {
      Metrics.generations(alive.size)
      for (const live of alive) {
        if (live.replaced === undefined || time < live.replaced.until) continue
        const { generation } = live.gateway
        run(Effect.logWarning("A generation of the gateway that was replaced is closed although exchanges are left in it", {
          generation: generation.number,
          exchanges: generation.running("exchanges")
        }))
        close(live)
      }
    }
    yield* Effect.acquireRelease(Effect.sync(() => wheel.register({ tick })), (unregister) => Effect.sync(unregister))

    return Generations.of({
      current: () => current.gateway,
      enter: Effect.uninterruptible(Effect.suspend(() => {
        // Taken and counted at once: in between it could be replaced and closed
        const { gateway } = current
        gateway.generation.enter("calls")
        const leave = Effect.sync(() => gateway.generation.leave("calls"))
        // Not `Effect.addFinalizer`: it copies all services of the server, for every call
        return Effect.flatMap(Effect.scope, (scope) => Effect.as(Scope.addFinalizer(scope, leave), gateway))
      })),
      replace: (others, settings = {}) => {
        const whole = { ...settings, dialects: options.dialects }
        return build((generation) => built(guarded, whole, generation).pipe(Layer.provide(others), Layer.provide(registries()), inTime)).pipe(
          Effect.catchCause(refused),
          Effect.map(put),
          Effect.uninterruptible,
          gate.withPermit,
          Effect.provide(around)
        )
      },
      status: () =>
        [...alive].map(({ gateway: { generation: { number, running, startedAt } }, replaced }) => ({
          number,
          startedAt,
          ...(replaced === undefined ? {} : { replacedAt: replaced.at }),
          exchanges: running("exchanges")
        }))
    })
  })

const layerOf = <Brought, E, R>(parts: Layer.Layer<ExecutorInstalled | Brought, E, R>, options: Options) =>
  Layer.effect(Generations, make(parts, options)).pipe(Layer.provide(Standing.layer), Layer.provide(Wheel.layer()))

/** The first generation, of these parts, and the service that replaces it. */
export const layer = <E, R>(parts: Layer.Layer<ExecutorInstalled, E, R>, options: Options) => layerOf<never, E, R>(parts, options)

/** The same for parts that bring their own authenticator, so that who may use the gateway changes with its generation. */
export const layerWithAuthenticator = <E, R>(parts: Layer.Layer<ExecutorInstalled | Authenticator, E, R>, options: Options) =>
  layerOf<Authenticator, E, R>(parts, options)
