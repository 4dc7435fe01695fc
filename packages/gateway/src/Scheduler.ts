/**
 * Chooses, for each attempt, one of the credentials a provider may be asked with. A gateway has five built-in ways of choosing; one
 * registered here is asked first, and may choose, hand over to a built-in one by name, or leave it. It sees names, priorities and what
 * is going on, and never a secret. It runs on the hot path: plain and synchronous, with chance given to it.
 */
import * as Layer from "effect/Layer"
import type { Credential, CredentialId } from "./Credential.ts"
import type { ExchangeContext } from "./Extension.ts"
import type { ProviderId } from "./ProviderId.ts"
import { type Ordered, Schedulers } from "./Registries.ts"

/** The built-in ways, by name: see the modules of `schedulers/`. */
export type BuiltIn = "round-robin" | "weighted" | "fill-first" | "least-busy" | "session-affinity"

/** The names of the built-in ways. */
export const builtIns: ReadonlyArray<BuiltIn> = ["round-robin", "weighted", "fill-first", "least-busy", "session-affinity"]

/** A credential as a scheduler sees it. All that are offered are usable now, and of one priority: the highest that has a usable one. */
export interface CredentialCandidate {
  readonly id: CredentialId
  readonly kind: Credential["kind"]
  readonly priority: number
  readonly weight: number
  /** `ready`, or `probe`: it had to rest, and the next attempt shows whether it is well again. */
  readonly status: "ready" | "probe"
  /** Attempts with it that are under way, their answers included. */
  readonly inFlight: number
  /** What is known of it, without whatever is named like a secret. */
  readonly attributes: { readonly [name: string]: string }
}

/** For whom a credential is chosen. */
export interface SchedulingContext {
  readonly provider: ProviderId
  /** The upstream's name of the model. */
  readonly model: string
  /** 1 for the first attempt of the exchange. */
  readonly attempt: number
  readonly exchange: ExchangeContext
  /** What the client's conversation is known by, scoped by who asks; undefined where nothing tells. Found when it is first asked for. */
  readonly session: () => string | undefined
  /** A number in [0, 1). */
  readonly random: () => number
  /** Milliseconds of a steady clock. */
  readonly now: number
}

/** A choice, the name of a built-in scheduler that is to choose, or nothing: then the next one is asked, and at last the provider's own. */
export type Decision = { readonly pick: CredentialId } | { readonly delegate: BuiltIn } | "not-handled"

/** Something that chooses. */
export interface Scheduler extends Ordered {
  /** Faults after which it is not asked any more until it is reset; absent = 5. */
  readonly fuseAfter?: number
  /** `candidates` has at least one. A choice that is not among them counts as a fault, and the next scheduler is asked. */
  readonly pick: (candidates: ReadonlyArray<CredentialCandidate>, context: SchedulingContext) => Decision
}

/** Hands a scheduler to the gateway. */
export const layer = (scheduler: Scheduler): Layer.Layer<never, never, Schedulers> =>
  Layer.effectDiscard(Schedulers.use((registry) => registry.register(scheduler)))

/** The steps a scheduler can be made of; each may be left out. */
export interface Steps extends Ordered {
  /** Leaves out what must not be taken. Where nothing is left, the decision is left to others. */
  readonly filter?: (candidate: CredentialCandidate, context: SchedulingContext) => boolean
  /** The lower the better; equal ones stay in their order. */
  readonly rank?: (candidate: CredentialCandidate, context: SchedulingContext) => number
  /** Decides among the best; absent = the first of them. */
  readonly pick?: (best: ReadonlyArray<CredentialCandidate>, context: SchedulingContext) => Decision
}

/**
 * A scheduler made of steps: filter, then rank, then pick among those of the best rank.
 *
 * @example
 * Scheduler.layer(Scheduler.compose({
 *   id: "batch-on-cheap-keys",
 *   filter: ({ attributes }, { exchange }) => exchange.principal.priority !== "batch" || attributes["tier"] === "cheap",
 *   rank: ({ inFlight }) => inFlight
 * }))
 */
export const compose = ({ filter, pick, rank, ...order }: Steps): Scheduler => ({
  ...order,
  pick: (candidates, context) => {
    const left = filter === undefined ? candidates : candidates.filter((candidate) => filter(candidate, context))
    const best = rank === undefined ? left : lowest(left, (candidate) => rank(candidate, context))
    const [first] = best
    if (first === undefined) return "not-handled"
    return pick === undefined ? { pick: first.id } : pick(best, context)
  }
})

/** The items whose number is the lowest, in their order. */
export const lowest = <A>(items: ReadonlyArray<A>, numberOf: (item: A) => number): ReadonlyArray<A> => {
  let least = Infinity
  let found: Array<A> = []
  for (const item of items) {
    const number = numberOf(item)
    if (number < least) {
      least = number
      found = [item]
    } else if (number === least) found.push(item)
  }
  return found
}
