/**
 * Where the gateway's parts register while it is built: executors, extensions, interceptors, sources of models. Frozen into sorted arrays when
 * the gateway starts; the order of building never shows.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ConfiguredCredential } from "./credentials/CredentialProvider.ts"
import type { Executor } from "./Executor.ts"
import type { Extension } from "./Extension.ts"
import type { Interceptor } from "./Interceptor.ts"
import type { Contribution } from "./Management.ts"
import type { ModelSource } from "./Models.ts"
import type { Normalizer } from "./Normalizer.ts"
import type { Router } from "./Router.ts"
import type { Scheduler } from "./Scheduler.ts"
import type { UsageSink } from "./UsageSink.ts"

/** How parts are ordered: phase, then priority (higher first), then id. */
export interface Ordered {
  readonly id: string
  /** `normal` when absent. */
  readonly phase?: "early" | "normal" | "late"
  /** 0 when absent. */
  readonly priority?: number
}

const phases = ["early", "normal", "late"] as const

/** Compares two parts by their place in the order. */
export const byOrder = (left: Ordered, right: Ordered): number =>
  phases.indexOf(left.phase ?? "normal") - phases.indexOf(right.phase ?? "normal") ||
  (right.priority ?? 0) - (left.priority ?? 0) ||
  (left.id < right.id ? -1 : left.id > right.id ? 1 : 0)

/** A registry that is filled while layers are built and read when the gateway starts. */
export interface Registry<A> {
  readonly register: (item: A) => Effect.Effect<void>
  /** All items so far, in order. */
  readonly all: Effect.Effect<ReadonlyArray<A>>
}

/** The executors, by registration. */
export class Executors extends Context.Service<Executors, Registry<Executor>>()("@sluice/gateway/Executors") {}

/** The extensions. */
export class Extensions extends Context.Service<Extensions, Registry<Extension>>()("@sluice/gateway/Extensions") {}

/** The interceptors. */
export class Interceptors extends Context.Service<Interceptors, Registry<Interceptor>>()("@sluice/gateway/Interceptors") {}

/** The normalizers. */
export class Normalizers extends Context.Service<Normalizers, Registry<Normalizer>>()("@sluice/gateway/Normalizers") {}

/** The sources of models beside the configuration. */
export class Models extends Context.Service<Models, Registry<ModelSource>>()("@sluice/gateway/Models") {}

/** The sinks of usage. */
export class UsageSinks extends Context.Service<UsageSinks, Registry<UsageSink>>()("@sluice/gateway/UsageSinks") {}

/** What parts add to the management surface. */
export class Managements extends Context.Service<Managements, Registry<Contribution>>()("@sluice/gateway/Managements") {}

/** The schedulers that are asked before the built-in ones. */
export class Schedulers extends Context.Service<Schedulers, Registry<Scheduler>>()("@sluice/gateway/Schedulers") {}

/** The credentials of providers beside those of the configuration. */
export class CredentialProviders extends Context.Service<CredentialProviders, Registry<ConfiguredCredential>>()("@sluice/gateway/CredentialProviders") {}

/** The routers. */
export class Routers extends Context.Service<Routers, Registry<Router>>()("@sluice/gateway/Routers") {}

/** All of them. */
export type Any = CredentialProviders | Executors | Extensions | Interceptors | Managements | Models | Normalizers | Routers | Schedulers | UsageSinks

const registry = <A>(compare: ((left: A, right: A) => number) | undefined): Registry<A> => {
  const items: Array<A> = []
  return {
    register: (item) => Effect.sync(() => void items.push(item)),
    all: Effect.sync(() => compare === undefined ? [...items] : items.toSorted(compare))
  }
}

/** Empty registries, one set per gateway. */
export const layer = (): Layer.Layer<Any> =>
  Layer.mergeAll(
    Layer.sync(Executors, () => registry<Executor>(undefined)),
    Layer.sync(Extensions, () => registry<Extension>(byOrder)),
    Layer.sync(Interceptors, () => registry<Interceptor>(byOrder)),
    Layer.sync(Normalizers, () => registry<Normalizer>(byOrder)),
    Layer.sync(Models, () => registry<ModelSource>(byOrder)),
    Layer.sync(UsageSinks, () => registry<UsageSink>(byOrder)),
    Layer.sync(Managements, () => registry<Contribution>(byOrder)),
    Layer.sync(Schedulers, () => registry<Scheduler>(byOrder)),
    Layer.sync(Routers, () => registry<Router>(byOrder)),
    Layer.sync(CredentialProviders, () => registry<ConfiguredCredential>(undefined))
  )
