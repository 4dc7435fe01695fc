/**
 * A simulated identity provider without a transport: routes a request, answers it, and writes its log. Holds the only state there is.
 */
import { type Grants, make as makeGrants } from "./Grants.ts"
import { json, type LogEntry, refusal, type Reply, type Request } from "./Reply.ts"
import { type Account, type Fault, type Options, type Settings, withDefaults } from "./Settings.ts"
import { type Algorithm, generate, keySet, type SigningKey, token } from "./SigningKeys.ts"
import { answer } from "./TokenEndpoint.ts"

/** How a token is made that is not as the provider makes them. */
export interface MintOptions {
  /** What signs, and what the header says. `none` and `HS256` (with the public key as the secret) are attacks. */
  readonly algorithm?: Algorithm
  /** What the header says of the key; `null` leaves it out. */
  readonly keyId?: string | null
  /** Seconds until it ends; negative = it has ended. Default 300. */
  readonly expiresIn?: number
  /** Signs with a key that is not in the key set. */
  readonly stranger?: boolean
}

/** The state and what changes it. */
export interface Engine {
  readonly settings: Settings
  readonly grants: Grants
  readonly handle: (request: Request) => Reply
  readonly mint: (claims: { readonly [name: string]: unknown }, options?: MintOptions) => string
  readonly rotateKeys: (options?: { readonly keepOld?: boolean }) => void
  readonly script: (faults: ReadonlyArray<Fault>) => void
  readonly isValid: (accessToken: string) => boolean
  readonly decide: (decision: Account | "denied") => void
  readonly log: () => ReadonlyArray<LogEntry>
}

/** The paths. */
export const paths = {
  configuration: "/.well-known/openid-configuration",
  authorization: "/authorize",
  token: "/token",
  device: "/device",
  activation: "/activate",
  jwks: "/jwks"
} as const

const discovery = (issuer: string, { algorithms, authentication }: Settings) => ({
  issuer,
  authorization_endpoint: `${issuer}${paths.authorization}`,
  token_endpoint: `${issuer}${paths.token}`,
  device_authorization_endpoint: `${issuer}${paths.device}`,
  jwks_uri: `${issuer}${paths.jwks}`,
  response_types_supported: ["code"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: algorithms,
  code_challenge_methods_supported: ["S256"],
  grant_types_supported: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
  token_endpoint_auth_methods_supported: [authentication === "none" ? "none" : `client_secret_${authentication}`]
})

/** Where the browser is sent back to, with what was decided. */
const authorize = (grants: Grants, settings: Settings, decision: Account | "denied", query: URLSearchParams, now: number): Reply => {
  const redirectUri = query.get("redirect_uri")
  if (redirectUri === null || !URL.canParse(redirectUri) || query.get("client_id") !== settings.clientId) {
    return refusal("invalid_request", "no client, or nowhere to send the browser back to")
  }
  const back = new URL(redirectUri)
  const state = query.get("state")
  if (state !== null) back.searchParams.set("state", state)
  if (query.get("code_challenge_method") !== "S256" || query.get("response_type") !== "code") back.searchParams.set("error", "invalid_request")
  else if (decision === "denied") back.searchParams.set("error", "access_denied")
  else {
    const code = {
      challenge: query.get("code_challenge") ?? undefined,
      redirectUri,
      account: decision,
      scope: query.get("scope") ?? "",
      nonce: query.get("nonce") ?? undefined
    }
    back.searchParams.set("code", grants.issueCode(code, now))
  }
  return { status: 302, headers: { location: back.href }, body: "" }
}

/** Forgets what came first beyond this many. */
const logLimit = 10_000

/** A fresh provider. `issuer` is asked for with every answer, since a port is known late. */
export const make = (options: Options, issuer: () => string, now: () => number): Engine => {
  const settings = withDefaults(options)
  const grants = makeGrants(settings)
  const faults: Array<Fault> = []
  const log: Array<LogEntry> = []
  let count = 0
  let keys = settings.algorithms.map(generate)
  let retired: ReadonlyArray<SigningKey> = []
  let decision: Account | "denied" = settings.account

  const mint: Engine["mint"] = (claims, { algorithm, expiresIn = 300, keyId, stranger = false } = {}) => {
    const wanted = algorithm === "ES256" || algorithm === "RS256" ? algorithm : undefined
    const own = keys.find((key) => wanted === undefined || key.algorithm === wanted)
    const key = own === undefined || stranger ? { ...generate(wanted ?? "ES256"), ...(own === undefined ? {} : { id: own.id }) } : own
    const at = Math.floor(now() / 1000)
    const header = { ...(algorithm === undefined ? {} : { alg: algorithm }), ...(keyId === undefined ? {} : { kid: keyId === null ? undefined : keyId }) }
    return token(key, { iss: issuer(), iat: at, exp: at + expiresIn, ...claims }, header)
  }

  const beginDevice = (form: URLSearchParams): Reply => {
    if (form.get("client_id") !== settings.clientId) return refusal("invalid_client", "the client is not known", 401)
    const device = grants.beginDevice(form.get("scope") ?? "", now())
    if (settings.decidesDevices) device.decision = decision
    return json(200, {
      device_code: device.deviceCode,
      user_code: device.userCode,
      verification_uri: `${issuer()}${paths.activation}`,
      verification_uri_complete: `${issuer()}${paths.activation}?user_code=${device.userCode}`,
      expires_in: settings.deviceSeconds,
      interval: settings.intervalSeconds
    })
  }

  /** The page on which a person approves a device; asking for it is approving. */
  const activate = (query: URLSearchParams): Reply => {
    const device = grants.device(query.get("user_code") ?? "")
    if (device !== undefined) device.decision = decision
    return { status: device === undefined ? 404 : 200, headers: { "content-type": "text/plain" }, body: device === undefined ? "not known" : "done" }
  }

  const route = (request: Request): Reply => {
    const { body, method, path, query } = request
    switch (`${method} ${path}`) {
      case `GET ${paths.configuration}`:
        return json(200, discovery(issuer(), settings))
      case `GET ${paths.jwks}`:
        return json(200, keySet([...keys, ...retired]))
      case `GET ${paths.authorization}`:
        return authorize(grants, settings, decision, new URLSearchParams(query), now())
      case `GET ${paths.activation}`:
        return activate(new URLSearchParams(query))
      case `POST ${paths.device}`:
        return beginDevice(new URLSearchParams(body))
      case `POST ${paths.token}`:
        return answer({ settings, grants, now, mint }, request, faults.shift())
      default:
        return refusal("not_found", `nothing is at ${path}`, 404)
    }
  }

  return {
    settings,
    grants,
    mint,
    isValid: (accessToken) => grants.isValid(accessToken, now()),
    handle: (request) => {
      const at = now()
      const reply = route(request)
      const error = reply.status >= 400 && reply.body.startsWith("{") ? /"error":"([^"]*)"/.exec(reply.body)?.[1] : undefined
      const parameters = Object.fromEntries(new URLSearchParams(request.method === "POST" ? request.body : request.query))
      const { headers, method, path } = request
      log.push({ n: ++count, at, method, path, headers, parameters, status: reply.status, ...(error === undefined ? {} : { error }) })
      if (log.length > logLimit) log.shift()
      return reply
    },
    rotateKeys: ({ keepOld = true } = {}) => {
      retired = keepOld ? [...keys, ...retired] : []
      keys = settings.algorithms.map(generate)
    },
    script: (next) => void faults.push(...next),
    decide: (next) => {
      decision = next
    },
    log: () => [...log]
  }
}
