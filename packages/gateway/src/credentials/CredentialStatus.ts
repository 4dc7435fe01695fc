/**
 * What may be told of a credential: everything but its secrets. For management, the command line and logs.
 */
import type { Credential } from "../Credential.ts"
import type { LoginKind } from "./CredentialProvider.ts"

/**
 * How it stands. `ok`: it can be used. `expiring`: it can, and its refresh is due or was in vain. `refreshing`: it is being refreshed.
 * `failed`: it cannot be used, or not refreshed; `reason` says why. `logged-out`: somebody has to log in.
 */
export type CredentialState = "ok" | "expiring" | "refreshing" | "failed" | "logged-out"

/** One credential. Times are milliseconds since the epoch. */
export interface CredentialStatus {
  readonly provider: string
  readonly id: string
  readonly kind: Credential["kind"]
  /** Where it comes from: `key`, `environment`, `file`, `oauth`, `stored`, or a plug-in's own word. */
  readonly source: string
  readonly state: CredentialState
  /** Why it failed, in our own words. */
  readonly reason?: string
  /** Whose login it is, as the identity provider said. */
  readonly account?: string
  /** When the access token ends. */
  readonly expiresAt?: number
  /** When it was refreshed last, by anybody. */
  readonly lastRefresh?: number
  /** When it is refreshed next. */
  readonly nextRefresh?: number
  /** Whether requests are sent with it now. */
  readonly isUsable: boolean
  /** How one can log in; empty = not at all. */
  readonly logins: ReadonlyArray<LoginKind>
}
