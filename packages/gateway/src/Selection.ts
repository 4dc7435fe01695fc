/**
 * Which credential the next attempt at a target is made with: those that may serve, are usable and do not rest, of the highest priority,
 * and among them whoever the schedulers choose. A conversation that brings proofs only one account can read stays with that account.
 * Synchronous, and nothing but a look where a provider has one credential and nothing has failed.
 */
import type { ErrorClass } from "@sluice/protocol/GatewayError"
import * as Conversation from "./Conversation.ts"
import type { Credential } from "./Credential.ts"
import { contextOf, type Exchange } from "./Exchange.ts"
import type { Executor } from "./Executor.ts"
import type { Gateway } from "./Gateway.ts"
import * as Wildcards from "./internal/wildcards.ts"
import * as ProviderPolicy from "./ProviderPolicy.ts"
import * as Schedule from "./scheduling/Schedule.ts"
import * as Sealed from "./Sealed.ts"

/** What was found. */
export type Selected =
  | {
    readonly _tag: "Chosen"
    /** Absent where the provider takes none. */
    readonly credential: Credential | undefined
    /** The circuits whose probe the attempt is. */
    readonly probes: ReadonlyArray<string> | undefined
    /** The provider has several credentials, so that what is under way with each is counted. */
    readonly isOneOfSeveral: boolean
  }
  /** Everything that is left failed too often: to be asked where there is nothing else. */
  | { readonly _tag: "LeftOut" }
  /** Everything that is left rests. */
  | { readonly _tag: "Resting"; readonly until: number; readonly class: ErrorClass; readonly isProbed: boolean }
  /** No credential may serve the model now: logged out, excluded, switched off, or tried. */
  | { readonly _tag: "None" }

/** For what a credential is wanted. */
export interface Wanted {
  readonly gateway: Gateway
  readonly exchange: Exchange
  readonly executor: Executor
  /** The upstream's name of the model. */
  readonly model: string
  /** The credentials that may serve it, by the lists of the provider; absent = any. */
  readonly only: ReadonlyArray<string> | undefined
  /** What the conversation is known by. */
  readonly session: () => string | undefined
  /** Those that failed in this exchange already. */
  readonly tried: ReadonlySet<Credential> | undefined
  /** Those that were tried may be tried again, where there are no others. */
  readonly mayRepeat: boolean
  /** This one, where it may serve: it was renewed for this exchange. */
  readonly preferred: Credential | undefined
  /** What is left out is asked as if it were not. */
  readonly isLastResort: boolean
}

const none: Selected = { _tag: "None" }
const leftOut: Selected = { _tag: "LeftOut" }

// A credential's lists are the same objects for as long as it does not change
const compiled = new WeakMap<ReadonlyArray<string>, Wildcards.Wildcards>()

const isAmong = (patterns: ReadonlyArray<string>, model: string): boolean => {
  const known = compiled.get(patterns)
  if (known !== undefined) return known(model)
  const made = Wildcards.make(patterns)
  compiled.set(patterns, made)
  return made(model)
}

/** Whether a credential may be used for a model at all, whatever has happened to it; `only` = the ids of those whose lists have the model. */
export const mayServe = ({ excluded, id, isUsable, models, weight }: Credential, model: string, only: ReadonlyArray<string> | undefined): boolean =>
  weight > 0 && isUsable?.() !== false && (models === undefined || isAmong(models, model)) && (excluded === undefined || !isAmong(excluded, model)) &&
  (only === undefined || only.includes(id))

/** Chooses; what is chosen may pass, so it must be asked or released. */
export const select = (wanted: Wanted): Selected => {
  const all = wanted.executor.credentials?.()
  return all === undefined || all.length < 2 ? alone(wanted, all?.[0], all !== undefined) : among(wanted, all)
}

const alone = ({ executor, gateway, isLastResort, mayRepeat, model, only, tried }: Wanted, credential: Credential | undefined, isKeyed: boolean): Selected => {
  if (credential === undefined ? isKeyed : !mayServe(credential, model, only)) return none
  if (credential !== undefined && !mayRepeat && tried?.has(credential) === true) return none
  const { health } = gateway.scheduling
  if (health.isClear()) return { _tag: "Chosen", credential, probes: undefined, isOneOfSeveral: false }
  const now = gateway.now()
  const place = { provider: executor.id, model, credential }
  const stands = health.standing(place, now)
  if (stands._tag === "Resting") return stands
  if (stands._tag === "LeftOut" && !isLastResort) return leftOut
  return { _tag: "Chosen", credential, probes: health.admit(place, now), isOneOfSeveral: false }
}

