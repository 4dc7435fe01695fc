/**
 * From the facts of an exchange to its outcome and its metered usage: the precedence table of the outcomes, as pure
 * functions. Nothing here knows sockets or effects.
 */
import { isComplete } from "@sluice/protocol/CanonicalFinish"
import * as Usage from "@sluice/protocol/CanonicalUsage"
import type { Operation } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import type { Outcome } from "@sluice/protocol/Outcome"
import { allFinished, isUsageReported, mainFinish, type TapFacts } from "./StreamTap.ts"

/** How the exchange's own side ended; the first that is set by anyone stands. */
export type Ending =
  | { readonly _tag: "Defect"; readonly message: string }
  | { readonly _tag: "Refused"; readonly by: string; readonly failure: Failure }
  /** The plan is exhausted, before anything of an answer went to the client. */
  | { readonly _tag: "Failed"; readonly failure: Failure }
  /** A kept answer was given again. */
  | { readonly _tag: "Replayed" }
  /** A cache, or a part of the gateway, gave the answer. */
  | { readonly _tag: "Cached"; readonly by: string }
  /** The answer was handed over whole, or the stream was read to its terminal event. */
  | { readonly _tag: "Delivered" }
  | { readonly _tag: "ClientGone"; readonly why?: string }
  | { readonly _tag: "ServerStop"; readonly why: string }

/** What an exchange knows when it ends. */
export interface Facts {
  readonly operation: Operation
  /** Absent: the body was never pulled. */
  readonly ending: Ending | undefined
  /** The tap of the attempt that carried, or was about to carry, the answer. */
  readonly tap: TapFacts | undefined
  /** The request was handed to an upstream connection. */
  readonly sentUpstream: boolean
  /** The head went to the client. */
  readonly committed: boolean
  /** A timed-out attempt was waiting for its answer, so the provider has read the prompt. */
  readonly waitedInVain: boolean
  readonly estimatedInput: number
}

const finished = (tap: TapFacts, brokeAfter: boolean): Outcome => {
  const flags = {
    ...(tap.hadContent && !isUsageReported(tap) ? { captureMiss: true } : {}),
    ...(brokeAfter ? { brokeAfter: true } : {})
  }
  const reason = mainFinish(tap)?.reason ?? "missing"
  return isComplete(reason) || reason === "missing" || reason === "other" ? { _tag: "Completed", ...flags } : { _tag: "Incomplete", reason, ...flags }
}

/** The outcome: the first matching row of the table. */
export const outcome = ({ ending, tap, committed, operation, sentUpstream }: Facts): Outcome => {
  if (ending?._tag === "Defect") return { _tag: "Defect", message: ending.message }
  if (ending?._tag === "Refused") return { _tag: "Denied", by: ending.by, class: ending.failure.class, message: ending.failure.message }
  if (ending?._tag === "Replayed") return { _tag: "Replayed" }
  if (ending?._tag === "Cached") return { _tag: "Cached", by: ending.by }
  // A question has one whole answer and no choices that could stay open
  if (ending?._tag === "Delivered" && operation !== "generate") return { _tag: "Completed" }
  const failure = tap?.failure
  if (tap !== undefined && failure !== undefined && committed && failure.class !== "cut" && failure.class !== "empty" && failure.class !== "cancelled") {
    return { _tag: "UpstreamFailed", class: failure.class, message: failure.message, committed: true }
  }
  if (tap !== undefined && allFinished(tap) && ending?._tag !== "Failed") {
    return finished(tap, ending?._tag === "ClientGone" || ending?._tag === "ServerStop" || failure !== undefined)
  }
  if (ending?._tag === "ClientGone") return { _tag: "Cancelled", by: "client", ...(ending.why === undefined ? {} : { why: ending.why }) }
  if (ending?._tag === "ServerStop") return { _tag: "Cancelled", by: "server", why: ending.why }
  if (ending?._tag === "Failed") {
    if (ending.failure.class === "empty") return { _tag: "Empty" }
    return { _tag: "UpstreamFailed", class: ending.failure.class, message: ending.failure.message, committed }
  }
  if (failure?.class === "cut") return { _tag: "Truncated" }
  if (failure?.class === "empty") return { _tag: "Empty" }
  return { _tag: "Cancelled", by: "unpolled", ...(sentUpstream ? {} : { why: "nothing was opened upstream" }) }
}

/** Characters per token, for estimates: a low figure errs on the side of counting more. */
const charactersPerToken = 4

/** Tokens that `length` characters make, at least. */
export const estimateTokens = (length: number): number => Math.ceil(length / charactersPerToken)

/** The usage to settle: what the provider reported, completed by estimates where it could not report. */
export const usage = (facts: Facts, result: Outcome): Usage.MeteredUsage => {
  const { tap } = facts
  // Nobody charges for a count
  if (facts.operation === "count") return Usage.unmetered
  switch (result._tag) {
    case "Denied":
      // An answer that was refused on its way to the client has been paid for
      if (tap?.commits !== true) return Usage.unmetered
      break
    case "Cached":
    case "Replayed":
    case "Empty":
      return Usage.unmetered
    case "UpstreamFailed":
      if (!result.committed || facts.ending?._tag === "Failed") return facts.waitedInVain ? estimatedInput(facts) : Usage.unmetered
      break
    case "Cancelled":
      if (!facts.sentUpstream) return Usage.unmetered
      break
    default:
      break
  }
  if (tap === undefined) return facts.sentUpstream ? estimatedInput(facts) : Usage.unmetered
  return facts.operation === "embed" ? withInput(tap, facts) : complete(tap, facts)
}

/** The usage of an answer under way. */
export const usageSoFar = (facts: Facts & { readonly tap: TapFacts }): Usage.MeteredUsage => complete(facts.tap, facts)

const estimatedInput = (facts: Facts): Usage.MeteredUsage =>
  Usage.metered(facts.operation === "embed" ? { input: facts.estimatedInput } : { input: facts.estimatedInput, output: 0 }, "estimated")

/** What was reported, with the input estimated where it was not. */
const withInput = (tap: TapFacts, facts: Facts): Usage.MeteredUsage => {
  const stated = Usage.metered(tap.usage, "reported")
  return Usage.inputTotal(tap.usage) > 0 || tap.usage.input !== undefined
    ? stated
    : { tokens: { ...stated.tokens, input: facts.estimatedInput }, provenance: { ...stated.provenance, input: "estimated" } }
}

const complete = (tap: TapFacts, facts: Facts): Usage.MeteredUsage => {
  const known = withInput(tap, facts)
  const streamed = estimateTokens(tap.contentLength)
  if (isUsageReported(tap) && (allFinished(tap) || Usage.outputTotal(tap.usage) >= streamed)) return known
  return {
    tokens: { ...known.tokens, output: Math.max(tap.usage.output ?? 0, streamed) },
    provenance: { ...known.provenance, output: "estimated" }
  }
}
