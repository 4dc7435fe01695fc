/**
 * Keeps a conversation with the credential that served it before, so that the provider finds its prompt in its cache. Who has none
 * yet, or whose credential has to rest, gets one by weight and stays with it from then on. A conversation nothing tells apart is
 * served by weight.
 */
import type { CredentialId } from "../Credential.ts"
import type { ProviderId } from "../ProviderId.ts"
import type { Scheduler } from "../Scheduler.ts"
import * as RecentMap from "../scheduling/RecentMap.ts"

/** How many conversations are remembered, and for how long after their last request. */
export interface Bounds {
  readonly entries: number
  readonly ttlMs: number
}

/** 10,000 conversations, one hour. */
export const defaultBounds: Bounds = { entries: 10_000, ttlMs: 60 * 60 * 1000 }

/** Which conversation is with which credential. */
export interface Bindings {
  readonly get: (provider: ProviderId, session: string, now: number) => CredentialId | undefined
  readonly bind: (provider: ProviderId, session: string, credential: CredentialId, now: number) => void
  readonly size: () => number
}

/** No conversation is bound. What was not used for the longest is forgotten first. */
export const bindings = ({ entries, ttlMs }: Bounds = defaultBounds): Bindings => {
  const all = RecentMap.make<CredentialId>(entries, ttlMs)
  // A provider id holds no line break
  const keyOf = (provider: ProviderId, session: string): string => `${provider}\n${session}`
  return {
    get: (provider, session, now) => all.get(keyOf(provider, session), now),
    bind: (provider, session, credential, now) => all.set(keyOf(provider, session), credential, now),
    size: all.size
  }
}

/** A scheduler over these bindings; `byWeight` chooses for conversations without one. */
export const make = (bound: Bindings, byWeight: Scheduler): Scheduler => ({
  id: "session-affinity",
  pick: (candidates, context) => {
    const session = context.session()
    if (session === undefined) return byWeight.pick(candidates, context)
    const before = bound.get(context.provider, session, context.now)
    if (before !== undefined && candidates.some(({ id }) => id === before)) return { pick: before }
    const decision = byWeight.pick(candidates, context)
    // At once, not when it has answered: a second request of the conversation may be on its way
    if (typeof decision === "object" && "pick" in decision) bound.bind(context.provider, session, decision.pick, context.now)
    return decision
  }
})
