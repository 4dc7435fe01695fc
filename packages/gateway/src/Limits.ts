/**
 * Limits of keys, teams and tenants: an exchange asks for room in all of its windows before it is recorded and sent, and is refused by
 * all or none. What it really took is put in the place of what was reserved when it ends; what never went upstream is given back; what
 * nobody ends leaves by itself. The counts are in a {@link LimitStore}. A gateway without this port limits nobody.
 */
import type { Usage } from "@sluice/protocol/CanonicalUsage"
import type { Dialect } from "@sluice/protocol/Dialect"
import type { Money } from "@sluice/protocol/Money"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Account } from "./Accounts.ts"
import { Ledger, type LedgerUnavailable } from "./Ledger.ts"
import type { LimitRefusal } from "./LimitRefusal.ts"
import type { LimitRules } from "./LimitRules.ts"
import * as Enforcement from "./limits/Enforcement.ts"
import type { Estimate } from "./limits/Estimate.ts"
import * as Keeper from "./limits/Keeper.ts"
import * as Levels from "./limits/Levels.ts"
import { LimitStore, type LimitStoreFailed } from "./LimitStore.ts"
import type { Principal } from "./Principal.ts"

/** An exchange that asks for room. Functions are called only where a limit needs to know. */
export interface Asked {
  /** Unique among all exchanges. */
  readonly id: string
  readonly principal: Principal
  readonly inbound: Dialect
  /** The model's name, without what a client may add to it. */
  readonly model: string
  /** The time of day, in milliseconds since the epoch. */
  readonly at: number
  readonly estimate: () => Estimate
  /** The most the exchange may cost whichever target answers; undefined where a price is not known. */
  readonly bound: () => Money | undefined
}

/** Room that was made. One of its two ends comes, once. */
export interface Reservation {
  /** What the client is told of its limits; absent = nothing limits it. */
  readonly headers?: { readonly [name: string]: string }
  /** The exchange took this much; `cost` is undefined where no price is known. */
  readonly settle: (usage: Usage, cost: Money | undefined) => Effect.Effect<void>
  /** Nothing went upstream. */
  readonly release: Effect.Effect<void>
}

/** How limits are enforced. */
export interface Options {
  /** Rules of teams and tenants, by id; those of keys come with the principal. */
  readonly teams: ReadonlyMap<string, LimitRules>
  readonly tenants: ReadonlyMap<string, LimitRules>
  /** What becomes of requests of limited keys while the store does not answer. */
  readonly onFailure: "deny" | "allow"
  /** What becomes of requests under a budget whose price is not known. */
  readonly onUnknownPrice: "deny" | "allow"
  /** Tokens reserved for the answer where the request sets no bound. */
  readonly assumedOutput: number
  /** Milliseconds after which what a dead process held is free again. */
  readonly leaseMs: number
}

/** No shared rules, refuses what cannot be measured, 1,024 tokens for an unbounded answer, a minute for the dead. */
export const defaultOptions: Options = {
  teams: new Map(),
  tenants: new Map(),
  onFailure: "deny",
  onUnknownPrice: "deny",
  assumedOutput: 1024,
  leaseMs: 60_000
}

/** How full one window is. */
export interface LimitLevel {
  /** `tokens` and `requests` per window, requests at the same time, or money in nano-dollars. */
  readonly kind: "requests" | "tokens" | "concurrency" | "budget"
  readonly account: Account
  /** The name or glob of models it is for; absent = all. */
  readonly model?: string
  readonly limit: number
  readonly used: number
  /** Of a rate. */
  readonly windowMs?: number
  /** When the period of a budget ends, in milliseconds since the epoch; absent = never, or it is none. */
  readonly endsAt?: number
}

/** Makes room, or refuses. Not interruptible where it counts: whoever was given room must end it. */
export class Limits extends Context.Service<Limits, {
  readonly reserve: (asked: Asked) => Effect.Effect<Reservation, LimitRefusal>
  /** How full everything is that limits a principal; counts nothing. */
  readonly levels: (principal: Principal) => Effect.Effect<ReadonlyArray<LimitLevel>, LimitStoreFailed | LedgerUnavailable>
}>()("@sluice/gateway/Limits") {}

/** Enforces limits over the store that is provided; the ledger says what was spent before the store knew of it. */
export const layer = (options: Partial<Options> = {}): Layer.Layer<Limits, never, LimitStore | Ledger> =>
  Layer.effect(
    Limits,
    Effect.gen(function*() {
      const settings = { ...defaultOptions, ...options }
      const store = yield* LimitStore
      const keeper = yield* Keeper.make(store, settings.leaseMs)
      const clock = yield* Clock.Clock
      const ledger = yield* Ledger
      const means = { store, ledger, shared: settings, leaseMs: settings.leaseMs }
      return Limits.of({
        ...Enforcement.make({ settings, store, keeper, clock, ledger }),
        levels: (principal) => Effect.suspend(() => Levels.of(means, principal, clock.currentTimeMillisUnsafe()))
      })
    })
  )
