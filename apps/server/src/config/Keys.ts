/**
 * The sections `keys`, `teams` and `tenants`: client keys that live in the file, and who shares their limits. Keys made by command live in
 * the ledger's database instead.
 */
import { defaulted, list, oneOf, optional, required, secret, section, text } from "./Fields.ts"
import { account, budget, limits } from "./LimitFields.ts"

/** One client key. */
export const key = section({
  id: required(text, "The name of the key in the ledger and in limits: the principal."),
  key: required(secret, "The key itself, as clients send it."),
  tenant: optional(text, "The id of the organisation it belongs to. Absent = that of its team."),
  team: optional(text, "The id of the team it belongs to."),
  priority: defaulted(
    oneOf(["interactive", "agent", "batch"]),
    "interactive",
    "How urgent the key's requests are when there is not room for all: the less urgent are held back first."
  ),
  models: optional(list(text), "The model names the key may ask for; a `*` matches any text. Absent = all."),
  limits: defaulted(limits, {}, "Limits of the key; an absent one does not limit."),
  budget: optional(budget, "What the key may spend: `{ usd, period }`, or a list of such budgets, which hold together.")
})

/** One team. */
export const team = section({
  id: required(text, "The name of the team in the ledger and in limits."),
  tenant: optional(text, "The id of the organisation it belongs to."),
  ...account
})

/** One tenant. */
export const tenant = section({ id: required(text, "The name of the tenant in the ledger and in limits."), ...account })
