/**
 * Reads the credential files that other programs write: an OAuth reply as JSON, with the end of the access token in one of the usual
 * spellings, or a key as JSON. What has neither shape is refused with the names of the keys that were looked for, and nothing of its
 * content.
 */
import * as Json from "@sluice/protocol/Json"
import { isObject, type Json as JsonValue, type JsonObject } from "@sluice/protocol/Wire"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { type CredentialError, forGood } from "./CredentialError.ts"
import { isSendable, lastMoment, type Material } from "./Material.ts"

/** Spellings of each fact, the first that is there counts. */
const names = {
  accessToken: ["access_token", "accessToken", "token"],
  refreshToken: ["refresh_token", "refreshToken"],
  expiresAt: ["expires_at", "expiresAt", "expiry", "expiry_date", "expired"],
  expiresIn: ["expires_in", "expiresIn"],
  account: ["email", "account_email", "account"],
  scope: ["scope"],
  key: ["api_key", "apiKey", "key", "OPENAI_API_KEY"]
} as const

const lookedFor = `${names.accessToken.join(", ")} (with ${names.refreshToken.join(", ")}, ${names.expiresAt.join(", ")}, ${names.expiresIn.join(", ")}), or ${
  names.key.join(", ")
}`

const first = (from: JsonObject, wanted: ReadonlyArray<string>): JsonValue | undefined => {
  const found = wanted.find((name) => Object.hasOwn(from, name) && from[name] !== null)
  return found === undefined ? undefined : from[found]
}

const textOf = (from: JsonObject, wanted: ReadonlyArray<string>): string | undefined => {
  const value = first(from, wanted)
  return typeof value === "string" && isSendable(value.trim()) ? value.trim() : undefined
}

/** Seconds since the epoch stay below this for a thousand years; milliseconds were above it in 1971. */
const secondsBelow = 40_000_000_000

/** A time as seconds, milliseconds or RFC 3339; undefined where it says none. */
const timeOf = (value: JsonValue | undefined): number | undefined => {
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return Math.trunc(Math.min(lastMoment, value < secondsBelow ? value * 1000 : value))
  if (typeof value !== "string") return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return timeOf(Number(value))
  const time = /^\d{4}-\d{2}-\d{2}[T ]/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

const tokensOf = (from: JsonObject, now: number): Result.Result<Material, CredentialError> | undefined => {
  const accessToken = textOf(from, names.accessToken)
  if (accessToken === undefined) return undefined
  const said = first(from, names.expiresAt)
  const length = first(from, names.expiresIn)
  const expiresAt = timeOf(said) ?? (typeof length === "number" && length >= 0 ? Math.trunc(Math.min(lastMoment, now + length * 1000)) : undefined)
  if (said !== undefined && expiresAt === undefined) {
    return Result.fail(
      forGood(
        "unknown_shape",
        `The file says when its token ends (one of ${names.expiresAt.join(", ")}) in no form that is known: seconds, milliseconds or RFC 3339.`
      )
    )
  }
  const refreshToken = textOf(from, names.refreshToken)
  return Result.succeed({
    _tag: "OAuth",
    accessToken: Redacted.make(accessToken),
    ...Json.present({
      refreshToken: refreshToken === undefined ? undefined : Redacted.make(refreshToken),
      expiresAt,
      scope: textOf(from, names.scope),
      account: textOf(from, names.account)
    })
  })
}

const keyOf = (from: JsonObject): Result.Result<Material, CredentialError> | undefined => {
  const text = textOf(from, names.key)
  return text === undefined ? undefined : Result.succeed({ _tag: "Key", key: Redacted.make(text) })
}

/** The material of a file. `now` (milliseconds since the epoch) is what `expires_in` counts from. */
export const parse = (text: string, now: number): Result.Result<Material, CredentialError> => {
  const parsed = Json.parse(text)
  if (Result.isFailure(parsed)) return Result.fail(forGood("unknown_shape", "The file is not JSON."))
  const file = parsed.success
  if (!isObject(file)) return Result.fail(forGood("unknown_shape", `The file is no JSON object; looked for ${lookedFor}.`))
  // Some programs put what they were given one level down
  const places = [file, ...Object.values(file).filter(isObject)]
  for (const place of places) {
    const tokens = tokensOf(place, now)
    if (tokens !== undefined) return tokens
  }
  for (const place of places) {
    const key = keyOf(place)
    if (key !== undefined) return key
  }
  return Result.fail(forGood("unknown_shape", `The file has none of the keys that credentials are known by; looked for ${lookedFor}.`))
}
