/**
 * The id of one exchange: what the client reads in `x-request-id`, what the ledger is keyed by, and what ids missing from an
 * upstream's answer are made from. Sortable by time.
 */
import * as Schema from "effect/Schema"

/** A ULID: 26 characters of Crockford's base 32, the first ten of them the time in milliseconds. */
export const ExchangeId = Schema.String.check(Schema.isPattern(/^[0-9A-HJKMNP-TV-Z]{26}$/)).pipe(Schema.brand("ExchangeId"))

/** A checked exchange id. */
export type ExchangeId = typeof ExchangeId.Type

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

/** Makes an id from the time in milliseconds and a source of numbers in [0, 1). */
export const generate = (now: number, random: () => number): ExchangeId => {
  let time = ""
  for (let rest = now, digit = 0; digit < 10; digit++) {
    time = alphabet.charAt(rest % 32) + time
    rest = Math.floor(rest / 32)
  }
  let tail = ""
  for (let digit = 0; digit < 16; digit++) tail += alphabet.charAt(Math.floor(random() * 32))
  // Built from the alphabet just above, so the pattern holds; checking it again would cost every request.
  return (time + tail) as ExchangeId
}
