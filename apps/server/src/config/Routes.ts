/**
 * Where requests for a model go on to, and what is tried when its own targets fail: `routes` and `fallbacks` of an entry of `models`, and
 * the conditions both may have.
 */
import { errorClasses } from "@sluice/protocol/GatewayError"
import { Schema } from "effect"
import type { Doc } from "./Fields.ts"
import { described, flag, integer, list, oneOf, optional, required, section, table, text } from "./Fields.ts"
import { dialects } from "./Providers.ts"

const when = section({
  models: optional(list(text), "Names or globs of models as the client asked for them."),
  dialects: optional(list(oneOf(dialects)), "Protocols the client may have asked in."),
  stream: optional(flag, "Whether the answer is streamed."),
  tools: optional(flag, "Whether the request offers tools."),
  minTokens: optional(integer(0), "Tokens of the prompt by estimate, at least."),
  maxTokens: optional(integer(0), "Tokens of the prompt by estimate, at most."),
  metadata: optional(table(text), "What the request's metadata must say: a text for each name, in which `*` matches anything."),
  principals: optional(list(text), "Ids of client keys."),
  teams: optional(list(text), "Ids of teams."),
  tenants: optional(list(text), "Ids of tenants."),
  roles: optional(list(text), "One of the roles of who asks.")
})

/** What must hold of a request; everything that is stated. */
const condition = "What must hold of the request; everything that is stated, and in each list one of its entries. Absent = always."

/** Where requests go on to. */
export const routes = list(section({
  model: required(text, "The name of the model that is asked for instead."),
  when: optional(when, condition)
}))

const fallback = section({
  model: required(text, "The name of the model whose targets are tried."),
  when: optional(when, condition),
  on: optional(
    list(oneOf(errorClasses)),
    "Classes of errors after which it is tried, also those after which nothing else is (`context-overflow`, `content-filter`). Absent = all after which another target may help."
  )
})

/** What is tried after an entry's own targets: names, or names with conditions. */
export const fallbacks = list((doc: Doc<string | ReturnType<typeof fallback>["Encoded"]>) =>
  Schema.Union([text({}), fallback({})]).annotate({ ...described(doc), message: "Expected a model name or { model, when, on }" })
)
