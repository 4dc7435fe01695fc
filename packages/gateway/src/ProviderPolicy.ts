/**
 * What an operator decides about a provider beyond how it is reached: how its credentials are chosen, when they rest, when the provider
 * is left out, what its errors mean. Everything has a default.
 */
import * as Breaker from "./Breaker.ts"
import * as Cooldowns from "./Cooldowns.ts"
import * as ErrorRules from "./ErrorRules.ts"
import type { BuiltIn } from "./Scheduler.ts"

/** What may be decided. */
export interface Options {
  /** How a credential is chosen where no registered scheduler decides; absent = `weighted`. */
  readonly scheduler?: BuiltIn
  /** When credentials rest; `false` = never. Absent = by the defaults where there is more than one, and never where there is only one. */
  readonly cooldown?: Partial<Cooldowns.Options> | boolean
  /** When the provider, or one of its credentials, is left out; `false` = never. Absent = by the defaults. */
  readonly breaker?: Partial<Breaker.Options> | boolean
  /** What its errors mean; the first that matches. */
  readonly errorRules?: ReadonlyArray<ErrorRules.ErrorRule>
}

/** The decisions, filled in. */
export interface ProviderPolicy {
  readonly scheduler: BuiltIn
  /** Undefined = credentials never rest. */
  readonly cooldown: Cooldowns.Options | undefined
  /** Whether a single credential rests as well. */
  readonly restsAlone: boolean
  /** Undefined = nothing is left out. */
  readonly breaker: Breaker.Options | undefined
  readonly errorRules: ErrorRules.ErrorRules | undefined
}

/** Fills in what is not decided. */
export const make = ({ breaker, cooldown, errorRules, scheduler }: Options = {}): ProviderPolicy => ({
  scheduler: scheduler ?? "weighted",
  cooldown: cooldown === false ? undefined : { ...Cooldowns.defaults, ...(typeof cooldown === "object" ? cooldown : {}) },
  restsAlone: cooldown !== undefined,
  breaker: breaker === false ? undefined : { ...Breaker.defaults, ...(typeof breaker === "object" ? breaker : {}) },
  errorRules: ErrorRules.compile(errorRules ?? [])
})

/** What holds for a provider about which nothing was decided. */
export const defaults: ProviderPolicy = make()
