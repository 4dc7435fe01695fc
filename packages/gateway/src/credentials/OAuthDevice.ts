/**
 * Logging in on another device (RFC 8628): the gateway gets a code, a person types it on a page, and the gateway asks until the person
 * has decided. It asks as seldom as it is told, and more seldom where the server says so.
 */
import * as Json from "@sluice/protocol/Json"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { randomBytes } from "node:crypto"
import { failed, type Flow, type FlowContext } from "../oauth/Flow.ts"
import { overBecause } from "../oauth/TokenClient.ts"
import { materialOf } from "../oauth/Tokens.ts"
import { forGood, temporary } from "./CredentialError.ts"
import type { LoginProgress, StartedLogin } from "./CredentialProvider.ts"

const grantType = "urn:ietf:params:oauth:grant-type:device_code"

/** What a server may leave out, and what `slow_down` adds (RFC 8628, 3.2 and 3.5). */
const defaultIntervalMs = 5000
const slowerByMs = 5000

/** A code without an end would be asked for until the process ends. */
const defaultLifeMs = 15 * 60_000

const textOf = (answer: JsonObject, ...names: ReadonlyArray<string>): string | undefined => {
  const found = names.map((name) => answer[name]).find((value) => typeof value === "string" && value !== "")
  return typeof found === "string" ? found : undefined
}

const millisOf = (answer: JsonObject, name: string): number | undefined => {
  const seconds = Number(answer[name] ?? Number.NaN)
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds * 1000) : undefined
}

/** The address of a page, in letters that a terminal shows as they are. */
const pageOf = (text: string | undefined): string | undefined => {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined
  return url !== undefined && /^https?:$/.test(url.protocol) ? url.href : undefined
}

/** The flow of one client. */
export const flow = ({ accountNames, ask, deviceUrl, parameters, scope, tokenUrl }: FlowContext): Flow => ({
  start: () =>
    Effect.gen(function*() {
      if (deviceUrl === undefined) return yield* forGood("no_device_url", "This provider has no deviceUrl: log in with PKCE, or configure it.")
      const result = yield* ask(deviceUrl, { ...parameters, ...(scope === "" ? {} : { scope }) }, "client-id")
      if ("code" in result) return yield* overBecause(result)
      const { answer, askedAt } = result
      const deviceCode = textOf(answer, "device_code")
      const url = pageOf(textOf(answer, "verification_uri_complete", "verification_uri", "verification_url"))
      const userCode = textOf(answer, "user_code")
      // The page is opened by a person: nothing but a page may be
      if (deviceCode === undefined || url === undefined || (userCode !== undefined && !/^[\x20-\x7e]{1,64}$/.test(userCode))) {
        return yield* temporary("The identity provider answered the device request without a device code or a page.")
      }
      return {
        kind: "device",
        url,
        ...Json.present({ userCode }),
        state: randomBytes(24).toString("base64url"),
        expiresAt: askedAt + (millisOf(answer, "expires_in") ?? defaultLifeMs),
        pollEveryMs: millisOf(answer, "interval") ?? defaultIntervalMs,
        memory: Redacted.make(deviceCode)
      } satisfies StartedLogin
    }),
  poll: (login) =>
    Effect.gen(function*() {
      const result = yield* ask(tokenUrl, { grant_type: grantType, device_code: Redacted.value(login.memory) }, "authenticated")
      if (!("code" in result)) {
        return { _tag: "Success", material: yield* Effect.fromResult(materialOf(result.answer, result.askedAt, accountNames)) } satisfies LoginProgress
      }
      switch (result.code) {
        case "authorization_pending":
          return { _tag: "Pending", pollEveryMs: login.pollEveryMs }
        case "slow_down":
          return { _tag: "Pending", pollEveryMs: login.pollEveryMs + slowerByMs }
        case "access_denied":
          return failed(result.code, "The person refused (access_denied).")
        case "expired_token":
          return failed(result.code, "The code has expired before it was typed (expired_token): begin again.")
        default:
          return failed(result.code, overBecause(result).message)
      }
    })
})
