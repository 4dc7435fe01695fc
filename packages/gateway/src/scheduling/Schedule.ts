/**
 * Asks the schedulers in their order, and at last the built-in one of the provider. A scheduler that throws is skipped, and after some
 * times not asked any more; one that chooses what was not offered is told so in the log.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Credential } from "../Credential.ts"
import type { Fuse } from "../Fuse.ts"
import type { Gateway } from "../Gateway.ts"
import type { BuiltIn, CredentialCandidate, Decision, Scheduler, SchedulingContext } from "../Scheduler.ts"

/** A credential that is offered. */
export interface Offered {
  readonly credential: Credential
  readonly isDue: boolean
}

/** Parts of names that a secret may have: what is named so is nobody's business, whatever is in it. */
const secretive = /key|token|secret|cookie|credential|password|storage|authorization|proxy/i

// The attributes of a credential stay what they are
const shown = new WeakMap<Credential["attributes"], CredentialCandidate["attributes"]>()

/** The attributes that may be shown. */
export const attributesOf = ({ attributes }: Credential): CredentialCandidate["attributes"] => {
  const known = shown.get(attributes)
  if (known !== undefined) return known
  const made = Object.fromEntries(Object.entries(attributes).filter(([name]) => !secretive.test(name)))
  shown.set(attributes, made)
  return made
}

const toCandidate = (gateway: Gateway, { credential, isDue }: Offered): CredentialCandidate => ({
  id: credential.id,
  kind: credential.kind,
  priority: credential.priority,
  weight: credential.weight,
  status: isDue ? "probe" : "ready",
  inFlight: gateway.scheduling.inFlight.of(credential),
  attributes: attributesOf(credential)
})

/** What guards a scheduler: one that is at fault is passed over, and others choose. */
const fuseOf = (gateway: Gateway, { fuseAfter, id }: Scheduler): Fuse =>
  gateway.fuses.of({ kind: "scheduler", id, failPolicy: "open", ...(fuseAfter === undefined ? {} : { after: fuseAfter }) })

const ask = (gateway: Gateway, scheduler: Scheduler, candidates: ReadonlyArray<CredentialCandidate>, context: SchedulingContext): Decision => {
  const fuse = fuseOf(gateway, scheduler)
  if (fuse.isFused()) return "not-handled"
  const decision = Result.try({ try: () => scheduler.pick(candidates, context), catch: (reason) => reason })
  if (Result.isSuccess(decision)) return decision.success
  const blew = fuse.fault(decision.failure instanceof Error ? decision.failure.message : String(decision.failure), gateway.clock.currentTimeMillisUnsafe())
  warn(`The scheduler "${scheduler.id}" failed${blew ? " too often and is not asked any more, until it is reset" : ""}`, decision.failure)
  return "not-handled"
}

// Choosing is synchronous, and this is not a path that is taken often
const warn = (message: string, about: unknown): void => void Effect.runFork(Effect.logWarning(message, about))

/** The credential that is chosen; undefined where even the built-in scheduler names none. */
export const pick = (gateway: Gateway, offered: ReadonlyArray<Offered>, otherwise: BuiltIn, context: SchedulingContext): Credential | undefined => {
  const candidates = offered.map((one) => toCandidate(gateway, one))
  const { builtIn } = gateway.scheduling
  const credentialOf = (decision: Decision): Credential | undefined => {
    if (decision === "not-handled") return undefined
    if ("delegate" in decision) return credentialOf(builtIn[decision.delegate].pick(candidates, context))
    return offered.find(({ credential }) => credential.id === decision.pick)?.credential
  }
  for (const scheduler of gateway.schedulers) {
    const decision = ask(gateway, scheduler, candidates, context)
    if (decision === "not-handled") continue
    const found = credentialOf(decision)
    if (found !== undefined) return found
    warn(`The scheduler "${scheduler.id}" chose a credential that was not offered`, { provider: context.provider, model: context.model })
  }
  return credentialOf(builtIn[otherwise].pick(candidates, context))
}
