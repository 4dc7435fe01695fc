/**
 * The model provider: the models of a provider by its own list, asked for with each of its credentials when the gateway starts and
 * then now and again, never for a request. A list that cannot be had changes nothing: the last good one stays, and `status` says why.
 *
 * @example
 * ModelDiscovery.layer({ provider: "openai", names: "bare", excluded: ["*-preview*"] })
 */
import type { ListedModel } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"
import { layerSource } from "./Models.ts"
import { ProviderId } from "./ProviderId.ts"
import type { Models, Ordered } from "./Registries.ts"

/** How the list of one provider is read. */
export interface DiscoveryOptions {
  readonly provider: ProviderId
  /** What clients call its models: `<provider>/<name>`, with the provider's prefix where it has one, or the `bare` name. Absent = `prefixed`. */
  readonly names?: "prefixed" | "bare"
  /** Only these, by the provider's names; a `*` matches any text, and case does not matter. Absent = all. */
  readonly included?: ReadonlyArray<string>
  /** Not these, in the same form. */
  readonly excluded?: ReadonlyArray<string>
  /** Time between two readings, a tenth more or less by chance; absent = an hour. */
  readonly interval?: Duration.Duration
  /** How long one reading of the whole list may take; absent = 30 seconds. */
  readonly timeout?: Duration.Duration
}

/** The last list that came with one credential, and what became of the last try. */
export interface ListStatus {
  readonly provider: ProviderId
  /** Absent = the provider takes none, or its executor has one that nobody else knows. */
  readonly credential?: string
  /** The models of the last good list; absent = there was none. */
  readonly models?: number
  /** When the last good list came, in milliseconds since the epoch. */
  readonly readAt?: number
  /** When it was last tried. */
  readonly triedAt?: number
  /** Why the last try failed; absent = it did not. */
  readonly failure?: Pick<Failure, "class" | "message" | "status">
  /** How many tries in a row have failed. */
  readonly failures: number
}

/** A list as it was read. */
export interface KeptList {
  readonly models: ReadonlyArray<ListedModel>
  readonly readAt: number
}

/**
 * What outlives a generation of the gateway: the last good lists. Where nobody provides it, each generation has a memory of its own and
 * begins without lists.
 */
export class ModelLists extends Context.Service<ModelLists, {
  readonly get: (key: string) => KeptList | undefined
  readonly set: (key: string, list: KeptList) => void
}>()("@sluice/gateway/ModelLists") {}

/** A memory of lists. */
export const memory = (): ModelLists["Service"] => {
  const lists = new Map<string, KeptList>()
  return { get: (key) => lists.get(key), set: (key, list) => void lists.set(key, list) }
}

/** Keeps lists from one generation to the next. */
export const layerLists: Layer.Layer<ModelLists> = Layer.sync(ModelLists, memory)

/** Reads the list of a provider; its executor is among the gateway's parts. */
export const layer = (
  { provider, ...options }: Omit<DiscoveryOptions, "provider"> & { readonly provider: string },
  order: Partial<Ordered> = {}
): Layer.Layer<never, never, Models> => layerSource({ id: `discovery-${provider}`, ...order, discovery: { ...options, provider: ProviderId.make(provider) } })
