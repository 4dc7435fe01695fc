/**
 * From the claims of a verified token to a principal, by a mapping: which claim says what. A claim that is mapped and says
 * something else than it should refuses the token, since nobody knows what its issuer meant. Pure.
 */
import * as Json from "@sluice/protocol/Json"
import * as Money from "@sluice/protocol/Money"
import { isObject } from "@sluice/protocol/Wire"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Budget, type LimitRules, perDay, perMinute } from "../LimitRules.ts"
import type { Principal, Priority } from "../Principal.ts"

/**
 * Which claim says what. A name is looked for as it stands first (`https://example.com/roles`), then as a path (`realm_access.roles`).
 */
export interface ClaimNames {
  /** Who it is; `sub` when absent. */
  readonly id?: string
  readonly tenant?: string
  readonly team?: string
  /** `interactive`, `agent` or `batch`. */
  readonly priority?: string
  /** A list, or words with spaces between them. */
  readonly roles?: string
  /** Names or globs of models, a list or words. Where it is mapped, a token without it may use none. */
  readonly models?: string
  /** An object: `requestsPerMinute`, `tokensPerMinute`, `requestsPerDay`, `tokensPerDay`, `concurrency`, `budgets: [{ usd, period }]`. */
  readonly limits?: string
  /** Attributes of the principal, each from a claim: texts, numbers, flags, or lists of them, joined by spaces. */
  readonly attributes?: { readonly [attribute: string]: string }
}

/** Claims of a token. */
export type Claims = { readonly [name: string]: unknown }

const maxIdLength = 256

const count = Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0)))

const usd = Schema.Union([Schema.Finite, Schema.String])

const isLimits = Schema.is(Schema.Struct({
  requestsPerMinute: count,
  tokensPerMinute: count,
  requestsPerDay: count,
  tokensPerDay: count,
  concurrency: count,
  budgets: Schema.optionalKey(Schema.Array(Schema.Struct({ usd, period: Schema.Literals(["day", "week", "month", "total"]) })))
}))

const priorities: ReadonlyArray<Priority> = ["interactive", "agent", "batch"]

const at = (claims: Claims, name: string): unknown => {
  if (Object.hasOwn(claims, name)) return claims[name]
  let value: unknown = claims
  for (const step of name.split(".")) value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
  return value
}

/** Texts that can stand in a log and in a row: not empty, no control characters. */
const isPlain = (value: unknown): value is string => typeof value === "string" && value !== "" && value.length <= maxIdLength && !/\p{Cc}/u.test(value)

const words = (value: unknown): ReadonlyArray<string> | undefined => {
  if (typeof value === "string") return value.split(/\s+/).filter((word) => word !== "")
  return Array.isArray(value) && value.every(isPlain) ? value : undefined
}

const scalar = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : undefined

const attribute = (value: unknown): string | undefined => {
  if (!Array.isArray(value)) return scalar(value)
  const all = value.map(scalar)
  return all.includes(undefined) ? undefined : all.join(" ")
}

const rulesOf = (value: unknown): LimitRules | undefined => {
  if (!isLimits(value)) return undefined
  const { budgets = [], concurrency, requestsPerDay, requestsPerMinute, tokensPerDay, tokensPerMinute } = value
  const read = budgets.map(({ period, usd }) => Option.map(Money.fromDecimal(String(usd)), (limit): Budget => ({ limit, period })))
  if (read.some(Option.isNone)) return undefined
  const rates = [
    ...(requestsPerMinute === undefined ? [] : [perMinute("requests", requestsPerMinute)]),
    ...(tokensPerMinute === undefined ? [] : [perMinute("tokens", tokensPerMinute)]),
    ...(requestsPerDay === undefined ? [] : [perDay("requests", requestsPerDay)]),
    ...(tokensPerDay === undefined ? [] : [perDay("tokens", tokensPerDay)])
  ]
  return Json.present({ rates, concurrency, budgets: read.flatMap(Option.toArray) })
}

/** The principal the claims speak of; else the claim that says nothing that could be understood. `prefix` stands before its id. */
export const principal = (claims: Claims, names: ClaimNames, prefix: string): Result.Result<Principal, string> => {
  let wrong: string | undefined
  const claim = <A>(name: string | undefined, read: (value: unknown) => A | undefined): A | undefined => {
    const value = name === undefined ? undefined : at(claims, name)
    if (name === undefined || value === undefined || value === null) return undefined
    const found = read(value)
    if (found === undefined) wrong ??= name
    return found
  }
  const text = (value: unknown) => isPlain(value) ? value : undefined
  const id = claim(names.id ?? "sub", text)
  const attributes = Object.entries(names.attributes ?? {}).flatMap(([name, from]) => {
    const value = claim(from, attribute)
    return value === undefined ? [] : [[name, value] as const]
  })
  const found = Json.present({
    tenant: claim(names.tenant, text),
    team: claim(names.team, text),
    priority: claim(names.priority, (value) => priorities.find((known) => known === value)),
    roles: claim(names.roles, words),
    // Who was to be told what may be used, and was told nothing, may use nothing
    models: claim(names.models, words) ?? (names.models === undefined ? undefined : []),
    limits: claim(names.limits, rulesOf),
    attributes: attributes.length === 0 ? undefined : Object.fromEntries(attributes)
  })
  if (wrong !== undefined) return Result.fail(wrong)
  return id === undefined ? Result.fail(names.id ?? "sub") : Result.succeed({ id: `${prefix}${id}`, ...found })
}
