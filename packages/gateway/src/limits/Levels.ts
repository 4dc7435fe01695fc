/**
 * How full the windows of a principal are, without asking for room in them: the store is asked for what it cannot give, so that it answers
 * with the levels of all and counts nothing.
 */
import * as Effect from "effect/Effect"
import type { Ledger, LedgerUnavailable } from "../Ledger.ts"
import type { LimitLevel } from "../Limits.ts"
import type { LimitStore, LimitStoreFailed, RateWindow, Window } from "../LimitStore.ts"
import type { Principal } from "../Principal.ts"
import * as Meter from "./Meter.ts"
import * as Openings from "./Openings.ts"

/** No store has room for this. */
const impossible: RateWindow = { _tag: "Rate", key: "levels", limit: 0, windowMs: 1000, amount: 1 }

const asking = (window: Window): Window => ({ ...window, amount: 0 })

/** The levels of everything that limits the principal; empty where nothing does. */
export const of = Effect.fnUntraced(function*(
  means: {
    readonly store: LimitStore["Service"]
    readonly ledger: Pick<Ledger["Service"], "spent">
    readonly shared: Meter.SharedRules
    readonly leaseMs: number
  },
  principal: Principal,
  at: number
): Effect.fn.Return<ReadonlyArray<LimitLevel>, LimitStoreFailed | LedgerUnavailable> {
  const { ledger, leaseMs, shared, store } = means
  const plan = Meter.plan(principal, shared)
  if (plan === undefined) return []
  const ask = (meters: ReadonlyArray<Meter.Meter>) =>
    store.reserve({ group: plan.group, id: `levels:${principal.id}`, leaseMs, windows: [...meters.map(({ window }) => asking(window)), impossible] })
  const meters = Meter.all(plan, at, leaseMs)
  const first = yield* ask(meters)
  const answer = first._tag === "Unopened" ? yield* ask(yield* Openings.make(ledger).fill(meters, first.keys)) : first
  if (answer._tag === "Unopened") return []
  return meters.flatMap(({ account, kind, model, period, window }, index): ReadonlyArray<LimitLevel> => {
    const level = answer.levels[index]
    if (level === undefined) return []
    return [{
      kind,
      account,
      limit: window.limit,
      used: level.used,
      ...(model === undefined ? {} : { model }),
      ...(window._tag === "Rate" ? { windowMs: window.windowMs } : {}),
      ...(period?.endsAt === undefined ? {} : { endsAt: period.endsAt })
    }]
  })
})
