/**
 * What scheduling remembers from one exchange to the next: what rests and what is left out, what is under way, which conversation is
 * with which credential, how many further tries there may be, and which providers an operator has taken out. Outlives generations of a
 * gateway; everything in it can be looked at and reset.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Credential } from "./Credential.ts"
import type { ProviderId } from "./ProviderId.ts"
import type { BuiltIn, Scheduler } from "./Scheduler.ts"
import * as FillFirst from "./schedulers/FillFirst.ts"
import * as LeastBusy from "./schedulers/LeastBusy.ts"
import * as RoundRobin from "./schedulers/RoundRobin.ts"
import * as SessionAffinity from "./schedulers/SessionAffinity.ts"
import * as SmoothWeighted from "./schedulers/SmoothWeighted.ts"
import * as Health from "./scheduling/Health.ts"
import * as RetryBudget from "./scheduling/RetryBudget.ts"
import * as Waiting from "./scheduling/Waiting.ts"
import * as SteadyTime from "./SteadyTime.ts"

/** What may be decided about the memory. */
export interface Options {
  /** Conversations and how long they are remembered. */
  readonly sessions?: Partial<SessionAffinity.Bounds>
  /** Further tries of the whole gateway. */
  readonly retries?: Partial<RetryBudget.Bounds>
}

/** Everything as values, for management: nothing secret is in it. */
export interface Status {
  readonly circuits: ReadonlyArray<Health.Shown>
  /** Providers that an operator has taken out. */
  readonly drained: ReadonlyArray<ProviderId>
  /** Attempts under way by provider and credential, of providers that have several. */
  readonly inFlight: ReadonlyArray<{ readonly provider: ProviderId; readonly credential: string; readonly count: number }>
  /** Conversations that are with a credential. */
  readonly sessions: number
  /** Further tries of the last ten seconds that hold a place, and the places there are. */
  readonly retries: { readonly used: number; readonly allowed: number }
}

/** Attempts under way, by credential. */
export interface InFlight {
  readonly of: (credential: Credential) => number
  readonly add: (credential: Credential, by: 1 | -1) => void
}

/** The memory of scheduling. */
export class Scheduling extends Context.Service<Scheduling, {
  readonly health: Health.Health
  readonly budget: RetryBudget.RetryBudget
  readonly inFlight: InFlight
  readonly sessions: SessionAffinity.Bindings
  readonly builtIn: { readonly [K in BuiltIn]: Scheduler }
  /** Woken when a probe has ended, when a further try has ended, and when something was reset. */
  readonly changed: Waiting.Waiting
  readonly isDrained: (provider: ProviderId) => boolean
  readonly status: () => Status
  /** Forgets what rests and what is left out, as far as it is meant; says how many circuits that were. */
  readonly reset: (which: Health.Which) => number
  /** Takes a provider out: what is under way goes on, nothing new is sent to it. */
  readonly drain: (provider: ProviderId) => void
  /** Lets a provider that was taken out back in. */
  readonly undrain: (provider: ProviderId) => void
}>()("@sluice/gateway/Scheduling") {}

const inFlight = (): InFlight & { readonly status: () => Status["inFlight"] } => {
  const counts = new Map<string, { readonly provider: ProviderId; readonly credential: string; count: number }>()
  const keyOf = ({ id, provider }: Credential): string => `${provider}\n${id}`
  return {
    of: (credential) => counts.get(keyOf(credential))?.count ?? 0,
    add: (credential, by) => {
      const key = keyOf(credential)
      const entry = counts.get(key) ?? { provider: credential.provider, credential: credential.id, count: 0 }
      entry.count += by
      if (entry.count > 0) counts.set(key, entry)
      else counts.delete(key)
    },
    status: () => Array.from(counts.values(), (entry) => ({ ...entry }))
  }
}

/** A memory in this process. `now` gives milliseconds of a steady clock. */
export const memory = (now: () => number, { retries, sessions }: Options = {}): Scheduling["Service"] => {
  const health = Health.make()
  const budget = RetryBudget.make(now, { ...RetryBudget.defaultBounds, ...retries })
  const busy = inFlight()
  const bindings = SessionAffinity.bindings({ ...SessionAffinity.defaultBounds, ...sessions })
  const weighted = SmoothWeighted.make()
  const changed = Waiting.make()
  const drained = new Set<ProviderId>()
  return {
    health,
    budget,
    inFlight: busy,
    sessions: bindings,
    builtIn: {
      weighted,
      "round-robin": RoundRobin.make(),
      "fill-first": FillFirst.make(),
      "least-busy": LeastBusy.make(),
      "session-affinity": SessionAffinity.make(bindings, weighted)
    },
    changed,
    isDrained: (provider) => drained.size > 0 && drained.has(provider),
    status: () => ({
      circuits: health.status(now()),
      drained: [...drained],
      inFlight: busy.status(),
      sessions: bindings.size(),
      retries: budget.status()
    }),
    reset: (which) => {
      const count = health.reset(which)
      changed.wake()
      return count
    },
    drain: (provider) => void drained.add(provider),
    undrain: (provider) => {
      drained.delete(provider)
      changed.wake()
    }
  }
}

/** A memory in this process, with Effect's clock. */
export const layer = (options: Options = {}): Layer.Layer<Scheduling> =>
  Layer.effect(Scheduling, Effect.map(Clock.Clock, (clock) => Scheduling.of(memory(() => SteadyTime.now(clock), options))))
