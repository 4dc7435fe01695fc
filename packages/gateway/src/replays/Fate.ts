/**
 * What becomes of a claim when its exchange has ended. What may have been executed, and so charged, is never executed again under
 * the same key; what was certainly refused before anybody worked on it leaves the key free. Pure.
 */
import type { ErrorClass, Failure } from "@sluice/protocol/GatewayError"
import type { Outcome } from "@sluice/protocol/Outcome"
import type { Exchange } from "../Exchange.ts"
import type { Held } from "./Held.ts"

/** The answer is kept, the claim is given back, or it stays without an answer. */
export type Fate = "keep" | "release" | "cut"

/** Classes by which a provider says that it did not even begin, or that it was never reached. */
const refusals: ReadonlySet<string> = new Set<ErrorClass>([
  "rate-limited",
  "overloaded",
  "quota-exhausted",
  "timeout-connect",
  "bad-request",
  "too-large",
  "unsupported",
  "unsupported-crossing",
  "context-overflow",
  "provider-auth",
  "model-not-found",
  "content-filter",
  "unauthenticated",
  "forbidden",
  "not-found",
  "denied",
  "unsupported-media",
  "unavailable",
  "misconfigured"
])

/** Whether a provider may have worked on a request that failed like this. */
export const mayHaveRun = ({ attempts, sentUpstream }: Pick<Exchange, "attempts" | "sentUpstream">, failure: Failure): boolean =>
  sentUpstream && !(refusals.has(failure.class) && attempts.every(({ error }) => error !== undefined && refusals.has(error.class)))

/** What becomes of the claim. */
export const of = (exchange: Pick<Exchange, "attempts" | "sentUpstream" | "committed">, { failure, isWhole }: Held, outcome: Outcome): Fate => {
  // What no provider was asked for costs nobody anything, so only what came whole is worth keeping
  if ((outcome._tag === "Denied" && !exchange.sentUpstream) || (outcome._tag === "Cached" && !isWhole)) return "release"
  if (!exchange.committed && failure !== undefined) return mayHaveRun(exchange, failure) ? "keep" : "release"
  if (outcome._tag === "Cancelled" && !exchange.sentUpstream) return "release"
  // A server that stops ends its streams with an error that is not the provider's answer
  if (outcome._tag === "Cancelled" && outcome.by === "server") return "cut"
  return isWhole ? "keep" : "cut"
}
