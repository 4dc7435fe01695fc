/**
 * Reads the whole list of a provider's models with one credential, page after page, through its executor. Everything is bounded: a
 * provider that sends pages without end, or a list that is larger than any real one, is a failure and not a list cut short.
 */
import type { ListedModel, ProviderPage } from "@sluice/protocol/Dialect"
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Json from "@sluice/protocol/Json"
import * as Thinking from "@sluice/protocol/Thinking"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Credential } from "../Credential.ts"
import type { Executor } from "../Executor.ts"
import { readAll } from "../internal/wholeBody.ts"

/** Pages of one list at most. */
export const mostPages = 64

/** Models of one list at most. */
export const mostModels = 20_000

/** Bytes of one page at most; those of the largest public lists are half of it. */
export const mostBytes = 8 * 1024 * 1024

/** Characters of a model's name at most. */
export const longestName = 256

/** Whether a listed name can be one that clients use: printable, not too long, and neither a glob nor a name with an effort. */
export const isNameable = (name: string): boolean =>
  name.length > 0 && name.length <= longestName && /^[^\s\p{C}*]+$/u.test(name) && Thinking.suffixed(name) === undefined

const decoder = new TextDecoder()

type Query = { readonly [parameter: string]: string }

const request = (query: Query, credential: Credential | undefined) => ({
  operation: "models" as const,
  model: "",
  stream: false,
  body: "",
  headers: {},
  query,
  ...(credential === undefined ? {} : { credential })
})

const unreadable = (executor: Executor) =>
  fail({ class: "unsupported", message: `The lists of ${executor.dialect.id}, which the provider "${executor.id}" speaks, cannot be read.` })

const page = Effect.fnUntraced(
  function*(executor: Executor, credential: Credential | undefined, query: Query): Effect.fn.Return<ProviderPage, GatewayError, Scope.Scope> {
    const { errors, models: { read } } = executor.dialect
    if (read === undefined) return yield* unreadable(executor)
    const reply = yield* executor.open(request(query, credential))
    const body = decoder.decode(yield* readAll(reply.body, mostBytes, () => undefined))
    if (reply.status < 200 || reply.status >= 300) return yield* fail(errors.decode({ status: reply.status, headers: reply.headers, body }))
    const parsed = Json.parse(body)
    if (Result.isFailure(parsed)) return yield* fail({ class: "protocol-violation", message: "The provider's list of models is not JSON." })
    return yield* Effect.fromResult(Result.mapError(read(parsed.success), fail))
  }
)

const tooLong = (what: string) => fail({ class: "protocol-violation", message: `The provider's list of models has more than ${what}.` })

const pages = Effect.fnUntraced(
  function*(executor: Executor, credential: Credential | undefined): Effect.fn.Return<ReadonlyArray<ListedModel>, GatewayError> {
    const { asked = {} } = executor.dialect.models
    const found = new Map<string, ListedModel>()
    const seen = new Set<string>()
    let next: Query | undefined = {}
    for (let turned = 0; next !== undefined; turned++) {
      if (turned === mostPages) return yield* tooLong(`${mostPages} pages`)
      const got: ProviderPage = yield* Effect.scoped(page(executor, credential, { ...asked, ...next }))
      for (const model of got.models) if (isNameable(model.id) && !found.has(model.id)) found.set(model.id, model)
      if (found.size > mostModels) return yield* tooLong(`${mostModels} models`)
      next = got.next
      const cursor = JSON.stringify(next)
      if (next !== undefined && seen.has(cursor)) {
        return yield* fail({ class: "protocol-violation", message: "The provider's list of models leads in a circle." })
      }
      seen.add(cursor)
    }
    return [...found.values()]
  }
)

/** The whole list, within a time. A credential that is refused is renewed once and asked with again. */
export const read = (
  executor: Executor,
  credential: Credential | undefined,
  timeout: Duration.Duration
): Effect.Effect<ReadonlyArray<ListedModel>, GatewayError> => {
  const whole = pages(executor, credential)
  const { renew } = credential ?? {}
  const renewed = renew === undefined ?
    whole :
    Effect.catch(
      whole,
      (error) => error.failure.status === 401 ? Effect.flatMap(renew, (isRenewed) => isRenewed ? whole : Effect.fail(error)) : Effect.fail(error)
    )
  return Effect.timeoutOrElse(renewed, {
    duration: timeout,
    orElse: () => fail({ class: "timeout-total", message: `The provider's list of models was not there after ${Duration.format(timeout)}.` })
  })
}
