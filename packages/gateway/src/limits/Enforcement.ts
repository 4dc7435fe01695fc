/**
 * How limits are enforced: meters are read off the rules, the store is asked for all of them at once, and what it says becomes a
 * reservation or a refusal. When the exchange ends, each meter is corrected to what was really taken.
 */
import { inputTotal, outputTotal, type Usage } from "@sluice/protocol/CanonicalUsage"
import type { Dialect } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Money from "@sluice/protocol/Money"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Ledger, LedgerUnavailable } from "../Ledger.ts"
import { LimitRefusal } from "../LimitRefusal.ts"
import type { Asked, Options, Reservation } from "../Limits.ts"
import type { Answer, Correction, Level, LimitStore, LimitStoreFailed } from "../LimitStore.ts"
import type { Principal } from "../Principal.ts"
import type { Keeper } from "./Keeper.ts"
import * as LimitMetrics from "./LimitMetrics.ts"
import * as Meter from "./Meter.ts"
import * as Openings from "./Openings.ts"
import * as Refusals from "./Refusals.ts"
import * as Told from "./Told.ts"

/** What enforcement works with. */
export interface Means {
  readonly settings: Options
  readonly store: LimitStore["Service"]
  readonly keeper: Keeper
  readonly clock: Clock.Clock
  readonly ledger: Pick<Ledger["Service"], "spent">
}

/** Nothing limits the principal. */
const unlimited: Reservation = { settle: () => Effect.void, release: Effect.void }

const refusal = (failure: Failure, headers: { readonly [name: string]: string } = {}): LimitRefusal => new LimitRefusal({ failure, headers })

/** Why nobody knows is the operator's business: it is in the log. */
const unanswered: LimitRefusal = refusal({
  class: "unavailable",
  message: "Whether this key's limits have room is not known at the moment. Try again.",
  retryAfterMs: 1000,
  code: "limits_unavailable"
})

/** What the exchange really took of a meter. */
const taken = ({ kind, window }: Meter.Meter, usage: Usage, cost: Money.Money | undefined): number => {
  switch (kind) {
    case "requests":
      return window.amount
    case "tokens":
      return inputTotal(usage) + outputTotal(usage)
    case "concurrency":
      return 0
    case "budget":
      // Something was used whose price nobody knows after all: it cost what it might have cost
      return cost === undefined ? inputTotal(usage) + outputTotal(usage) === 0 ? 0 : window.amount : Meter.nanosOf(cost)
  }
}

const correction = ({ window }: Meter.Meter, at: number, actual: number): Correction | undefined => {
  if (window._tag === "Held") return { _tag: "Held", key: window.key, charge: actual, keepMs: window.keepMs }
  return actual === window.amount ? undefined : { _tag: "Rate", key: window.key, windowMs: window.windowMs, at, reserved: window.amount, actual }
}

const corrections = (meters: ReadonlyArray<Meter.Meter>, at: number, actual: (meter: Meter.Meter) => number): ReadonlyArray<Correction> =>
  meters.flatMap((meter) => correction(meter, at, actual(meter)) ?? [])

/** Tells what went beyond the reservation. */
const tellOvershoot = (meters: ReadonlyArray<Meter.Meter>, usage: Usage, cost: Money.Money | undefined): Effect.Effect<void> =>
  Effect.forEach(meters, (meter) => {
    const { kind, window } = meter
    if (kind !== "tokens" && kind !== "budget") return Effect.void
    const over = taken(meter, usage, cost) - window.amount
    return over > 0 ? LimitMetrics.overshot(kind, kind === "budget" ? over / 1e9 : over) : Effect.void
  }, { discard: true })

