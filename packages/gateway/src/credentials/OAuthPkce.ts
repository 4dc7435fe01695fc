/**
 * Logging in with a browser that comes back (RFC 6749 with PKCE, RFC 7636, method S256). The browser brings a code and the state it was
 * sent with; the code is redeemed once, with a verifier nobody else knows. Whatever goes wrong ends the login: a code may have been used
 * by whoever did not answer.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { createHash, randomBytes, timingSafeEqual } from "node:crypto"
import { failed, type Flow, type FlowContext } from "../oauth/Flow.ts"
import { isKnown, overBecause } from "../oauth/TokenClient.ts"
import { materialOf } from "../oauth/Tokens.ts"
import { forGood } from "./CredentialError.ts"
import type { LoginProgress, StartedLogin } from "./CredentialProvider.ts"

/** How long a person may take. */
const lifeMs = 10 * 60_000

/** How often whoever waits may look whether the browser has come back. */
const pollEveryMs = 1000

/** The challenge of a verifier. */
export const challengeOf = (verifier: string): string => createHash("sha256").update(verifier).digest("base64url")

const digest = (text: string) => createHash("sha256").update(text).digest()

/** The verifier has 43 letters of base64url, so the first dot ends it. */
const remember = (verifier: string, redirectUrl: string) => Redacted.make(`${verifier}.${redirectUrl}`)

const recall = (memory: Redacted.Redacted<string>) => {
  const text = Redacted.value(memory)
  const end = text.indexOf(".")
  return { verifier: text.slice(0, end), redirectUrl: text.slice(end + 1) }
}

/** The flow of one client. */
export const flow = (context: FlowContext): Flow => ({
  start: (options) =>
    Effect.gen(function*() {
      const { authorizeUrl, clientId, parameters, scope } = context
      const redirectUrl = options.redirectUrl ?? context.redirectUrl
      if (authorizeUrl === undefined) {
        return yield* forGood("no_authorize_url", "This provider has no authorizeUrl: log in with a device code, or configure it.")
      }
      if (redirectUrl === undefined) return yield* forGood("no_redirect_url", "Nobody said where the browser comes back to: configure redirectUrl.")
      const verifier = randomBytes(32).toString("base64url")
      const state = randomBytes(32).toString("base64url")
      const url = new URL(authorizeUrl)
      const all = {
        ...parameters,
        ...(scope === "" ? {} : { scope }),
        response_type: "code",
        client_id: clientId,
        redirect_uri: redirectUrl,
        state,
        code_challenge: challengeOf(verifier),
        code_challenge_method: "S256"
      }
      for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
      const now = yield* Clock.currentTimeMillis
      return {
        kind: "pkce",
        url: url.href,
        state,
        expiresAt: now + lifeMs,
        pollEveryMs,
        memory: remember(verifier, redirectUrl)
      } satisfies StartedLogin
    }),
  poll: (login, callback) =>
    Effect.gen(function*() {
      if (callback === undefined) return { _tag: "Pending", pollEveryMs } satisfies LoginProgress
      if (callback.state === undefined || !timingSafeEqual(digest(callback.state), digest(login.state))) {
        return failed("wrong_state", "The browser came back with another state than it was sent with: begin again.")
      }
      if (callback.error !== undefined) {
        return failed(
          isKnown(callback.error) ? callback.error : "refused",
          isKnown(callback.error) ? `The identity provider refused (${callback.error}).` : "The identity provider refused."
        )
      }
      if (callback.code === undefined || callback.code === "") return failed("no_code", "The browser came back without a code: begin again.")
      const { redirectUrl, verifier } = recall(login.memory)
      const form = { grant_type: "authorization_code", code: callback.code, redirect_uri: redirectUrl, code_verifier: verifier }
      const result = yield* context.ask(context.tokenUrl, form, "authenticated")
      if ("code" in result) return failed(result.code, overBecause(result).message)
      return { _tag: "Success", material: yield* Effect.fromResult(materialOf(result.answer, result.askedAt, context.accountNames)) } satisfies LoginProgress
    }).pipe(Effect.catch(({ message }) => Effect.succeed(failed("not_redeemed", `${message} The code may have been used: begin again.`))))
})
