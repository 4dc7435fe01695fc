/**
 * Which protocol a request body is written in, where only one can have been meant: the one dialect that understands it, or in which
 * alone every key is known and nothing is missing. A body that several could mean is nobody's guess.
 */
import * as Inbound from "@sluice/gateway/Inbound"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Dialect } from "@sluice/protocol/Dialect"
import { present } from "@sluice/protocol/Json"
import { jsonKeys } from "@sluice/protocol/Wire"
import { Result, Schema } from "effect"
import { generating } from "../Told.ts"
import { read } from "./Explanation.ts"

/** The dialect cannot be told from the body. */
export class UnknownDialect extends Schema.TaggedError<UnknownDialect>()("UnknownDialect", { reason: Schema.String, dialects: Schema.Array(Schema.String) }) {
  override get message(): string {
    return `${this.reason}; say which protocol is meant with --from ${this.dialects.join(" or --from ")}`
  }
}

/** The dialect of a body. */
export const guess = (dialects: ReadonlyArray<Dialect>, text: string): Result.Result<Dialect, UnknownDialect> => {
  const readings = dialects.flatMap((dialect) => {
    const endpoint = generating(dialect)
    // Which model the path names does not matter here
    return endpoint === undefined ? [] : [{ dialect, inbound: read(dialect, endpoint, text, { model: "any", stream: false }) }]
  })
  const understood = readings.flatMap(({ dialect, inbound }) => Result.isSuccess(inbound) ? [{ dialect, request: Inbound.decoded(inbound.success) }] : [])
  const atHome = understood.filter(({ dialect, request }) => !hasForeign(request) && isWhole(dialect, request))
  const [only, ...others] = atHome.length > 0 ? atHome : understood
  if (only !== undefined && others.length === 0) return Result.succeed(only.dialect)
  const reason = only === undefined
    ? readings.map(({ dialect, inbound }) => `it is no request of ${dialect.id}${Result.isFailure(inbound) ? ` (${inbound.failure.failure.message})` : ""}`)
      .join(", ")
    : `the request could be of ${[only, ...others].map(({ dialect }) => dialect.id).join(" or ")}`
  return Result.fail(
    new UnknownDialect({ reason, dialects: (only === undefined ? dialects : [only, ...others].map(({ dialect }) => dialect)).map(({ id }) => id) })
  )
}

/** Whether nothing the dialect asks for is missing: written anew in its own words, the request needs no default. */
const isWhole = (dialect: Dialect, request: CanonicalRequest): boolean =>
  dialect.request.encode(present({ ...request, wire: undefined })).losses.every(({ reason }) => reason !== "defaulted")

/** Whether any node of a canonical request holds keys its dialect does not know. */
const hasForeign = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.some(hasForeign)
  if (typeof value !== "object" || value === null) return false
  if ("foreign" in value && Array.isArray(value.foreign) && value.foreign.length > 0) return true
  // The caller's own JSON is no node, and the wire value is the body again
  return Object.entries(value).some(([key, inner]) => key !== "wire" && key !== "places" && !jsonKeys.has(key) && hasForeign(inner))
}
