/**
 * What an operator decides about a provider beyond how it is reached: `scheduler`, `cooldown`, `breaker` and `errorRules` of an entry of
 * `providers`. As the gateway takes it, and the rules between these keys.
 */
import * as ErrorRules from "@sluice/gateway/ErrorRules"
import type * as ProviderPolicy from "@sluice/gateway/ProviderPolicy"
import { builtIns } from "@sluice/gateway/Scheduler"
import { Duration, Schema } from "effect"
import type { Problem } from "./ConfigError.ts"
import { problem } from "./ConfigError.ts"
import type { Doc, Field } from "./Fields.ts"
import { defaulted, described, flag, integer, list, oneOf, optional, positiveDuration, required, section, text } from "./Fields.ts"

/** A switch, or the details. */
const switched = <S extends Schema.Top>(details: Field<S>) => (doc: Doc<boolean | "true" | "false" | S["Encoded"]>) => {
  const { default: fallback, ...rest } = doc
  return Schema.Union([flag({}), details({})]).annotate({
    ...described(rest),
    ...(typeof fallback === "boolean" ? { default: fallback } : {}),
    message: "Expected true, false or a mapping of keys"
  })
}

const cooldown = section({
  max: defaulted(positiveDuration, "30 minutes", "The longest rest, whatever the provider asks for."),
  min: defaulted(positiveDuration, "1 second", "The shortest rest, whatever the provider asks for."),
  rateLimited: defaulted(positiveDuration, "1 second", "The first rest after a 429 that does not say how long. Doubles until something succeeds."),
  refused: defaulted(positiveDuration, "30 minutes", "After a key or a login was refused, and could not be renewed."),
  exhausted: defaulted(positiveDuration, "30 minutes", "After an account was used up that does not say how long."),
  missing: defaulted(positiveDuration, "5 minutes", "After a model was not found, for this credential and this model.")
})

const breaker = section({
  failures: defaulted(integer(1, 1000), 5, "Transient failures in a row after which it is left out."),
  for: defaulted(positiveDuration, "30 seconds", "How long it is left out at first. Doubles until something succeeds."),
  max: defaulted(positiveDuration, "5 minutes", "The longest it is left out at a time.")
})

const errorRule = section({
  status: optional(integer(100, 599), "The status of the provider's reply."),
  code: optional(text, "The provider's own code or type of the error."),
  message: optional(text, "A part of the error's message in any case, or a pattern between slashes: `/quota.*day/i`."),
  scope: required(
    oneOf(["request", "model", "credential", "provider"]),
    "Whose fault it is: of the request, of the model for this credential, of the credential, of the provider."
  ),
  action: required(
    oneOf(["stop", "next", "cooldown"]),
    "`stop`: the client is told. `next`: the next credential or target is tried. `cooldown`: the same, and what `scope` says rests."
  ),
  for: optional(positiveDuration, "How long it rests. Absent = as the kind of the error says, else a minute.")
})

/** The keys of an entry of `providers`. */
export const policy = {
  scheduler: defaulted(
    oneOf(builtIns),
    "weighted",
    "Which credential an attempt is made with, where there are several: `weighted` by their `weight`, spread evenly; `round-robin` in turn; `fill-first` the first until it rests; `least-busy` the one with the fewest requests under way; `session-affinity` the one that served the conversation before."
  ),
  cooldown: optional(
    switched(cooldown),
    "Whether a credential rests that was rate-limited, refused or used up, and how long. When the time is over, one request finds out whether it is well again. Absent = yes, where the provider has more than one."
  ),
  breaker: defaulted(
    switched(breaker),
    true,
    "Whether the provider, or one of its credentials, is left out for a while after repeated failures, and when. Never where nothing else is left."
  ),
  errorRules: defaulted(
    list(errorRule),
    [],
    "What errors of the provider mean, where its protocol does not say enough. The first rule that fits decides; every key of a rule must fit."
  )
}

const whole = section(policy)

type Policy = ReturnType<typeof whole>["Type"]

/** The decisions as the gateway takes them. */
export const toPolicy = ({ breaker, cooldown, errorRules, scheduler }: Policy): ProviderPolicy.Options => ({
  scheduler,
  ...(cooldown === undefined ? {} : { cooldown: typeof cooldown === "boolean" ? cooldown : toCooldown(cooldown) }),
  breaker: typeof breaker === "boolean"
    ? breaker
    : { failures: breaker.failures, firstMs: Duration.toMillis(breaker.for), maxMs: Duration.toMillis(breaker.max) },
  errorRules: errorRules.map(({ for: time, ...rule }) => time === undefined ? rule : { ...rule, forMs: Duration.toMillis(time) })
})

const toCooldown = ({ exhausted, max, min, missing, rateLimited, refused }: Exclude<NonNullable<Policy["cooldown"]>, boolean>) => ({
  maxMs: Duration.toMillis(max),
  minMs: Duration.toMillis(min),
  rateLimitedMs: Duration.toMillis(rateLimited),
  refusedMs: Duration.toMillis(refused),
  exhaustedMs: Duration.toMillis(exhausted),
  missingMs: Duration.toMillis(missing)
})

/** What does not fit together. */
export const policyProblems = (providers: ReadonlyArray<Policy>): ReadonlyArray<Problem> =>
  providers.flatMap(({ breaker, cooldown, errorRules }, index) => [
    ...(typeof cooldown === "object" && Duration.isGreaterThan(cooldown.min, cooldown.max)
      ? [problem(["providers", index, "cooldown", "min"], "the shortest rest is longer than the longest")]
      : []),
    ...(typeof breaker === "object" && Duration.isGreaterThan(breaker.for, breaker.max)
      ? [problem(["providers", index, "breaker", "for"], "it would be left out for longer than `max` says")]
      : []),
    ...errorRules.flatMap(({ action, code, for: time, message, scope, status }, at) => {
      const path = ["providers", index, "errorRules", at]
      const pattern = message === undefined ? undefined : ErrorRules.pattern(message)
      return [
        ...(status === undefined && code === undefined && message === undefined ? [problem(path, "fits every error: say a status, a code or a message")] : []),
        ...(pattern !== undefined && "problem" in pattern ? [problem([...path, "message"], `is no pattern: ${pattern.problem}`)] : []),
        ...(scope === "request" && action === "cooldown"
          ? [problem([...path, "action"], "a request cannot rest: say `stop` or `next`, or another scope")]
          : []),
        ...(time !== undefined && action !== "cooldown" ? [problem([...path, "for"], "says nothing where nothing rests: use the action `cooldown`")] : [])
      ]
    })
  ])
