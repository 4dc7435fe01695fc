/**
 * What an attempt's end means for those that come after it: rests and breakers by the provider's policy, what is under way, which
 * conversation is with whom. Told at the failure, at the commit, and once more when the exchange is settled, since an answer may still
 * break off after its commit.
 */
import { type Failure } from "@sluice/protocol/GatewayError"
import type { Asked } from "@sluice/protocol/Question"
import type { AttemptPlan } from "./AttemptReply.ts"
import * as Breaker from "./Breaker.ts"
import * as Cooldowns from "./Cooldowns.ts"
import type { Credential } from "./Credential.ts"
import type { ErrorScope, Ruling } from "./ErrorRules.ts"
import type { Exchange } from "./Exchange.ts"
import type { Executor } from "./Executor.ts"
import type { Gateway } from "./Gateway.ts"
import * as Metrics from "./Metrics.ts"
import * as ProviderPolicy from "./ProviderPolicy.ts"
import type * as Health from "./scheduling/Health.ts"

/** An attempt that has begun and was not reported as failed. */
export interface Underway {
  readonly exchange: Pick<Exchange, "operation">
  readonly executor: Executor
  readonly model: string
  readonly credential: Credential | undefined
  /** The provider has several credentials, so that this one is counted. */
  readonly isOneOfSeveral: boolean
  readonly begunAt: number
  readonly probes: ReadonlyArray<string> | undefined
}

/** What a failure has led to. */
export interface Consequence {
  /** What an operator's rule says. */
  readonly ruling: Ruling | undefined
  /** The place rests now, so that asking elsewhere hides nothing. */
  readonly rests: boolean
}

const ruledMs = 60_000

const kindOf: { readonly [K in Exclude<ErrorScope, "request">]: Health.Kind } = { model: "model", credential: "credential", provider: "provider" }

/** What is looked at of an attempt. */
export type Reported = Underway & Pick<AttemptPlan<Asked>, "exchange" | "gateway">

/** An attempt begins. */
export const began = (plan: Reported): void => {
  const { credential, exchange, gateway } = plan
  exchange.underway = plan
  if (plan.isOneOfSeveral && credential !== undefined) gateway.scheduling.inFlight.add(credential, 1)
}

const leave = (gateway: Gateway, exchange: Exchange, { credential, isOneOfSeveral }: Underway): void => {
  exchange.underway = undefined
  if (isOneOfSeveral && credential !== undefined) gateway.scheduling.inFlight.add(credential, -1)
}

/** Notes a failure where it belongs. */
const judge = (gateway: Gateway, underway: Underway, failure: Failure): Consequence => {
  const { health } = gateway.scheduling
  const { credential, executor, isOneOfSeveral, model } = underway
  const { breaker, cooldown, errorRules, restsAlone } = executor.policy ?? ProviderPolicy.defaults
  const place: Health.Place = { provider: executor.id, model, credential }
  const now = gateway.now()
  const note = (kind: Health.Kind, opening: Parameters<Health.Health["failed"]>[3]): void => {
    health.failed(place, kind, failure.class, opening, underway, now)
    if (kind !== "target" && kind !== "outlier") Metrics.rested(executor.id, failure.class)
  }
  const ruling = errorRules?.(failure)
  const rest = cooldown === undefined || (!isOneOfSeveral && !restsAlone) ? undefined : Cooldowns.restOf(failure, cooldown, underway.exchange.operation)
  if (ruling !== undefined) {
    const rests = ruling.action === "cooldown" && ruling.scope !== "request"
    if (ruling.action === "cooldown" && ruling.scope !== "request") {
      const { forMs } = ruling
      note(kindOf[ruling.scope], { threshold: 1, restMs: forMs === undefined ? rest?.restMs ?? (() => ruledMs) : () => forMs })
    }
    return { ruling, rests }
  }
  if (rest !== undefined) {
    note(rest.what, { threshold: 1, restMs: rest.restMs })
    return { ruling, rests: true }
  }
  if (breaker !== undefined && (Cooldowns.isTransient(failure) || (failure.class === "rate-limited" && underway.exchange.operation !== "count"))) {
    note("target", Breaker.opening(breaker))
    if (isOneOfSeveral) note("outlier", Breaker.opening(breaker))
  } else if (Cooldowns.isAboutRequest(failure)) health.succeeded(place, underway)
  return { ruling, rests: false }
}

const conclude = (gateway: Gateway, underway: Underway): void => {
  if (underway.probes === undefined) return
  // What the attempt was the probe of, and has told nothing about
  gateway.scheduling.health.released(underway, gateway.now())
  gateway.scheduling.changed.wake()
}

/** An attempt failed before its commit. */
export const failed = (plan: Reported, failure: Failure): Consequence => {
  const { exchange, gateway } = plan
  leave(gateway, exchange, plan)
  const consequence = judge(gateway, plan, failure)
  conclude(gateway, plan)
  return consequence
}

/** An attempt ended without telling anything: its credential is renewed, or its request could not be written. */
export const released = (plan: Reported): void => {
  leave(plan.gateway, plan.exchange, plan)
  conclude(plan.gateway, plan)
}

/** An attempt's answer begins. It stays under way until the exchange ends. */
export const committed = (plan: Reported, session: () => string | undefined): void => {
  const { credential, executor, exchange, gateway, model } = plan
  const { health, sessions } = gateway.scheduling
  if (!health.isClear()) health.answered({ provider: executor.id, model, credential }, plan)
  if (plan.probes !== undefined) gateway.scheduling.changed.wake()
  if (!plan.isOneOfSeveral || credential === undefined || exchange.operation !== "generate") return
  const name = session()
  if (name !== undefined) sessions.bind(executor.id, name, credential.id, gateway.now())
}

/** The exchange is settled: what is still under way has ended, well or not. */
export const ended = (gateway: Gateway, exchange: Exchange): void => {
  const { underway } = exchange
  if (underway === undefined) return
  leave(gateway, exchange, underway)
  // Where a client left, or somebody here ended the answer, the tap has seen a cut that is not the provider's
  if (exchange.ending?._tag === "Delivered") {
    const failure = exchange.current?.tap.facts().failure
    const { credential, executor, model } = underway
    if (failure !== undefined) judge(gateway, underway, failure)
    else if (!gateway.scheduling.health.isClear()) gateway.scheduling.health.succeeded({ provider: executor.id, model, credential }, underway)
  }
  conclude(gateway, underway)
}