/** Enforces. */
export const make = ({ clock, keeper, ledger, settings, store }: Means) => {
  // A principal is one object for as long as its key is known
  const plans = new WeakMap<Principal, { readonly plan: Meter.Plan | undefined }>()
  const openings = Openings.make(ledger)

  const planOf = (principal: Principal): Meter.Plan | undefined => {
    const known = plans.get(principal)
    if (known !== undefined) return known.plan
    const plan = Meter.plan(principal, settings)
    plans.set(principal, { plan })
    return plan
  }

  const metersOf = (plan: Meter.Plan, asked: Asked): ReadonlyArray<Meter.Meter> | LimitRefusal => {
    const bound = plan.hasBudgets ? asked.bound() : Money.zero
    if (bound === undefined && settings.onUnknownPrice === "deny") {
      return refusal(Refusals.unpriced(asked.model, `the key "${asked.principal.id}"`))
    }
    // What must not be free is at least refused where the budget is spent
    const least = Money.fromNanos(1n)
    const { assumedOutput, leaseMs } = settings
    return Meter.of(plan, { model: asked.model, at: asked.at, estimate: asked.estimate(), assumedOutput, leaseMs, bound: bound ?? least })
  }

  /** Asks the store; tells it first what was charged before, where it does not know. */
  const ask = Effect.fnUntraced(
    function*(
      plan: Meter.Plan,
      id: string,
      meters: ReadonlyArray<Meter.Meter>
    ): Effect.fn.Return<Answer, LimitStoreFailed | LedgerUnavailable> {
      const message = (asking: ReadonlyArray<Meter.Meter>) => ({
        group: plan.group,
        id,
        leaseMs: settings.leaseMs,
        windows: asking.map(({ window }) => window)
      })
      const answer = yield* store.reserve(message(meters))
      return answer._tag === "Unopened" ? yield* store.reserve(message(yield* openings.fill(meters, answer.keys))) : answer
    }
  )

  const refused = Effect.fnUntraced(
    function*(
      meters: ReadonlyArray<Meter.Meter>,
      levels: ReadonlyArray<Level>,
      inbound: Dialect,
      at: number
    ): Effect.fn.Return<Reservation, LimitRefusal> {
      yield* LimitMetrics.measured("refused")
      const reached = meters.flatMap((meter, index): ReadonlyArray<Refusals.Reached> => {
        const level = levels[index]
        return level === undefined || level.fits ? [] : [{ meter, level }]
      })
      for (const { meter } of reached) yield* LimitMetrics.reached(meter.kind, meter.account.kind)
      const [first, ...rest] = reached
      if (first === undefined) return yield* unanswered
      return yield* refusal(Refusals.of([first, ...rest], at), Told.headers(inbound, meters, levels, at))
    }
  )

  const reserved = (plan: Meter.Plan, asked: Asked, meters: ReadonlyArray<Meter.Meter>, at: number, levels: ReadonlyArray<Level>): Reservation => {
    const { group } = plan
    const { id } = asked
    keeper.keep({ group, id, keys: meters.flatMap(({ window }) => window._tag === "Held" ? [window.key] : []) })
    return {
      headers: Told.headers(asked.inbound, meters, levels, asked.at),
      settle: (usage, cost) =>
        Effect.andThen(
          tellOvershoot(meters, usage, cost),
          keeper.settle({ group, id, corrections: corrections(meters, at, (meter) => taken(meter, usage, cost)) })
        ),
      release: Effect.suspend(() => keeper.settle({ group, id, corrections: corrections(meters, at, () => 0) }))
    }
  }

  const notAnswered = ({ reason }: LimitStoreFailed | LedgerUnavailable): Effect.Effect<Reservation, LimitRefusal> =>
    Effect.andThen(
      Effect.andThen(LimitMetrics.measured("failed"), Effect.logWarning("Limits could not be measured", reason)),
      settings.onFailure === "allow" ? Effect.succeed(unlimited) : unanswered
    )

  const reserve = (asked: Asked): Effect.Effect<Reservation, LimitRefusal> => {
    const plan = planOf(asked.principal)
    if (plan === undefined) return Effect.succeed(unlimited)
    const meters = metersOf(plan, asked)
    if (meters instanceof LimitRefusal) return Effect.andThen(LimitMetrics.measured("refused"), meters)
    if (meters.length === 0) return Effect.succeed(unlimited)
    const begunAt = clock.monotonicTimeNanosUnsafe()
    return ask(plan, asked.id, meters).pipe(
      Effect.tap(() => LimitMetrics.answered(Number(clock.monotonicTimeNanosUnsafe() - begunAt) / 1e9)),
      Effect.matchEffect({
        onFailure: (error) => Effect.andThen(error._tag === "LimitStoreFailed" ? LimitMetrics.failed("reserve") : Effect.void, notAnswered(error)),
        onSuccess: (answer) => {
          switch (answer._tag) {
            case "Reserved":
              return Effect.as(LimitMetrics.measured("reserved"), reserved(plan, asked, meters, answer.at, answer.levels))
            case "Refused":
              return refused(meters, answer.levels, asked.inbound, asked.at)
            case "Unopened":
              return unanswered
          }
        }
      }),
      Effect.uninterruptible
    )
  }

  return { reserve }
}
