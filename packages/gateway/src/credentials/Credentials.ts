/**
 * The pools of credentials by provider, kept alive: logins are stored sealed, refreshed ahead of their end by one process of all, and
 * shown as values that hold their secret only at the moment of an attempt. What logs in, refreshes and stores are ports; what is
 * configured may change while everything else goes on.
 *
 * @example
 * const credentials = yield* Credentials
 * HttpExecutor.layer({ id: "anthropic", dialect, credentials: credentials.pool("anthropic") })
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Credential, Credentials as Pool } from "../Credential.ts"
import type { CredentialError } from "./CredentialError.ts"
import type { CallbackParameters, ConfiguredCredential, LoginKind } from "./CredentialProvider.ts"
import type { CredentialStatus } from "./CredentialStatus.ts"
import type { Place } from "./CredentialStore.ts"

/** A login that was begun, as its person and whoever helps him see it. Times are milliseconds since the epoch. */
export interface Login extends Place {
  readonly kind: LoginKind
  /** Names the login in what is asked of it later. */
  readonly state: string
  /** The page for the person. */
  readonly url: string
  /** What the person types there. */
  readonly userCode?: string
  readonly expiresAt: number
  /** How long to wait before asking again, in milliseconds. */
  readonly pollEveryMs: number
  readonly progress: "pending" | "success" | "error"
  /** Why it failed, in our own words. */
  readonly reason?: string
}

/** What is to be logged into. */
export interface LoginRequest {
  readonly provider: string
  /** The configured credential, or a new id beside it; absent = the only one of the provider that is logged into. */
  readonly id?: string
  /** The configured credential whose client a new id uses; absent = the only one. */
  readonly like?: string
  /** Absent = the first way there is. */
  readonly kind?: LoginKind
  /** Where the browser comes back to, where that is not configured. */
  readonly redirectUrl?: string
}

/** Keeps the credentials. */
export class Credentials extends Context.Service<Credentials, {
  /** The credentials of a provider as they are now; the same list until something changes. Empty for one that is not known. */
  readonly current: (provider: string) => ReadonlyArray<Credential>
  /** The same, for an executor. */
  readonly pool: (provider: string) => Pool
  /** All credentials, by provider and id, without secrets. */
  readonly status: () => ReadonlyArray<CredentialStatus>
  /** Takes what is configured now in the place of what was. Credentials that stay keep their state. */
  readonly configure: (credentials: ReadonlyArray<ConfiguredCredential>) => Effect.Effect<void>
  /** Looks what other processes have stored. Happens by itself every few seconds. */
  readonly rescan: Effect.Effect<void>
  /** Refreshes now, with whoever is at it already. Says whether there is something new. */
  readonly refresh: (place: Place) => Effect.Effect<boolean, CredentialError>
  /** Stores the content of a credential file that another program wrote. */
  readonly importFile: (place: Place & { readonly like?: string; readonly text: string }) => Effect.Effect<CredentialStatus, CredentialError>
  /** Forgets what is stored; what is configured is logged out then. False where nothing was stored. */
  readonly remove: (place: Place) => Effect.Effect<boolean, CredentialError>
  /** Begins a login. */
  readonly startLogin: (request: LoginRequest) => Effect.Effect<Login, CredentialError>
  /** How a login stands. Asks the provider when its time has come, however often it is called. */
  readonly pollLogin: (state: string) => Effect.Effect<Login, CredentialError>
  /** Takes what a browser brought back. A plain function for a route: it needs no session, because nobody else knows the state. */
  readonly completeLogin: (callback: CallbackParameters) => Effect.Effect<Login, CredentialError>
}>()("@sluice/gateway/credentials/Credentials") {}
