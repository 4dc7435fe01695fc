/**
 * The one set of patterns for what should not be kept or sent on: e-mail addresses, phone and card numbers, bank accounts, and what looks
 * like a key or a secret. Every search is linear in the text, however it is made. Quotes and escapes are never part of what is found.
 */
import * as Emails from "./Emails.ts"
import * as Ibans from "./Ibans.ts"
import * as Numbers from "./Numbers.ts"
import * as Secrets from "./Secrets.ts"
import { merged, type Span } from "./Span.ts"

/** Everything that can be looked for. `secret` is what stands behind names such as `password`, private keys and long random runs. */
export const kinds = ["email", "phone", "card", "iban", "api-key", "aws-key", "secret"] as const

/** What can be looked for. */
export type Kind = typeof kinds[number]

const searches: ReadonlyArray<readonly [gives: ReadonlyArray<Kind>, find: (text: string) => ReadonlyArray<Span>]> = [
  [["email"], Emails.find],
  [["phone", "card"], Numbers.find],
  [["iban"], Ibans.find],
  [["api-key"], Secrets.apiKeys],
  [["aws-key"], Secrets.awsKeys],
  [["secret"], Secrets.find]
]

/** Everything of these kinds in a text that was flattened (Span.ts), in order; what overlaps is one span. */
export const find = (text: string, wanted: ReadonlyArray<Kind> = kinds): ReadonlyArray<Span> => {
  const found: Array<Span> = []
  for (const [gives, search] of searches) {
    const asked = gives.filter((kind) => wanted.includes(kind))
    if (asked.length === 0) continue
    for (const span of search(text)) if (gives.length === asked.length || asked.some((kind) => kind === span.label)) found.push(span)
  }
  return merged(found)
}
