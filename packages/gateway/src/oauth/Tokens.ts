/** From the answer of a token endpoint to material: what it gave, and what it left as it was. Pure. */
import * as Json from "@sluice/protocol/Json"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { type CredentialError, temporary } from "../credentials/CredentialError.ts"
import { isSendable, lastMoment, type Material, type OAuthMaterial } from "../credentials/Material.ts"
import { accountOf } from "./IdToken.ts"

const textOf = (answer: JsonObject, name: string): string | undefined => {
  const value = answer[name]
  return typeof value === "string" && value !== "" ? value : undefined
}

/** Seconds, which some servers write as text. */
const secondsOf = (answer: JsonObject): number | undefined => {
  const value = Number(answer["expires_in"] ?? Number.NaN)
  return Number.isFinite(value) && value >= 0 ? value : undefined
}

/** The material; `askedAt` (milliseconds since the epoch) is what the tokens' time counts from, `before` what was had. */
export const materialOf = (
  answer: JsonObject,
  askedAt: number,
  accountNames: ReadonlyArray<string>,
  before?: OAuthMaterial
): Result.Result<Material, CredentialError> => {
  const accessToken = textOf(answer, "access_token")
  if (accessToken === undefined || !isSendable(accessToken)) {
    return Result.fail(temporary("The identity provider answered without an access token that can be sent."))
  }
  const refreshToken = textOf(answer, "refresh_token")
  const seconds = secondsOf(answer)
  const secrets = refreshToken === undefined ? [accessToken] : [accessToken, refreshToken]
  return Result.succeed({
    _tag: "OAuth",
    accessToken: Redacted.make(accessToken),
    issuedAt: Math.trunc(askedAt),
    ...Json.present({
      refreshToken: refreshToken === undefined ? before?.refreshToken : Redacted.make(refreshToken),
      expiresAt: seconds === undefined ? undefined : Math.trunc(Math.min(lastMoment, askedAt + seconds * 1000)),
      scope: textOf(answer, "scope") ?? before?.scope,
      account: accountOf(answer, accountNames, secrets) ?? before?.account
    })
  })
}
