/**
 * What a client is told when a limit is reached: whose limit, how much of it, and when there will be room again. Pure. A rate is told as
 * providers tell theirs, with a time to wait; a budget as exhausted quota, which no client tries again by itself.
 */
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Money from "@sluice/protocol/Money"
import type { Level } from "../LimitStore.ts"
import type { Meter } from "./Meter.ts"

/** A limit that was reached, and how full it is. */
export interface Reached {
  readonly meter: Meter
  readonly level: Level
}

/** Only others can make room: how long a client does well to wait, in milliseconds. */
const othersMs = 1000

const usd = (nanos: number): string => `$${Money.toDecimal(Money.fromNanos(BigInt(nanos)))}`

const whose = ({ account: { id, kind }, model }: Meter): string => `the ${kind} "${id}"${model === undefined ? "" : ` with models named ${model}`}`

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const seconds = (ms: number): string => `${Math.max(1, Math.ceil(ms / 1000))} s`

const perWindow = (windowMs: number): string => windowMs === 60_000 ? "minute" : windowMs === 86_400_000 ? "day" : seconds(windowMs)

const ofRate = (meter: Meter & { readonly window: { readonly _tag: "Rate" } }, { waitMs }: Level): Failure => {
  const { kind, window: { amount, limit, windowMs } } = meter
  const told = { type: kind, code: "rate_limit_exceeded" }
  if (amount > limit) {
    return {
      class: "quota-exhausted",
      message: `This request takes about ${amount} tokens, and ${whose(meter)} may use ${limit} per ${perWindow(windowMs)}: it can never pass. Shorten it.`,
      ...told
    }
  }
  const wanted = kind === "tokens" ? `, and this request may take ${amount}` : ""
  return {
    class: "rate-limited",
    message: `Rate limit reached: ${whose(meter)} may use ${limit} ${limit === 1 ? kind.slice(0, -1) : kind} per ${
      perWindow(windowMs)
    }${wanted}. Try again in ${seconds(waitMs)}.`,
    retryAfterMs: waitMs,
    ...told
  }
}

const ofConcurrency = (meter: Meter, { used }: Level): Failure => ({
  class: "rate-limited",
  message: `${capital(whose(meter))} has as many requests running as it may have at the same time (${used}). Try again when one has ended.`,
  retryAfterMs: othersMs,
  type: "requests",
  code: "rate_limit_exceeded"
})

const ofBudget = (meter: Meter, { charged }: Level, now: number): Failure => {
  const { period, window: { amount, limit } } = meter
  const left = Math.max(0, limit - charged)
  // Room that running requests hold comes back when they end
  if (charged + amount <= limit) {
    return {
      class: "rate-limited",
      message: `What is left of the budget of ${whose(meter)} (${usd(left)}) is held by running requests, and this one may cost ${usd(amount)}. Try again.`,
      retryAfterMs: othersMs,
      type: "insufficient_quota",
      code: "rate_limit_exceeded"
    }
  }
  const again = period?.endsAt === undefined ? "" : ` The budget begins anew at ${new Date(period.endsAt).toISOString()}.`
  const why = left === 0 ?
    `The budget of ${whose(meter)} (${usd(limit)}) is spent.` :
    `This request may cost ${usd(amount)}, more than is left of the budget of ${whose(meter)}: ${usd(left)} of ${usd(limit)}.`
  return {
    class: "quota-exhausted",
    message: `${why}${again}`,
    ...(period?.endsAt === undefined ? {} : { retryAfterMs: Math.max(0, period.endsAt - now) }),
    type: "insufficient_quota",
    code: "insufficient_quota"
  }
}

const isRate = (meter: Meter): meter is Meter & { readonly window: { readonly _tag: "Rate" } } => meter.window._tag === "Rate"

const failureOf = ({ level, meter }: Reached, now: number): Failure =>
  isRate(meter) ? ofRate(meter, level) : meter.kind === "budget" ? ofBudget(meter, level, now) : ofConcurrency(meter, level)

/** What to tell of all limits that were reached: the one that keeps the client waiting longest. `now` is the time of day. */
export const of = (reached: readonly [Reached, ...ReadonlyArray<Reached>], now: number): Failure => {
  const [first, ...rest] = reached.map((each) => failureOf(each, now))
  const weight = (failure: Failure | undefined): number =>
    failure === undefined ? -1 : failure.class === "quota-exhausted" ? Number.MAX_SAFE_INTEGER : failure.retryAfterMs ?? 0
  return rest.reduce((worst: Failure, next) => weight(next) > weight(worst) ? next : worst, first ?? failureOf(reached[0], now))
}

/** A price is needed, and there is none. */
export const unpriced = (model: string, account: string): Failure => ({
  class: "quota-exhausted",
  message: `There is no price known for the model "${model}", and ${account} has a budget: it cannot be used. The operator can add a price, or let it pass.`,
  type: "insufficient_quota",
  code: "price_unknown",
  param: "model"
})
