/**
 * One route of the gateway: the model name a client may ask for, and the targets that can serve it.
 * Read by `ModelRegistry` and `Planner`. It is plain data: nothing here is checked, `ModelRegistry.make` does that.
 */
import type { Operation } from "@sluice/protocol/Dialect"
import type { ErrorClass } from "@sluice/protocol/GatewayError"
import type { ModelInfo } from "@sluice/protocol/ModelInfo"
import type { Limits } from "@sluice/protocol/Thinking"
import type * as Duration from "effect/Duration"
import type { Price } from "./Prices.ts"
import type { ProviderId } from "./ProviderId.ts"
import type { RouteCondition } from "./Router.ts"

/** A provider that can serve an entry, and the name it knows the model by. */
export interface ModelTarget {
  readonly provider: ProviderId
  /** The name sent upstream; its `*` is replaced by what the `*` of the entry's id matched. Absent = the client's name unchanged. */
  readonly model?: string
  /** The share of first tries among the entry's targets; absent = 1. */
  readonly weight?: number
  /** What this model can be told about thinking; absent = what the entry says. */
  readonly thinking?: Limits
  /** What this model costs here; absent = what the price book says. */
  readonly price?: Price
  /** What is known of this model; absent = what the entry says. */
  readonly info?: ModelInfo
  /** The credentials of the provider whose lists have the model; absent = any of them may serve it. */
  readonly credentials?: ReadonlyArray<string>
}

/**
 * How an entry's targets are ordered: `weighted` draws them by their weights, `turn` takes another one first for each request, as a
 * pool does, and `listed` leaves them as they stand. Whichever is first, the others follow when it fails.
 */
export type Order = "weighted" | "turn" | "listed"

/** Where an entry comes from that nobody wrote down as it is. */
export type Origin =
  /** A part of the gateway brought it. */
  | { readonly _tag: "Part"; readonly part: string }
  /** The provider's own list has it. */
  | { readonly _tag: "Discovered"; readonly provider: ProviderId; readonly credentials: ReadonlyArray<string> }
  /** Another name for these models; a pool where there are several. */
  | { readonly _tag: "Alias"; readonly models: ReadonlyArray<string> }
  /** The model `model`, served by the provider with this prefix and no other. */
  | { readonly _tag: "Prefix"; readonly prefix: string; readonly provider: ProviderId; readonly model: string }

/** Another name for a model. The same alias for several models makes a pool: they are taken in turn, and the next one where one fails. */
export interface ModelAlias {
  /** The name clients use; it has no `*`. */
  readonly alias: string
  /** The name of a model that an entry serves. */
  readonly model: string
  /** Whether the model keeps its own name too; absent = yes. */
  readonly fork?: boolean
  /** Whether answers name the model by the alias, which costs their translation into canonical words; absent = no. */
  readonly forced?: boolean
}

/** How the models of one provider are named, and which of them are not served. */
export interface ProviderNaming {
  /** Each of its models is also `<prefix>/<name>`, which asks this provider and no other. */
  readonly prefix?: string
  /** Its models have no other name than that with the prefix; absent = they have both. */
  readonly forcePrefix?: boolean
  /** Models it does not serve, by the provider's own names; a `*` matches any text, and case does not matter. */
  readonly excluded?: ReadonlyArray<string>
}

/** How losses of a crossing are judged: `strict` skips a target that would lose anything, `lenient` lets meaning be lost, `default` refuses only that. */
export type Fidelity = "default" | "strict" | "lenient"

/** What happens upstream when the client leaves: stop at once, read to the end, or read on within bounds (`bytes` is a count of bytes). */
export type OnClientGone = "cancel" | "drain" | { readonly drain: { readonly time: Duration.Duration; readonly bytes: number } }

/** Another model name that requests go on to, where the condition holds; absent = always. */
export interface OnwardRoute {
  readonly model: string
  readonly when?: RouteCondition
}

/** A model that is tried after the entry's own targets, under conditions. */
export interface Fallback extends OnwardRoute {
  /**
   * Classes of the failures it is tried after, also those that nothing else is tried after (`context-overflow`, `content-filter`); absent =
   * all after which another target may help.
   */
  readonly on?: ReadonlyArray<ErrorClass>
}

/** The name of a fallback, however it is written. */
export const fallbackName = (fallback: string | Fallback): string => typeof fallback === "string" ? fallback : fallback.model

/** One route: an id or glob, its targets, and the policies of the exchanges that take it. */
export interface ModelEntry {
  /** The name clients use; one `*` in it matches any text, slashes and the empty text included. */
  readonly id: string
  readonly targets: ReadonlyArray<ModelTarget>
  /** Where requests go on to before anything is planned: the first whose condition holds. */
  readonly routes?: ReadonlyArray<OnwardRoute>
  /** Models whose targets are tried, in this order, after the entry's own. */
  readonly fallbacks?: ReadonlyArray<string | Fallback>
  /** What clients may ask; anything else is refused. Absent = whatever the protocols of the providers can be asked. */
  readonly operations?: ReadonlyArray<Exclude<Operation, "models" | "raw">>
  /** Absent = `default`. */
  readonly fidelity?: Fidelity
  /** Absent = `cancel`. */
  readonly onClientGone?: OnClientGone
  /** How long a streaming client waits for the head while attempts may still fail over. */
  readonly preCommit?: Duration.Duration
  /** What the models of the targets can be told about thinking; absent = not known, and what is asked for is sent as it is. */
  readonly thinking?: Limits
  /** Absent = `weighted`. */
  readonly order?: Order
  /** Whether answers name the model as the client did and not as the provider does; absent = no. */
  readonly forced?: boolean
  /** What is known of the model, shown in lists; it changes nothing that is sent. */
  readonly info?: ModelInfo
  /** Absent = it was configured as it is. */
  readonly origin?: Origin
}
