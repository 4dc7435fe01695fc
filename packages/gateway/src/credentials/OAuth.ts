/**
 * Logins over OAuth 2.0, by what is configured and nothing else: a client, its endpoints, its scopes. With a `deviceUrl` people log in
 * by a code, with an `authorizeUrl` in a browser; the tokens are refreshed at the `tokenUrl`. No vendor's client is built in.
 *
 * @example
 * OAuth.make({ clientId: "my-client", tokenUrl: "https://id.example/token", deviceUrl: "https://id.example/device", scopes: ["api"] })
 */
import * as Json from "@sluice/protocol/Json"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Value } from "../Credential.ts"
import type { FlowContext } from "../oauth/Flow.ts"
import * as TokenClient from "../oauth/TokenClient.ts"
import { materialOf } from "../oauth/Tokens.ts"
import { UpstreamClient } from "../UpstreamClient.ts"
import { forGood } from "./CredentialError.ts"
import * as CredentialProvider from "./CredentialProvider.ts"
import type { Material } from "./Material.ts"
import * as OAuthDevice from "./OAuthDevice.ts"
import * as OAuthPkce from "./OAuthPkce.ts"

/** A client of an OAuth server. */
export interface Options {
  readonly clientId: string
  readonly clientSecret?: Redacted.Redacted<string>
  /** How the client proves itself at the token endpoint. Default `basic` with a secret, `none` without one. */
  readonly authentication?: "none" | "basic" | "post"
  readonly tokenUrl: string
  /** Where a browser is sent; absent = PKCE is no way to log in. */
  readonly authorizeUrl?: string
  /** Where device codes are had; absent = they are no way to log in. */
  readonly deviceUrl?: string
  /** Where a browser comes back to, where it is always the same. */
  readonly redirectUrl?: string
  readonly scopes?: ReadonlyArray<string>
  /** More parameters of the request that begins a login, for instance `audience`. */
  readonly parameters?: { readonly [name: string]: string }
  /** Sent with every request to the provider that is made with this login, for instance a beta header. */
  readonly headers?: { readonly [name: string]: Value }
  /** Sent with every request to the token endpoint. */
  readonly tokenHeaders?: { readonly [name: string]: Value }
  /** How requests to the token endpoint are written. Default `form`, as the standard says. */
  readonly tokenBody?: "form" | "json"
  /** Which facts name the account, the first that is there: claims of the id token, or paths into the reply. Default `email`, `preferred_username`, `sub`. */
  readonly account?: ReadonlyArray<string>
  /** For one request, in milliseconds. Default 30 seconds. */
  readonly timeoutMs?: number
}

const noLogin = (kind: CredentialProvider.LoginKind) =>
  forGood("no_such_login", `This provider has no login of the kind ${kind}: configure ${kind === "device" ? "deviceUrl" : "authorizeUrl"}.`)

/** A source of logins. Endpoints that are no URL throw: they are configuration. */
export const make = (options: Options): Effect.Effect<CredentialProvider.CredentialProvider, never, UpstreamClient> =>
  Effect.map(UpstreamClient, (upstream) => {
    const { authorizeUrl, clientId, clientSecret, deviceUrl, redirectUrl } = options
    const ask = TokenClient.make(upstream, {
      clientId,
      ...Json.present({ clientSecret }),
      authentication: options.authentication ?? (clientSecret === undefined ? "none" : "basic"),
      body: options.tokenBody ?? "form",
      headers: options.tokenHeaders ?? {},
      timeoutMs: options.timeoutMs ?? 30_000
    })
    const context: FlowContext = {
      ask,
      clientId,
      tokenUrl: new URL(options.tokenUrl),
      ...Json.present({
        authorizeUrl: authorizeUrl === undefined ? undefined : new URL(authorizeUrl),
        deviceUrl: deviceUrl === undefined ? undefined : new URL(deviceUrl),
        redirectUrl
      }),
      scope: (options.scopes ?? []).join(" "),
      parameters: options.parameters ?? {},
      accountNames: options.account ?? ["email", "preferred_username", "sub"]
    }
    const flows = { device: OAuthDevice.flow(context), pkce: OAuthPkce.flow(context) }
    const logins = [...(deviceUrl === undefined ? [] : ["device" as const]), ...(authorizeUrl === undefined ? [] : ["pkce" as const])]

    const refresh = Effect.fnUntraced(function*(material: Material) {
      if (material._tag !== "OAuth" || material.refreshToken === undefined) {
        return yield* forGood("no_refresh_token", "This login cannot be refreshed, it came without a refresh token: log in again.")
      }
      const result = yield* ask(context.tokenUrl, { grant_type: "refresh_token", refresh_token: Redacted.value(material.refreshToken) }, "authenticated")
      if ("code" in result) return yield* TokenClient.overBecause(result)
      return yield* Effect.fromResult(materialOf(result.answer, result.askedAt, context.accountNames, material))
    })

    return CredentialProvider.make({
      source: "oauth",
      kind: "oauth",
      logins,
      startLogin: (kind, at) => logins.includes(kind) ? flows[kind].start(at) : Effect.fail(noLogin(kind)),
      pollLogin: (login, callback) => flows[login.kind].poll(login, callback),
      refresh,
      ...Json.present({ headers: options.headers })
    })
  })
