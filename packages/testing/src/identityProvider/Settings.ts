/**
 * What a simulated identity provider is told: its client, how long its grants last, and the faults its token endpoint plays.
 */

/** Who logs in. */
export interface Account {
  readonly subject: string
  readonly email: string
}

/** What can be set; everything has a default. */
export interface Options {
  /** Default `sluice-test`. */
  readonly clientId?: string
  /** Default `idp-client-secret`. Asked for where `authentication` is not `none`. */
  readonly clientSecret?: string
  /** How the client proves itself at the token endpoint. Default `none`. */
  readonly authentication?: "none" | "basic" | "post"
  /** Default 3600. */
  readonly accessTokenSeconds?: number
  /** How long an authorization code may be redeemed. Default 60. */
  readonly codeSeconds?: number
  /** How long a device code may be redeemed. Default 600. */
  readonly deviceSeconds?: number
  /** Seconds between two polls of a device code. Default 5. */
  readonly intervalSeconds?: number
  /** Whether every refresh gives a new refresh token, and the use of an old one ends the whole login. Default true. */
  readonly rotates?: boolean
  /** Whether access tokens are signed tokens instead of opaque ones. Default false. */
  readonly signedAccessTokens?: boolean
  /** What its keys sign with, the first one by default. Default ES256 alone; RS256 takes a tenth of a second to make. */
  readonly algorithms?: ReadonlyArray<"ES256" | "RS256">
  /** Who logs in where nothing else is said. */
  readonly account?: Account
  /** Whether a person stands by who decides on every device at once. Default false. */
  readonly decidesDevices?: boolean
  /** Headers without which the token endpoint refuses everything. Names are lower-case. */
  readonly requiredHeaders?: { readonly [name: string]: string }
}

/**
 * What the token endpoint does with one request instead of answering it: an OAuth error by its code, or
 * - `unavailable` 503, `broken` 500 with a page, `rate-limited` 429 with Retry-After of 7 seconds, `garbled` 200 without JSON,
 * - `lost` does the work and loses the reply, `hang` never answers,
 * - `echo` an error whose description repeats every secret of the request, `echo-code` one whose code does, `echo-busy` a 503 that does.
 */
export type Fault =
  | "invalid_grant"
  | "invalid_client"
  | "slow_down"
  | "access_denied"
  | "expired_token"
  | "unavailable"
  | "broken"
  | "rate-limited"
  | "garbled"
  | "lost"
  | "echo"
  | "echo-code"
  | "echo-busy"
  | "hang"

/** The options with their defaults. */
export interface Settings extends Required<Omit<Options, "algorithms" | "requiredHeaders">> {
  readonly algorithms: ReadonlyArray<"ES256" | "RS256">
  readonly requiredHeaders: { readonly [name: string]: string }
}

/** The options with their defaults. */
export const withDefaults = (options: Options): Settings => ({
  clientId: "sluice-test",
  clientSecret: "idp-client-secret",
  authentication: "none",
  accessTokenSeconds: 3600,
  codeSeconds: 60,
  deviceSeconds: 600,
  intervalSeconds: 5,
  rotates: true,
  signedAccessTokens: false,
  decidesDevices: false,
  algorithms: ["ES256"],
  account: { subject: "user-1", email: "ada@example.test" },
  requiredHeaders: {},
  ...options
})
