/**
 * How several authentication schemes give one answer: in order, the first that knows the caller or refuses it decides. A scheme
 * that breaks lets nobody in, and nobody is let in because no scheme was asked.
 */
import type { GatewayError } from "@sluice/protocol/GatewayError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Authenticator, Presented, Scheme } from "../Authenticator.ts"
import type { Gateway } from "../Gateway.ts"
import * as Metrics from "../Metrics.ts"
import type { Principal } from "../Principal.ts"
import * as Refusal from "./Refusal.ts"

const byPriority = (left: Scheme, right: Scheme): number =>
  (right.priority ?? 0) - (left.priority ?? 0) || (left.id < right.id ? -1 : left.id > right.id ? 1 : 0)

/** The schemes that are asked, in order: all of them, or the first of those that stand alone. */
export const asked = (schemes: ReadonlyArray<Scheme>): ReadonlyArray<Scheme> => {
  const ordered = schemes.toSorted(byPriority)
  const exclusive = ordered.find((scheme) => scheme.exclusive === true)
  return exclusive === undefined ? ordered : [exclusive]
}

/** Is told of a scheme that broke. */
type OnFault = (scheme: Scheme, cause: Cause.Cause<unknown>) => void

const broken = (scheme: Scheme, cause: Cause.Cause<GatewayError>, onFault: OnFault): Effect.Effect<never, GatewayError> =>
  Effect.suspend(() => {
    onFault(scheme, cause)
    return Effect.andThen(Effect.logError("An authentication scheme broke; its caller was refused", cause, { scheme: scheme.id }), Refusal.undecided)
  })

/** A scheme that dies has not said who is asking. */
const closed = (onFault: OnFault) => (scheme: Scheme): Scheme["authenticate"] => {
  const guard = Effect.catchCause((cause: Cause.Cause<GatewayError>) => Cause.hasDies(cause) ? broken(scheme, cause, onFault) : Effect.failCause(cause))
  return (presented) => guard(Effect.suspend(() => scheme.authenticate(presented)))
}

const uncounted: OnFault = () => {}

/** Who is asking, as the first of the schemes that can tell says. */
export const authenticate = (
  schemes: ReadonlyArray<Scheme>,
  onFault: OnFault = uncounted
): (presented: Presented) => Effect.Effect<Principal, GatewayError> => {
  const ordered = schemes.map(closed(onFault))
  if (ordered.length === 0) return () => Refusal.nobody
  const from = (at: number, presented: Presented): Effect.Effect<Principal, GatewayError> => {
    const next = ordered[at]
    if (next === undefined) return presented.secret === undefined ? Refusal.withoutSecret(presented) : Refusal.unknown
    return Effect.flatMap(next(presented), (found) => Option.isSome(found) ? Effect.succeed(found.value) : from(at + 1, presented))
  }
  return (presented) => from(0, presented)
}

/** A fuse that never blows: whoever makes a scheme die would lock out everybody else. */
const never = Number.MAX_SAFE_INTEGER

/** The authenticator with the faults of its schemes counted where those of other parts are. */
export const counted = (authenticator: Authenticator["Service"], { clock, fuses }: Pick<Gateway, "clock" | "fuses">): Authenticator["Service"] => {
  const { schemes } = authenticator
  if (schemes === undefined) return authenticator
  const guards = new Map(schemes.map(({ id }) => [id, fuses.of({ kind: "authenticator", id, failPolicy: "closed", after: never })]))
  const onFault: OnFault = ({ id }, cause) => {
    Metrics.partFault(`authenticator:${id}`, "defect")
    guards.get(id)?.fault(Cause.pretty(cause).split("\n")[0] ?? "", clock.currentTimeMillisUnsafe())
  }
  return { ...authenticator, authenticate: authenticate(schemes, onFault) }
}
