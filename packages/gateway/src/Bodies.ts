/**
 * What the record keeps of the bodies of an exchange beside its row: nothing, digests, the texts with secrets and people masked, or the
 * texts. The request as it was received and decoded, the answer as it was sent, without the signs of life between its events.
 */
import * as BodyCapture from "./bodies/BodyCapture.ts"
import * as Redaction from "./bodies/Redaction.ts"
import type { Exchange } from "./Exchange.ts"
import type { Bodies, Body } from "./Ledger.ts"

/** How much is kept. */
export type Policy = "none" | "digest" | "redacted" | "full"

/** Both bodies of an exchange, as far as they have come. */
export interface Kept {
  readonly policy: Exclude<Policy, "none">
  readonly request: BodyCapture.BodyCapture
  readonly response: BodyCapture.BodyCapture
}

/** Begins with the request. */
export const begin = (exchange: Exchange, policy: Exclude<Policy, "none">, body: string | Uint8Array): void => {
  const keepsText = policy !== "digest"
  const kept: Kept = { policy, request: BodyCapture.make(keepsText), response: BodyCapture.make(keepsText) }
  kept.request.push(typeof body === "string" ? Buffer.from(body) : body)
  exchange.bodies = kept
  exchange.onBytes = kept.response.push
}

/** A word at the edge of what was left out may be half of something. */
const edge = 64

const redacted = ({ tail, text, ...body }: Body): Body => ({
  ...body,
  ...(text === undefined ? {} : { text: tail === undefined ? Redaction.redact(text) : Redaction.redact(text.slice(0, -edge)) }),
  ...(tail === undefined ? {} : { tail: Redaction.redact(tail.slice(edge)) })
})

/** What the record is given. */
export const end = ({ policy, request, response }: Kept): Bodies => {
  const whole = { request: request.end(), response: response.end() }
  return policy === "redacted" ? { policy, request: redacted(whole.request), response: redacted(whole.response) } : { policy, ...whole }
}
