/**
 * The `extensions` section: behaviours that come with the gateway and are off until they are configured. Conditions say for whom; rules
 * between the keys are in `ExtensionRules.ts`.
 */
import { kinds } from "@sluice/gateway/Patterns"
import { Schema } from "effect"
import type { Doc } from "./Fields.ts"
import {
  byteSize,
  defaulted,
  described,
  duration,
  flag,
  integer,
  list,
  oneOf,
  optional,
  positiveDuration,
  required,
  secret,
  section,
  table,
  text
} from "./Fields.ts"
import { dialects } from "./Providers.ts"

const conditionFields = {
  models: optional(list(text), "Names of models as clients ask for them; one `*` stands for anything."),
  dialects: optional(list(oneOf(dialects)), "Protocols in which clients ask."),
  principals: optional(list(text), "Ids of client keys."),
  tenants: optional(list(text), "Ids of tenants.")
}

const attemptFields = {
  ...conditionFields,
  providers: optional(list(text), "Ids of providers."),
  upstreamModels: optional(list(text), "Names of models as providers know them; one `*` stands for anything.")
}

const when = section(conditionFields)
const whenTried = section(attemptFields)
const always = "When it applies: everything that is stated, and in each list one of its entries. Absent = always."

const own = section({
  name: required(text, "What stands in masks and messages: lower-case letters, digits and dashes."),
  pattern: required(text, "A regular expression without looking around and referring back, so that it is matched in time linear in the text."),
  ignoreCase: defaulted(flag, false, "Whether letters of either case count as the same.")
})

const patterns = list(oneOf(kinds))
const patternsToFind =
  "Built-in patterns. `secret` is what stands behind names such as `password`, private keys and long random runs; it and `phone` take harmless texts for what they look like most often."

const cache = section({
  store: defaulted(
    oneOf(["memory", "redis"]),
    "memory",
    "Where answers are kept. `memory`: with the server, for all its workers. `redis`: on the server of `redis.url`, for a whole fleet."
  ),
  key: optional(secret, "What answers are sealed with, 32 characters or more; needed by `redis`. Absent = a new one at every start."),
  ttl: defaulted(positiveDuration, "5 minutes", "How long an answer is given again."),
  wait: defaulted(duration, "30 seconds", "How long a request waits for the answer to the same request before it is asked itself."),
  scope: defaulted(oneOf(["principal", "tenant"]), "principal", "Whose answers are shared: those of each key with itself, or those of all keys of a tenant."),
  answers: defaulted(integer(1), 10_000, "How many answers are kept; those that were not asked for the longest make room."),
  size: defaulted(byteSize, "256MiB", "How much is kept of all sealed answers together, which take a third more than the answers."),
  answer: defaulted(byteSize, "1MiB", "The largest answer that is kept."),
  when: optional(when, always)
})

const redact = section({
  patterns: optional(patterns, `${patternsToFind} Absent = \`email\`, \`card\`, \`iban\`, \`api-key\` and \`aws-key\`, or none beside \`own\`.`),
  own: optional(list(own), "Patterns of one's own."),
  reversible: defaulted(
    flag,
    false,
    "Whether masks are tokens that are put back where the answer repeats them. Answers are decoded and encoded for it. Otherwise they are words such as `[email]`, for good."
  ),
  key: optional(
    secret,
    "What tokens are made with, 32 characters or more: the same value has the same token as long as it stays. Absent = a new one at every start."
  ),
  when: optional(when, always)
})

const systemPrompt = section({
  text: required(text, "The text."),
  mode: required(
    oneOf(["prepend", "append", "replace", "default"]),
    "Where it goes: before the client's instructions, behind them, in their place, or only where there are none."
  ),
  when: optional(whenTried, always)
})

const headerChange = section({
  clear: optional(list(text), "Names of headers that are taken out first."),
  set: optional(table(text), "Headers that are set, by name; each replaces the one that was there.")
})

const headers = section({
  upstream: optional(headerChange, "Headers that go to the provider. Credentials and what HTTP itself needs come after."),
  client: optional(headerChange, "Headers of the reply to the client, streams and errors too."),
  when: optional(whenTried, always)
})

/** Any value of JSON. */
const json = (doc: Doc<unknown>) => Schema.Json.annotate({ ...described(doc), title: "JSON" })

const payload = section({
  default: optional(table(json), "Values by JSON Pointer (`/top_p`), set where the encoded request has none."),
  override: optional(table(json), "Values by JSON Pointer, set whatever stands there."),
  filter: optional(list(text), "JSON Pointers of what is taken out."),
  when: optional(
    section({
      ...attemptFields,
      headers: optional(table(text), "Headers the client sent, by name; one `*` in a value stands for anything."),
      has: optional(list(text), "JSON Pointers at which something must stand."),
      equals: optional(table(json), "Values that must stand at JSON Pointers.")
    }),
    always
  )
})

const maxTokens = section({
  max: required(integer(1), "Output tokens at most; more is lowered, less is left alone. Of several rules that apply, the lowest holds."),
  whenAbsent: defaulted(
    oneOf(["set", "leave"]),
    "set",
    "What becomes of requests that say no number: the limit is sent, or none, so that the provider's own holds."
  ),
  when: optional(whenTried, always)
})

const guardrail = section({
  hold: defaulted(integer(1, 65_536), 256, "Characters held back at the end of an answer while it streams; what is longer may be recognised too late."),
  rules: required(
    list(section({
      name: required(text, "Stands in errors."),
      patterns: optional(patterns, patternsToFind),
      own: optional(list(own), "Patterns of one's own."),
      action: required(
        oneOf(["mask", "block"]),
        "`mask`: a word such as `[email]` stands in its place. `block`: the request is refused, or the answer ends with an error."
      ),
      on: optional(list(oneOf(["request", "answer"])), "Where it is looked for. Absent = both."),
      when: optional(when, always)
    })),
    "The rules."
  )
})

const tracer = section({
  file: required(text, "The file lines are appended to; one for each worker, with its number before the ending."),
  content: defaulted(
    oneOf(["lengths", "full"]),
    "lengths",
    "`lengths`: texts are told by their lengths. `full`: requests stand in the lines, with whatever they hold."
  ),
  lines: defaulted(integer(1), 10_000, "Lines that wait to be written at most; more are dropped and counted.")
})

/** The section. */
export const extensions = section({
  cache: optional(cache, "Answers requests that were asked before, word for word, from a cache of whole answers, and asks once for many. Absent = off."),
  redact: optional(redact, "Masks parts of requests before they are sent upstream. Absent = off."),
  systemPrompt: optional(list(systemPrompt), "Texts of the operator's in the instructions of requests. All that apply are put in, in their order."),
  headers: optional(list(headers), "Headers cleared and set by rule, in their order."),
  payload: optional(list(payload), "Edits of requests in the provider's own words, in their order; every change is reported as a loss."),
  maxTokens: optional(list(maxTokens), "Limits of how long answers may be."),
  guardrail: optional(guardrail, "What may be said, in requests and in answers. Absent = anything."),
  tracer: optional(tracer, "Lines of JSON for each step of each exchange. Absent = off.")
})
