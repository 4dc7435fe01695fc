// What is asked of the ledger of millions of rows: the first page, a later one, each filter with a common, a rare and an absent value,
// pairs of filters as people combine them, and charts.
import type { Question } from "../../packages/ledger/src/Messages.ts"
import { end } from "./ManyRows.ts"

type Entries = Extract<Question, { readonly _tag: "Entries" }>["query"]

const page = (query: Partial<Entries>): Question => ({ _tag: "Entries", query: { limit: 100, ...query } })

const day = 86_400_000
const ago = (days: number) => end - days * day

/** Title and question. */
export const questions: ReadonlyArray<readonly [title: string, question: Question]> = [
  ["list", page({})],
  ["list, one day two months ago", page({ from: ago(60), until: ago(59) })],
  ["status failed", page({ status: "failed" })],
  ["status completed", page({ status: "completed" })],
  ["status abandoned (none)", page({ status: "abandoned" })],
  ["outcome Cancelled", page({ outcome: "Cancelled" })],
  ["outcome UpstreamFailed(invalid)", page({ outcome: "UpstreamFailed(invalid)" })],
  ["outcome Incomplete (8 %)", page({ outcome: "Incomplete" })],
  ["outcome Truncated (none)", page({ outcome: "Truncated" })],
  ["principal, the busiest", page({ principal: "key-0" })],
  ["principal, a quiet one", page({ principal: "key-399" })],
  ["principal, none", page({ principal: "nobody" })],
  ["tenant", page({ tenant: "tenant-0" })],
  ["tenant, none", page({ tenant: "nobody" })],
  ["team", page({ team: "team-30" })],
  ["team, none", page({ team: "nobody" })],
  ["model", page({ model: "model-5" })],
  ["model, none", page({ model: "nothing" })],
  ["provider", page({ provider: "provider-1" })],
  ["provider, none", page({ provider: "nobody" })],
  ["principal, status", page({ principal: "key-0", status: "failed" })],
  ["principal, a rare status", page({ principal: "key-0", status: "denied" })],
  ["principal, status (none)", page({ principal: "key-0", status: "abandoned" })],
  ["principal, model", page({ principal: "key-0", model: "model-1" })],
  ["principal, outcome", page({ principal: "key-0", outcome: "Cancelled" })],
  ["principal, one day", page({ principal: "key-0", from: ago(60), until: ago(59) })],
  ["tenant, status", page({ tenant: "tenant-0", status: "failed" })],
  ["tenant, a rare status", page({ tenant: "tenant-11", status: "denied" })],
  ["tenant, team", page({ tenant: "tenant-6", team: "team-30" })],
  ["tenant, model", page({ tenant: "tenant-0", model: "model-12" })],
  ["tenant, provider", page({ tenant: "tenant-0", provider: "provider-2" })],
  ["tenant, outcome", page({ tenant: "tenant-0", outcome: "UpstreamFailed(invalid)" })],
  ["team, model", page({ team: "team-30", model: "model-6" })],
  ["team, status", page({ team: "team-30", status: "denied" })],
  ["model, status", page({ model: "model-5", status: "cancelled" })],
  ["model, outcome (none)", page({ model: "model-5", outcome: "Truncated" })],
  ["model, provider", page({ model: "model-5", provider: "provider-5" })],
  ["provider, status", page({ provider: "provider-1", status: "failed" })],
  ["provider, outcome", page({ provider: "provider-1", outcome: "UpstreamFailed(overloaded)" })],
  ["provider, one day", page({ provider: "provider-1", from: ago(60), until: ago(59) })],
  ["status, one day", page({ status: "failed", from: ago(60), until: ago(59) })],
  ["chart: 90 days by day", { _tag: "Chart", query: { from: ago(90), until: end, step: "day" } }],
  ["chart: 90 days by day and provider", { _tag: "Chart", query: { from: ago(90), until: end, step: "day", by: "provider" } }],
  ["chart: 90 days by day, one tenant by model", {
    _tag: "Chart",
    query: { from: ago(90), until: end, step: "day", by: "model", where: { tenant: "tenant-0" } }
  }],
  ["chart: 7 days by hour", { _tag: "Chart", query: { from: ago(7), until: end, step: "hour" } }],
  ["chart: 7 days by hour and status", { _tag: "Chart", query: { from: ago(7), until: end, step: "hour", by: "status" } }],
  ["spent by the busiest key in 31 days", { _tag: "Spent", account: { kind: "key", id: "key-0" }, fromDay: Math.floor(ago(31) / day) }]
]

/** Filters whose values are common and never meet: every row one of them finds is looked at. Shown, and not promised. */
export const neverTogether: typeof questions = [
  ["tenant, another's key", page({ tenant: "tenant-1", principal: "key-0" })],
  ["tenant, another's model", page({ tenant: "tenant-0", model: "model-5" })],
  ["tenant, another's provider", page({ tenant: "tenant-0", provider: "provider-5" })],
  ["tenant, another's team", page({ tenant: "tenant-1", team: "team-0" })],
  ["model, another's provider", page({ model: "model-5", provider: "provider-1" })]
]
