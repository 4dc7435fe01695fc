/** What must hold in the `extensions` section and cannot be said by the schema of one key: patterns that can be matched, places that can be edited. */
import * as HeaderRules from "@sluice/gateway/interceptors/HeaderRules"
import * as PayloadRules from "@sluice/gateway/interceptors/PayloadRules"
import * as Patterns from "@sluice/gateway/Patterns"
import { Redacted, Result } from "effect"
import type { Problem } from "./ConfigError.ts"
import { problem } from "./ConfigError.ts"
import type { Config } from "./ConfigSchema.ts"

type Path = ReadonlyArray<PropertyKey>

const shortestSecret = 32

const tooShort = (secret: Redacted.Redacted<string> | undefined, path: Path): ReadonlyArray<Problem> =>
  secret !== undefined && Redacted.value(secret).length < shortestSecret ? [problem(path, `must have at least ${shortestSecret} characters`)] : []

const unusable = (own: ReadonlyArray<Patterns.OwnPattern> | undefined, path: Path): ReadonlyArray<Problem> =>
  (own ?? []).flatMap((each, index) =>
    Result.match(Patterns.make({ own: [each] }), {
      onFailure: ({ reason }) => [problem([...path, "own", index], `cannot be used: ${reason}`)],
      onSuccess: () => []
    })
  )

/** A rule that looks for nothing is a mistake. */
const empty = ({ own, patterns }: { readonly own?: ReadonlyArray<unknown>; readonly patterns?: ReadonlyArray<unknown> }, path: Path): ReadonlyArray<Problem> =>
  (own ?? []).length + (patterns ?? []).length === 0 ? [problem(path, "looks for nothing; state patterns or own")] : []

/** All problems of the section. */
export const extensionProblems = ({ extensions, redis }: Config): ReadonlyArray<Problem> => {
  const { cache, guardrail, headers, payload, redact } = extensions
  const at = (...path: Path): Path => ["extensions", ...path]
  return [
    ...(cache?.store === "redis" && redis === undefined ? [problem(at("cache", "store"), "needs redis.url")] : []),
    ...(cache?.store === "redis" && cache.key === undefined
      ? [problem(at("cache", "key"), "is missing: answers in redis outlive the process and must be sealed with a key that does")]
      : []),
    ...tooShort(cache?.key, at("cache", "key")),
    ...tooShort(redact?.key, at("redact", "key")),
    ...unusable(redact?.own, at("redact")),
    ...(guardrail?.rules ?? []).flatMap((rule, index) => [
      ...empty(rule, at("guardrail", "rules", index)),
      ...unusable(rule.own, at("guardrail", "rules", index))
    ]),
    ...(headers ?? []).flatMap((rule, index) => {
      const wrong = HeaderRules.problem([rule])
      return wrong === undefined ? [] : [problem(at("headers", index), `header "${wrong.header}" ${wrong.reason}`)]
    }),
    ...(payload ?? []).flatMap((rule, index) => {
      const wrong = PayloadRules.problem([rule])
      return wrong === undefined ? [] : [problem(at("payload", index), `place "${wrong.pointer}" ${wrong.reason}`)]
    })
  ]
}
