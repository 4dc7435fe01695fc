/**
 * Whose login it is, read from the claims of an id token. The token is not verified: it came from the token endpoint itself, and what
 * it says is shown and decides nothing.
 */
import * as Json from "@sluice/protocol/Json"
import { isObject, type Json as JsonValue, type JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"

const claimsOf = (token: string): JsonValue => {
  const parsed = Json.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"))
  return Result.isSuccess(parsed) ? parsed.success : null
}

const at = (value: JsonValue | undefined, name: string): JsonValue | undefined => isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined

/** What a person could have for a name: one line that a terminal shows as it is. */
const isLabel = (value: JsonValue | undefined): value is string => typeof value === "string" && /^[\p{L}\p{N}\p{P}\p{S} ]{1,128}$/u.test(value)

/**
 * The first of the named facts that is there: a claim of the id token, or a path into the reply itself (`account.email`). A label that
 * holds a secret is none.
 */
export const accountOf = (
  reply: JsonObject,
  names: ReadonlyArray<string>,
  secrets: ReadonlyArray<string>
): string | undefined => {
  const token = reply["id_token"]
  const claims = typeof token === "string" ? claimsOf(token) : null
  const found = names.map((name) => at(claims, name) ?? name.split(".").reduce<JsonValue | undefined>(at, reply)).find(isLabel)
  return found === undefined || secrets.some((secret) => found.includes(secret)) ? undefined : found
}
