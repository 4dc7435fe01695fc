/**
 * Asks the schedulers in their order, and at last the built-in one of the provider. A scheduler that throws, or chooses what was not
 * offered, is passed over, and after some times not asked any more.
 */
import * as Result from "effect/Result"
import type { Credential } from "../Credential.ts"
import type { Fuse } from "../Fuse.ts"
import type { Gateway } from "../Gateway.ts"
import * as Metrics from "../Metrics.ts"
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

/** Counts a fault. Nothing is logged here, where choosing is synchronous; the fuse keeps the last words. */
const note = (gateway: Gateway, scheduler: Scheduler, message: string): void => {
  Metrics.partFault(`scheduler:${scheduler.id}`, "defect")
  fuseOf(gateway, scheduler).fault(message, gateway.clock.currentTimeMillisUnsafe())
}

const ask = (gateway: Gateway, scheduler: Scheduler, candidates: ReadonlyArray<CredentialCandidate>, context: SchedulingContext): Decision => {
  if (fuseOf(gateway, scheduler).isFused()) return "not-handled"
  const decision = Result.try({ try: () => scheduler.pick(candidates, context), catch: (reason) => reason })
  if (Result.isSuccess(decision)) return decision.success
  note(gateway, scheduler, decision.failure instanceof Error ? decision.failure.message : String(decision.failure))
  return "not-handled"
}

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
    note(gateway, scheduler, `It chose a credential that was not offered, for the model "${context.model}" of "${context.provider}".`)
  }
  return credentialOf(builtIn[otherwise].pick(candidates, context))
}
