/**
 * What a configuration says of models beside where they are: the facts shown in lists (`models[].info`), other names (`aliases`), and how
 * a provider's models are named and found. All of it is optional; what is left out is not known.
 */
import { Option, Schema } from "effect"
import { defaulted, flag, integer, list, oneOf, optional, parsedText, positiveDuration, required, section, text } from "./Fields.ts"

const modality = oneOf(["text", "image", "audio", "video", "document"])

const day = parsedText(Schema.Int, {
  title: "date",
  wanted: "a date such as \"2025-11-24\" or a time such as \"2025-11-24T12:00:00Z\"",
  read: (input) => {
    const time = Date.parse(input)
    return Number.isNaN(time) || !/^\d{4}-\d{2}-\d{2}/.test(input) ? Option.none() : Option.some(Math.floor(time / 1000))
  },
  write: (seconds) => new Date(seconds * 1000).toISOString()
})

/** What is known of the model of an entry. */
export const info = section({
  displayName: optional(text, "Its name for people."),
  description: optional(text, "What it is for."),
  ownedBy: optional(text, "Whoever makes or runs it."),
  created: optional(day, "When it was released."),
  version: optional(text, "Its version."),
  contextWindow: optional(integer(1), "Tokens of the prompt and the answer together, at most."),
  maxInputTokens: optional(integer(1), "Tokens of the prompt at most."),
  maxOutputTokens: optional(integer(1), "Tokens of the answer at most."),
  input: optional(list(modality), "What it reads."),
  output: optional(list(modality), "What it writes."),
  tools: optional(flag, "Whether it can call tools."),
  structuredOutput: optional(flag, "Whether an answer can be held to a JSON schema."),
  deprecated: optional(flag, "Whether another model should be used instead."),
  deprecatedAt: optional(day, "When it was deprecated."),
  retiresAt: optional(day, "When it is taken out of service.")
})

/** The `aliases` section. */
export const alias = section({
  alias: required(text, "The name clients use. The same alias for several models makes a pool: they are taken in turn, and the next one where one fails."),
  model: required(text, "The name of a model: one of `models`, one that a glob of them serves, or one of a provider's list."),
  fork: defaulted(flag, true, "Whether the model keeps its own name too. Off = only the alias is left."),
  forced: defaulted(
    flag,
    false,
    "Whether answers name the model by the alias, and not as the provider does. Such answers are always translated, even between two ends of one protocol."
  )
})

const prefixText = parsedText(Schema.String, {
  title: "prefix",
  wanted: "1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit",
  read: (input) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(input) ? Option.some(input) : Option.none(),
  write: (prefix) => prefix
})

/** The keys of a provider that say how its models are named and found. */
export const naming = {
  prefix: optional(prefixText, "Each of the provider's models is also `PREFIX/NAME`, which asks this provider alone and falls back to nobody."),
  forcePrefix: defaulted(flag, false, "Whether the name with the prefix is the only one. Needs `prefix`."),
  excluded: defaulted(
    list(text),
    [],
    "Models that are never asked of this provider, by its own names. Any number of `*` match any text, and case does not matter."
  ),
  discovery: optional(
    section({
      names: defaulted(
        oneOf(["prefixed", "bare"]),
        "prefixed",
        "What clients call the models of the list: `PROVIDER/NAME` (with `prefix` in the place of the id where there is one), or `NAME` alone."
      ),
      included: optional(list(text), "Only these models of the list, in the form of `excluded`. Absent = all."),
      excluded: defaulted(list(text), [], "Models of the list that get no name of their own, in the form of `providers[].excluded`."),
      interval: defaulted(positiveDuration, "1 hour", "Time between two readings, a tenth more or less by chance; sooner after one that failed."),
      timeout: defaulted(positiveDuration, "30 seconds", "How long one reading of the whole list may take.")
    }),
    "Read the provider's own list of models, with each credential, at start and then now and again, and serve what is in it. Absent = off. A list that cannot be read leaves the last good one."
  )
}
