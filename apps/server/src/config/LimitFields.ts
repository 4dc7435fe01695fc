/** What limits an account, as the sections `keys`, `teams` and `tenants` write it. How limits are enforced is in the section `limits`. */
import { Schema } from "effect"
import type { Doc } from "./Fields.ts"
import { defaulted, described, dollars, integer, list, oneOf, optional, required, section, text } from "./Fields.ts"

const use = {
  requestsPerMinute: optional(integer(1), "Requests per minute, in a window that slides."),
  requestsPerDay: optional(integer(1), "Requests in 24 hours, in a window that slides."),
  tokensPerMinute: optional(integer(1), "Tokens per minute, input and output together. The longest answer a request allows is reserved until it has ended."),
  tokensPerDay: optional(integer(1), "Tokens in 24 hours, input and output together."),
  concurrency: optional(integer(1), "Requests at the same time.")
}

/** Limits of an account. */
export const limits = section({
  ...use,
  models: defaulted(
    list(section({ model: required(text, "The model name as clients ask for it; a `*` matches any text."), ...use })),
    [],
    "Limits that hold for the models a name or a glob matches, taken together, beside those for all models."
  )
})

const oneBudget = section({
  usd: required(dollars, "The amount in US dollars; quote it to keep every digit. At most 9000000."),
  period: required(
    oneOf(["day", "week", "month", "total"]),
    "The calendar period (UTC, weeks from Monday) after which the budget begins anew; `total` never does."
  )
})

/** Money of an account: one budget, or several that hold together. */
export const budget = (doc: Doc<unknown>) =>
  Schema.Union([oneBudget({}), Schema.Array(oneBudget({}))]).annotate({ ...described(doc), message: "Expected { usd, period } or a list of them" })

/** What both kinds of shared accounts have. */
export const account = {
  limits: defaulted(limits, {}, "Limits of all its keys together; an absent one does not limit."),
  budget: optional(budget, "What all its keys together may spend: `{ usd, period }`, or a list of such budgets, which hold together.")
}
