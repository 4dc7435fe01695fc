/**
 * Asks an OAuth server: a form or JSON out, JSON back, and what the answer means for the credential. What the server wrote is never
 * repeated but for the codes OAuth knows, since it may hold what it was sent.
 */
import { retryAfterMs } from "@sluice/protocol/ErrorReply"
import type { GatewayError } from "@sluice/protocol/GatewayError"
import * as Json from "@sluice/protocol/Json"
import { isObject, type JsonObject } from "@sluice/protocol/Wire"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Value } from "../Credential.ts"
import { type CredentialError, forGood, temporary } from "../credentials/CredentialError.ts"
import { readAll } from "../internal/wholeBody.ts"
import type { UpstreamClient } from "../UpstreamClient.ts"

/** Who asks, and how it is written. */
export interface TokenClientOptions {
  readonly clientId: string
  readonly clientSecret?: Redacted.Redacted<string>
  readonly authentication: "none" | "basic" | "post"
  readonly body: "form" | "json"
  readonly headers: { readonly [name: string]: Value }
  /** For the whole of one request, in milliseconds. */
  readonly timeoutMs: number
}

/** A refusal in OAuth's words; only codes that are known have words. */
export interface Refusal {
  readonly code: string
}

/** Asks one address; what the server refuses for good is a `Refusal`, what may work later a failure. */
export type TokenClient = (
  url: URL,
  parameters: { readonly [name: string]: string },
  proof: "client-id" | "authenticated"
) => Effect.Effect<{ readonly answer: JsonObject; readonly askedAt: number } | Refusal, CredentialError>

/** What OAuth says when it does not mean "later" (RFC 6749, RFC 8628). The two that mean "not yet" are for the device flow. */
const known: ReadonlySet<string> = new Set([
  "invalid_grant",
  "invalid_client",
  "invalid_request",
  "invalid_scope",
  "invalid_target",
  "unauthorized_client",
  "unsupported_grant_type",
  "access_denied",
  "expired_token",
  "authorization_pending",
  "slow_down"
])

/** Whether a code is one of OAuth's, so that it may be told. */
export const isKnown = (code: string): boolean => known.has(code)

const maxBytes = 256 * 1024
const connectTimeoutMs = 10_000
const decoder = new TextDecoder()

/** The code of an error, also where it is one level down. */
const codeOf = ({ error }: JsonObject): string | undefined => {
  const code = isObject(error) ? [error["code"], error["type"]].find((each) => typeof each === "string" && isKnown(each)) : error
  return typeof code === "string" && isKnown(code) ? code : undefined
}

type Judged = { readonly answer: JsonObject } | Refusal

const judge = (
  host: string,
  status: number,
  headers: { readonly [name: string]: string | undefined },
  text: string
): Result.Result<Judged, CredentialError> => {
  const parsed = Json.parse(text)
  const answer = Result.isSuccess(parsed) && isObject(parsed.success) ? parsed.success : undefined
  if (status >= 200 && status < 300 && answer !== undefined && answer["error"] === undefined) return Result.succeed({ answer })
  const code = answer === undefined ? undefined : codeOf(answer)
  const isBusy = status === 408 || status === 429 || status >= 500
  if (code !== undefined && !isBusy) return Result.succeed({ code })
  const what = status < 300 ? "something that is no answer of OAuth" : `status ${status}`
  return Result.fail(temporary(`The identity provider at ${host} answered with ${what}.`, retryAfterMs(headers)))
}

const plain = (value: Value): string => typeof value === "string" ? value : Redacted.value(value)

const basic = (clientId: string, secret: string): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString("base64")}`

/** A client over the gateway's one way out. */
export const make = (upstream: UpstreamClient["Service"], options: TokenClientOptions): TokenClient => {
  const { authentication, body, clientId, timeoutMs } = options
  const secret = options.clientSecret === undefined ? "" : Redacted.value(options.clientSecret)
  const given = Object.fromEntries(Object.entries(options.headers).map(([name, value]) => [name.toLowerCase(), plain(value)]))

  return (url, parameters, proof) => {
    const isProved = proof === "authenticated" && authentication !== "none"
    const all = {
      ...parameters,
      ...(isProved && authentication === "basic" ? {} : { client_id: clientId }),
      ...(isProved && authentication === "post" ? { client_secret: secret } : {})
    }
    const request = {
      method: "POST" as const,
      url,
      headers: {
        "user-agent": "sluice",
        accept: "application/json",
        "accept-encoding": "identity",
        "content-type": body === "json" ? "application/json" : "application/x-www-form-urlencoded",
        ...given,
        ...(isProved && authentication === "basic" ? { authorization: basic(clientId, secret) } : {})
      },
      body: body === "json" ? JSON.stringify(all) : new URLSearchParams(all).toString(),
      connectTimeoutMs: Math.min(connectTimeoutMs, timeoutMs)
    }
    const unreachable = ({ failure }: GatewayError) => temporary(`The identity provider at ${url.host} cannot be asked: ${failure.message}`)
    return Effect.gen(function*() {
      const askedAt = yield* Clock.currentTimeMillis
      const reply = yield* upstream.open(request)
      const text = decoder.decode(yield* readAll(reply.body, maxBytes, () => undefined))
      return { askedAt, reply, text }
    }).pipe(
      Effect.mapError(unreachable),
      Effect.scoped,
      Effect.timeoutOrElse({
        duration: timeoutMs,
        orElse: () => Effect.fail(temporary(`The identity provider at ${url.host} did not answer within ${Math.round(timeoutMs / 1000)} seconds.`))
      }),
      Effect.flatMap(({ askedAt, reply, text }) =>
        Effect.map(Effect.fromResult(judge(url.host, reply.status, reply.headers, text)), (judged) => "code" in judged ? judged : { ...judged, askedAt })
      )
    )
  }
}

/** A refusal as what it is for a credential: over. */
export const overBecause = ({ code }: Refusal): CredentialError =>
  forGood(
    code,
    code === "invalid_grant"
      ? "The identity provider does not know this login any more (invalid_grant): log in again."
      : `The identity provider refused for good (${code}).`
  )
