/**
 * Where a gateway's models come from, gathered when it starts and again whenever a provider's list has changed: the configuration,
 * the parts that bring models, the lists of providers, in this order. It owns the registry's snapshot and the fibers that read lists.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Executor } from "../Executor.ts"
import { type ListStatus, memory, ModelLists } from "../ModelDiscovery.ts"
import type { ModelAlias, ModelEntry, ProviderNaming } from "../ModelEntry.ts"
import * as ModelRegistry from "../ModelRegistry.ts"
import type { ModelSource } from "../Models.ts"
import type { ProviderId } from "../ProviderId.ts"
import * as Discoveries from "./Discoveries.ts"

/** What the configuration says of models. */
export interface Configured {
  readonly entries: ReadonlyArray<ModelEntry>
  readonly aliases?: ReadonlyArray<ModelAlias> | undefined
  readonly naming?: ReadonlyMap<ProviderId, ProviderNaming> | undefined
}

/** The lists of providers, as management sees them. */
export interface ProviderLists {
  readonly status: () => ReadonlyArray<ListStatus>
  /** Reads all lists now; what has changed is served at once. */
  readonly refresh: Effect.Effect<void>
}

/** The models of a gateway that runs. */
export interface Running {
  readonly registry: ModelRegistry.ModelRegistry["Service"]
  readonly lists: ProviderLists
}

/** How long the start of a gateway waits for lists it has never seen. */
const patience = Duration.seconds(10)

/** A name is taken once: what is written down goes before what a list has. */
const gathered = ({ entries }: Configured, sources: ReadonlyArray<ModelSource>, listed: ReadonlyArray<ModelEntry>): ReadonlyArray<ModelEntry> => {
  const parts = sources.flatMap(({ entries = [], id }) => entries.map((entry): ModelEntry => ({ ...entry, origin: { _tag: "Part", part: id } })))
  const written = [...entries, ...parts]
  if (listed.length === 0) return written
  const taken = new Set(written.map(({ id }) => id))
  return [...written, ...listed.filter(({ id }) => !taken.has(id))]
}

/** Compiles what is written down, fails where that is wrong, and begins to read lists; the fibers end with the scope. */
export const start = Effect.fnUntraced(
  function*(
    configured: Configured,
    sources: ReadonlyArray<ModelSource>,
    executors: ReadonlyMap<ProviderId, Executor>
  ): Effect.fn.Return<Running, ModelRegistry.ModelRegistryError, Scope.Scope> {
    const clock = yield* Clock.Clock
    const random = yield* Random.Random
    const lists = Option.getOrElse(yield* Effect.serviceOption(ModelLists), memory)
    const naming = configured.naming ?? new Map<ProviderId, ProviderNaming>()
    const surroundings = { executors, naming, lists, now: () => clock.currentTimeMillisUnsafe(), random: () => random.nextDoubleUnsafe() }
    const discoveries = sources.flatMap(({ discovery }) => discovery === undefined ? [] : [Discoveries.make(discovery, surroundings)])
    const aliases = [...configured.aliases ?? [], ...sources.flatMap(({ aliases = [] }) => aliases)]
    const isOpen = discoveries.length > 0
    const compiled = () =>
      ModelRegistry.make(gathered(configured, sources, Discoveries.merged(discoveries)), executors.keys(), { aliases, providers: naming, isOpen })
    const registry = ModelRegistry.hold(yield* Effect.fromResult(compiled()))
    const serve = Effect.suspend(() =>
      Result.match(compiled(), {
        onSuccess: registry.swap,
        onFailure: (error) => Effect.logError("The models of a provider's list do not fit those there are; they are not served", error)
      })
    )
    const refreshing = (discovery: Discoveries.Discovery) => Effect.flatMap(discovery.refresh, (isChanged) => isChanged ? Effect.asVoid(serve) : Effect.void)
    const firsts: Array<Effect.Effect<void>> = []
    for (const discovery of discoveries) {
      const first = yield* Deferred.make<void>()
      const forever = Effect.forever(Effect.flatMap(Effect.suspend(() => Effect.sleep(discovery.pauseMs())), () => refreshing(discovery)))
      yield* Effect.forkScoped(refreshing(discovery).pipe(Effect.ensuring(Deferred.succeed(first, undefined)), Effect.andThen(forever)))
      firsts.push(discovery.isComplete() ? Effect.void : Deferred.await(first))
    }
    if (firsts.length > 0) yield* Effect.timeoutOption(Effect.all(firsts, { concurrency: "unbounded", discard: true }), patience)
    return {
      registry: ModelRegistry.ModelRegistry.of(registry),
      lists: {
        status: () => discoveries.flatMap((discovery) => discovery.status()),
        refresh: Effect.forEach(discoveries, refreshing, { concurrency: "unbounded", discard: true })
      }
    }
  }
)
