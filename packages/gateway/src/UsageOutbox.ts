/**
 * How far each sink of usage has got in the ledger, and which process delivers to it: one at a time, by a claim that has to be renewed.
 * In memory here, for a gateway whose ledger is in memory too; the package `ledger` keeps it in its databases.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SteadyTime from "./SteadyTime.ts"
import type { UsageRecord } from "./UsageSink.ts"

/** Where somebody is in the ledger: the number of the last exchange of each of its writers. */
export const Places = Schema.Record(Schema.String, Schema.Int)

/** The type of `Places`. */
export type Places = typeof Places.Type

/** Exchanges in the order in which they ended, a writer after the other. */
export interface SettledPage {
  readonly records: ReadonlyArray<UsageRecord>
  /** Where the page ends. */
  readonly places: Places
  /** Exchanges that ended in between and were removed before anybody asked for them. */
  readonly missed: number
}

/** Nobody can say how far a sink has got. */
export class UsageOutboxUnavailable extends Schema.TaggedError<UsageOutboxUnavailable>()("UsageOutboxUnavailable", { reason: Schema.String }) {
  override get message(): string {
    return `how far a sink has got cannot be told: ${this.reason}`
  }
}

/** What is known of a sink by the one who may deliver to it. */
export interface Claim {
  /** Absent = nothing was ever delivered. */
  readonly places?: Places
}

/** Milliseconds a claim holds unless it is renewed. */
export const claimMs = 120_000

/** How far sinks have got. A holder is a deliverer, by a name nobody else has. */
export class UsageOutbox extends Context.Service<UsageOutbox, {
  /** Takes the delivery to a sink, or renews it; none while somebody else has it. */
  readonly claim: (sink: string, holder: string) => Effect.Effect<Option.Option<Claim>, UsageOutboxUnavailable>
  /** Notes how far was delivered, and renews the claim; `false` where it is somebody else's meanwhile: nothing is noted then. */
  readonly confirm: (sink: string, holder: string, places: Places) => Effect.Effect<boolean, UsageOutboxUnavailable>
  /** Lets go of a sink, so that another need not wait. */
  readonly release: (sink: string, holder: string) => Effect.Effect<void, UsageOutboxUnavailable>
}>()("@sluice/gateway/UsageOutbox") {}

interface Held {
  holder: string | undefined
  until: number
  places: Places | undefined
}

/** Forgets with the process. `now` is a steady clock in milliseconds. */
export const memory = (now: () => number): UsageOutbox["Service"] => {
  const sinks = new Map<string, Held>()
  const mine = (sink: string, holder: string): Held | undefined => {
    const held = sinks.get(sink) ?? { holder: undefined, until: 0, places: undefined }
    if (held.holder !== undefined && held.holder !== holder && held.until > now()) return undefined
    sinks.set(sink, held)
    held.holder = holder
    held.until = now() + claimMs
    return held
  }
  return UsageOutbox.of({
    claim: (sink, holder) =>
      Effect.sync(() => {
        const held = mine(sink, holder)
        return held === undefined ? Option.none() : Option.some(held.places === undefined ? {} : { places: held.places })
      }),
    confirm: (sink, holder, places) =>
      Effect.sync(() => {
        const held = sinks.get(sink)?.holder === holder ? mine(sink, holder) : undefined
        if (held !== undefined) held.places = places
        return held !== undefined
      }),
    release: (sink, holder) =>
      Effect.sync(() => {
        const held = sinks.get(sink)
        if (held?.holder === holder) held.holder = undefined
      })
  })
}

/** The outbox in memory. */
export const layerMemory: Layer.Layer<UsageOutbox> = Layer.effect(
  UsageOutbox,
  Effect.map(Clock.Clock, (clock) => memory(() => SteadyTime.now(clock)))
)
