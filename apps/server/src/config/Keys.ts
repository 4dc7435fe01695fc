/**
 * The `keys` section: client keys that live in the file. Keys made by command or through the admin interface live in the database instead.
 */
import { defaulted, dollars, integer, list, oneOf, optional, required, secret, section, text } from "./Fields.ts"

/** One client key. */
export const key = section({
  id: required(text, "The name of the key in the ledger and in limits: the principal."),
  key: required(secret, "The key itself, as clients send it."),
  models: optional(list(text), "The model names the key may ask for; a `*` matches any text. Absent = all."),
  limits: defaulted(
    section({
      requestsPerMinute: optional(integer(1), "Requests per minute."),
      tokensPerMinute: optional(integer(1), "Tokens per minute, input and output together."),
      concurrency: optional(integer(1), "Requests at the same time.")
    }),
    {},
    "Limits of the key; an absent one does not limit."
  ),
  budget: optional(
    section({
      usd: required(dollars, "The amount in US dollars; quote it to keep every digit."),
      period: required(oneOf(["day", "week", "month"]), "The calendar period (UTC) after which the budget begins anew.")
    }),
    "What the key may spend."
  )
})
