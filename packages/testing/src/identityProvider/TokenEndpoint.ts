/**
 * The token endpoint of a simulated identity provider: who asks, for which grant, and what a scripted fault makes of it.
 */
import type { Grants, Login } from "./Grants.ts"
import { json, refusal, type Reply, type Request } from "./Reply.ts"
import type { Fault, Settings } from "./Settings.ts"

/** What the endpoint works with. */
export interface Context {
  readonly settings: Settings
  readonly grants: Grants
  readonly now: () => number
  /** Signs claims, with issuer and times added. */
  readonly mint: (claims: { readonly [name: string]: unknown }) => string
}

const isAuthentic = ({ authentication, clientId, clientSecret }: Settings, headers: Request["headers"], form: URLSearchParams): boolean => {
  switch (authentication) {
    case "none":
      return form.get("client_id") === clientId
    case "post":
      return form.get("client_id") === clientId && form.get("client_secret") === clientSecret
    case "basic": {
      const expected = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString("base64")
      return headers["authorization"] === `Basic ${expected}`
    }
  }
}

const tokens = ({ grants, mint, now, settings }: Context, login: Login): Reply => {
  const { account, nonce, scope } = login
  const at = now()
  const profile = { sub: account.subject, email: account.email }
  const access = settings.signedAccessTokens
    ? grants.issueAccess(login, at, mint({ ...profile, scope, aud: "upstream", jti: `${at}-${Math.random()}` }))
    : grants.issueAccess(login, at)
  return json(200, {
    access_token: access,
    token_type: "Bearer",
    expires_in: settings.accessTokenSeconds,
    refresh_token: login.refreshToken,
    scope,
    ...(scope.split(" ").includes("openid") ? { id_token: mint({ ...profile, aud: settings.clientId, ...(nonce === undefined ? {} : { nonce }) }) } : {})
  })
}

const granted = (context: Context, form: URLSearchParams): Reply => {
  const { grants, now } = context
  const of = (name: string): string => form.get(name) ?? ""
  const grant = () => {
    switch (of("grant_type")) {
      case "urn:ietf:params:oauth:grant-type:device_code":
        return grants.pollDevice(of("device_code"), now())
      case "authorization_code":
        return grants.redeemCode({ code: of("code"), redirectUri: of("redirect_uri"), verifier: of("code_verifier") }, now())
      case "refresh_token":
        return grants.refresh(of("refresh_token"))
      default:
        return { error: "unsupported_grant_type", description: "this grant is not known" }
    }
  }
  const result = grant()
  return "error" in result ? refusal(result.error, result.description) : tokens(context, result.login)
}

const echoed = ({ body, headers }: Request): string => `you sent ${body} and ${headers["authorization"] ?? ""}`

/** Answers one request; a fault is played in the place of an answer. */
export const answer = (context: Context, request: Request, fault: Fault | undefined): Reply => {
  const { settings } = context
  const form = new URLSearchParams(request.body)
  const isComplete = Object.entries(settings.requiredHeaders).every(([name, value]) => request.headers[name] === value)
  if (!isComplete) return refusal("invalid_request", "a header is missing")
  switch (fault) {
    case undefined:
      return isAuthentic(settings, request.headers, form) ? granted(context, form) : refusal("invalid_client", "the client is not known", 401)
    case "unavailable":
      return refusal("temporarily_unavailable", "come back later", 503)
    case "broken":
      return { status: 500, headers: { "content-type": "text/html" }, body: "<h1>Internal Server Error</h1>" }
    case "rate-limited":
      return json(429, { error: "rate_limited" }, { "retry-after": "7" })
    case "garbled":
      return { status: 200, headers: { "content-type": "text/html" }, body: "<p>sign in</p>" }
    case "lost":
      return { ...granted(context, form), fate: "lost" }
    case "hang":
      return { status: 0, headers: {}, body: "", fate: "hang" }
    case "echo":
      return refusal("invalid_grant", echoed(request))
    case "echo-code":
      return json(400, { error: echoed(request), access_token: form.get("refresh_token") })
    case "echo-busy":
      return { status: 503, headers: { "content-type": "text/plain" }, body: echoed(request) }
    default:
      return refusal(fault, "as the script says", fault === "invalid_client" ? 401 : 400)
  }
}
