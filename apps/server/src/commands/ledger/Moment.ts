/** Points in time as a person types them: an ISO date or time, or a length of time before now. Nothing else is guessed. */
import { Duration, Option, Schema } from "effect"

/** A point in time in milliseconds since the epoch, given what is now. */
export type Moment = (now: number) => number

const iso = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?)?$/

/** What is accepted, for messages. */
export const wanted = "a time such as 2026-11-20, 2026-11-20T10:00:00Z or \"2 hours\" (ago)"

/** Reads one; a time without a zone is UTC, as the ledger shows its times. */
export const read = (text: string): Option.Option<Moment> => {
  const parts = iso.exec(text.trim())
  if (parts === null) {
    return Schema.decodeOption(Schema.DurationFromString)(text.trim()).pipe(
      Option.filter((ago) => Duration.isFinite(ago) && !Duration.isNegative(ago)),
      Option.map((ago) => (now) => now - Duration.toMillis(ago))
    )
  }
  const time = Date.parse(`${parts[1]}T${parts[2] ?? "00:00"}${parts[3] ?? "Z"}`)
  return Number.isNaN(time) ? Option.none() : Option.some(() => time)
}
