/**
 * One route of the gateway: the model name a client may ask for, and the targets that can serve it.
 * Read by `ModelRegistry` and `Planner`. It is plain data: nothing here is checked, `ModelRegistry.make` does that.
 */
import type { Operation } from "@sluice/protocol/Dialect"
import type { Limits } from "@sluice/protocol/Thinking"
import type * as Duration from "effect/Duration"
import type { Price } from "./Prices.ts"
import type { ProviderId } from "./ProviderId.ts"

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
}

/** How losses of a crossing are judged: `strict` skips a target that would lose anything, `lenient` lets meaning be lost, `default` refuses only that. */
export type Fidelity = "default" | "strict" | "lenient"

/** What happens upstream when the client leaves: stop at once, read to the end, or read on within bounds (`bytes` is a count of bytes). */
export type OnClientGone = "cancel" | "drain" | { readonly drain: { readonly time: Duration.Duration; readonly bytes: number } }

/** One route: an id or glob, its targets, and the policies of the exchanges that take it. */
export interface ModelEntry {
  /** The name clients use; one `*` in it matches any text, slashes and the empty text included. */
  readonly id: string
  readonly targets: ReadonlyArray<ModelTarget>
  /** Model names whose targets are tried, in this order, after the entry's own. */
  readonly fallbacks?: ReadonlyArray<string>
  /** What clients may ask; anything else is refused. Absent = whatever the protocols of the providers can be asked. */
  readonly operations?: ReadonlyArray<Exclude<Operation, "models">>
  /** Absent = `default`. */
  readonly fidelity?: Fidelity
  /** Absent = `cancel`. */
  readonly onClientGone?: OnClientGone
  /** How long a streaming client waits for the head while attempts may still fail over. */
  readonly preCommit?: Duration.Duration
  /** What the models of the targets can be told about thinking; absent = not known, and what is asked for is sent as it is. */
  readonly thinking?: Limits
}