/** The pool of a target, sorted by what may be done with it. */
interface Sorted {
  ready: Array<Schedule.Offered>
  leftOut: Array<Schedule.Offered>
  resting: (Selected & { readonly _tag: "Resting" }) | undefined
}

const sort = ({ executor, gateway, model, only, tried }: Wanted, all: ReadonlyArray<Credential>, skipsTried: boolean, now: number): Sorted => {
  const { health } = gateway.scheduling
  const isClear = health.isClear()
  const sorted: Sorted = { ready: [], leftOut: [], resting: undefined }
  for (const credential of all) {
    if (!mayServe(credential, model, only) || (skipsTried && tried?.has(credential) === true)) continue
    const stands = isClear ? undefined : health.standing({ provider: executor.id, model, credential }, now)
    if (stands?._tag === "Resting") {
      if (sorted.resting === undefined || stands.until < sorted.resting.until) sorted.resting = stands
    } else (stands?._tag === "LeftOut" ? sorted.leftOut : sorted.ready).push({ credential, isDue: stands?._tag === "Due" })
  }
  return sorted
}

const among = (wanted: Wanted, all: ReadonlyArray<Credential>): Selected => {
  const { exchange, executor, gateway, isLastResort, mayRepeat, model, preferred, session } = wanted
  const now = gateway.now()
  let sorted = sort(wanted, all, true, now)
  if (mayRepeat && sorted.ready.length === 0 && wanted.tried !== undefined) sorted = sort(wanted, all, false, now)
  const usable = sorted.ready.length > 0 ? sorted.ready : isLastResort ? sorted.leftOut : []
  if (preferred !== undefined && mayServe(preferred, model, wanted.only)) return chosen(wanted, preferred, now)
  const [first] = usable
  if (first === undefined) return sorted.leftOut.length > 0 ? leftOut : sorted.resting ?? none
  const pinned = pinnedTo(wanted, usable, now)
  if (pinned !== undefined) return chosen(wanted, pinned, now)
  let priority = -Infinity
  for (const { credential } of usable) priority = Math.max(priority, credential.priority)
  const tier = usable.filter(({ credential }) => credential.priority === priority)
  const [only] = tier
  if (tier.length === 1 && only !== undefined && gateway.schedulers.length === 0) return chosen(wanted, only.credential, now)
  const picked = Schedule.pick(gateway, tier, (executor.policy ?? ProviderPolicy.defaults).scheduler, {
    provider: executor.id,
    model,
    attempt: exchange.attempts.length + 1,
    exchange: contextOf(exchange),
    session,
    random: gateway.random,
    now
  })
  return chosen(wanted, picked ?? first.credential, now)
}

const chosen = ({ executor, gateway, model }: Wanted, credential: Credential, now: number): Selected => ({
  _tag: "Chosen",
  credential,
  probes: gateway.scheduling.health.admit({ provider: executor.id, model, credential }, now),
  isOneOfSeveral: true
})

/** The credential that served the conversation before, where the request brings proofs that only it may be able to read. */
const pinnedTo = ({ exchange, executor, gateway, session }: Wanted, usable: ReadonlyArray<Schedule.Offered>, now: number): Credential | undefined => {
  const { request } = exchange
  const { sessions } = gateway.scheduling
  if (exchange.operation !== "generate" || request === undefined || sessions.size() === 0) return undefined
  const name = session()
  const id = name === undefined ? undefined : sessions.get(executor.id, name, now)
  const found = id === undefined ? undefined : usable.find(({ credential }) => credential.id === id)
  if (found === undefined) return undefined
  const isProven = executor.dialect.id === exchange.inbound.id
    ? Conversation.carriesProofs(request(), executor.dialect.id)
    : Sealed.hasMemory(gateway, exchange, executor)
  return isProven ? found.credential : undefined
}

/** Gives back what was chosen and will not be asked. */
export const release = ({ gateway }: Wanted, { probes }: Selected & { readonly _tag: "Chosen" }): void => {
  if (probes === undefined) return
  gateway.scheduling.health.released({ begunAt: gateway.now(), probes }, gateway.now())
  gateway.scheduling.changed.wake()
}

/** How long a credential rests from now. */
export const restMs = ({ executor, gateway, model }: Wanted, credential: Credential | undefined): number => {
  const now = gateway.now()
  const stands = gateway.scheduling.health.standing({ provider: executor.id, model, credential }, now)
  return stands._tag === "Resting" ? Math.max(0, stands.until - now) : 0
}

/** Whether another credential of the target could be asked at once. */
export const hasAnother = (wanted: Wanted): boolean => {
  const all = wanted.executor.credentials?.()
  if (all === undefined || all.length < 2) return false
  return sort(wanted, all, true, wanted.gateway.now()).ready.length > 0
}
