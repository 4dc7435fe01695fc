/**
 * The `models` section: the names clients ask for and the targets that serve them. One entry is one route.
 * It only describes the form; which entries fit together is checked by the gateway's `ModelRegistry`.
 */
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
  positiveNumber,
  required,
  section,
  text
} from "./Fields.ts"
import { info } from "./ModelFacts.ts"
import { price } from "./Prices.ts"
import { providerId } from "./Providers.ts"
import { fallbacks, routes } from "./Routes.ts"

const onClientGone = (doc: Doc<"cancel" | "drain" | { readonly drain: { readonly time: string; readonly bytes: string } }>) =>
  Schema.Union([
    Schema.Literals(["cancel", "drain"]),
    Schema.Struct({
      drain: section({
        time: required(positiveDuration, "Read on for at most this long."),
        bytes: required(byteSize, "Read on for at most this much.")
      })({ description: "Read on within bounds." })
    })
  ]).annotate({
    ...described(doc),
    ...(typeof doc.default === "string" ? { default: doc.default } : {}),
    message: "Expected cancel, drain or { drain: { time, bytes } }"
  })

const thinking = section({
  kind: required(
    oneOf(["budget", "level", "hybrid", "none"]),
    "What it takes: budgets of tokens, levels, both, or `none` when it does not think."
  ),
  min: optional(integer(1), "The smallest budget, in tokens. Absent = no bound."),
  max: optional(integer(1), "The largest budget, in tokens. Absent = no bound."),
  levels: optional(list(text), "The levels it takes, of `minimal`, `low`, `medium`, `high`, `xhigh`, `max` or words of its own. Absent = any."),
  dynamic: defaulted(flag, true, "Whether it can decide by itself how much to think."),
  canDisable: defaulted(flag, true, "Whether it can be told not to think.")
})

/** One route. */
export const model = section({
  id: required(text, "The name clients use. One `*` matches any text, slashes too. Exact names go before globs; the first matching glob wins."),
  targets: required(
    list(section({
      provider: required(providerId, "The id of a provider."),
      model: optional(text, "The name sent upstream; a `*` is replaced by what the `*` of the id matched. Absent = the client's name unchanged."),
      weight: defaulted(positiveNumber, 1, "The share of first tries among the entry's targets."),
      thinking: optional(thinking, "What this model can be told about thinking. Absent = what the entry says."),
      price: optional(price, "What the model costs here, before every other price. Absent = what `prices` or the published prices say.")
    })),
    "The providers that can serve the model."
  ),
  order: defaulted(
    oneOf(["weighted", "turn", "listed"]),
    "weighted",
    "Which target goes first: one drawn by `weight`, another one for each request (a pool), or the first as listed. The others follow when it fails."
  ),
  aliases: defaulted(list(text), [], "Other names of the model, which stands beside them. For more, see the section `aliases`."),
  forced: defaulted(flag, false, "Whether answers name the model as the client did, and not as the provider does."),
  info: optional(info, "What is known of the model, for lists. Goes before what the provider's list and the catalogue say; absent facts are theirs."),
  routes: optional(routes, "Where requests go on to, before anything is planned: the first whose condition holds. Absent = nowhere."),
  fallbacks: defaulted(
    fallbacks,
    [],
    "Models whose targets are tried, in this order, after the entry's own: names, or names with conditions."
  ),
  operations: optional(
    list(oneOf(["generate", "count", "embed"])),
    "What clients may ask of the model: an answer, the tokens of a prompt, vectors of texts. Anything else is refused, and lists show it. Absent = whatever the protocols of its providers can be asked."
  ),
  fidelity: defaulted(
    oneOf(["default", "strict", "lenient"]),
    "default",
    "How losses of a translation are judged: `strict` skips a target that would lose anything, `lenient` lets meaning be lost, `default` refuses only that."
  ),
  onClientGone: optional(
    onClientGone,
    "What happens upstream when the client leaves: `cancel` at once, `drain` to the end, or `{ drain: { time, bytes } }` within bounds. Absent = `cancel`, or what `replay.onClientGone` says where the client sent an Idempotency-Key."
  ),
  preCommit: optional(duration, "How long a streaming client waits for the head of the reply while targets may still be changed."),
  thinking: optional(
    thinking,
    "What the models of the targets can be told about thinking: what they do not take is fitted, or refused where the client speaks the provider's own protocol. Absent = it is sent as it is asked for."
  )
})
