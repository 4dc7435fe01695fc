/**
 * Where credentials of one kind come from: what parses stored material, logs in, follows a login, and refreshes. A port: `StaticKey`,
 * `EnvironmentKey`, `KeyFile` and `OAuth` come with the gateway, others are registered beside them. It keeps no state of its own; the
 * pools (`Credentials.ts`) do.
 *
 * @example
 * CredentialProvider.layer({ provider: "anthropic", id: "team", from: yield* OAuth.make({ clientId: "…", tokenUrl: "…", deviceUrl: "…" }) })
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Result from "effect/Result"
import type { Credential, Value } from "../Credential.ts"
import { CredentialProviders } from "../Registries.ts"
import { type CredentialError, forGood } from "./CredentialError.ts"
import * as ImportedFile from "./ImportedFile.ts"
import type { Material } from "./Material.ts"

/** How a person logs in: with a code on another device, or in a browser that comes back (PKCE). */
export type LoginKind = "device" | "pkce"

/** A login that has begun. Plain data: who follows it needs nothing else. */
export interface StartedLogin {
  readonly kind: LoginKind
  /** The page for the person. */
  readonly url: string
  /** What the person types there, where the page does not know it. */
  readonly userCode?: string
  /** Names the login; of PKCE it comes back with the browser. Not to be guessed. */
  readonly state: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** Milliseconds between two polls, at least. */
  readonly pollEveryMs: number
  /** What the provider needs to go on: a device code, a verifier. */
  readonly memory: Redacted.Redacted<string>
}

/** What a browser brought back: the parameters of the callback. */
export interface CallbackParameters {
  readonly state?: string
  readonly code?: string
  readonly error?: string
}

/** How a login stands. */
export type LoginProgress =
  | { readonly _tag: "Pending"; readonly pollEveryMs: number }
  | { readonly _tag: "Success"; readonly material: Material }
  | { readonly _tag: "Error"; readonly code: string; readonly reason: string }

/** How credentials of one kind are had. */
export interface CredentialProvider {
  /** Where they come from, in a word, for people: `key`, `environment`, `file`, `oauth`, or one's own. */
  readonly source: string
  /** How they are sent, as long as there is no material that says it. */
  readonly kind: Credential["kind"]
  /** The ways to log in; empty = there is nothing to log into. */
  readonly logins: ReadonlyArray<LoginKind>
  /** Gives material that is neither stored nor logged into. Asked at the start, on a 401, and every `reloadEveryMs`. */
  readonly load?: Effect.Effect<Material, CredentialError>
  readonly reloadEveryMs?: number
  /** Reads what a person brings: the text of an existing credential file. `now` is in milliseconds since the epoch. */
  readonly parse: (text: string, now: number) => Result.Result<Material, CredentialError>
  /** Begins a login. `redirectUrl` is where the browser comes back to, where that is not configured. */
  readonly startLogin: (kind: LoginKind, options: { readonly redirectUrl?: string }) => Effect.Effect<StartedLogin, CredentialError>
  /** Asks how it stands; of PKCE with what the browser brought back, and never twice with the same. Fails for a moment only: what is over is an `Error`. */
  readonly pollLogin: (login: StartedLogin, callback?: CallbackParameters) => Effect.Effect<LoginProgress, CredentialError>
  /** New tokens for old ones. Never asked twice with one refresh token. Absent = they cannot be refreshed. */
  readonly refresh?: (material: Material) => Effect.Effect<Material, CredentialError>
  /** What is sent with every request beside the secret. */
  readonly headers?: { readonly [name: string]: Value }
}

const noLogin = forGood("no_login", "This credential is not logged into: it is configured as it is.")

/** A provider that can do what is given; what is not given is parsing of the known shapes, and no login. */
export const make = (given: Pick<CredentialProvider, "source" | "kind"> & Partial<CredentialProvider>): CredentialProvider => ({
  logins: [],
  parse: ImportedFile.parse,
  startLogin: () => Effect.fail(noLogin),
  pollLogin: () => Effect.fail(noLogin),
  ...given
})

/** One credential of a pool: where it comes from, and how it takes part. */
export interface ConfiguredCredential {
  /** The id of the provider it is for. */
  readonly provider: string
  /** Unique within the provider. */
  readonly id: string
  readonly from: CredentialProvider
  /** 0 when absent. */
  readonly priority?: number
  /** 1 when absent; 0 = it is not used. */
  readonly weight?: number
  readonly attributes?: { readonly [name: string]: string }
  readonly models?: ReadonlyArray<string>
  readonly excluded?: ReadonlyArray<string>
}

/** Adds a credential to the pool of its provider, for as long as the gateway's generation lives. Needs pools around the gateway: `Credentials.layer`. */
export const layer = (credential: ConfiguredCredential): Layer.Layer<never, never, CredentialProviders> =>
  Layer.effectDiscard(CredentialProviders.use((registry) => registry.register(credential)))
