/**
 * What a provider is asked with: one key, one login, or nothing. A plain value that names itself, says what it may serve, and gives
 * its secret when an attempt is made, so that a refreshed one shows at once. Schedulers choose among them; nobody else sees the secret.
 */
import type * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { ProviderId } from "./ProviderId.ts"

/** 1 to 128 printable letters without blanks: it stands in the ledger, in metrics and in the log. Never a secret. */
export const CredentialId = Schema.String.check(
  Schema.isPattern(/^[\u0021-\u007e]{1,128}$/, { message: "a credential id is 1 to 128 printable ASCII letters without blanks" })
).pipe(Schema.brand("CredentialId"))

/** A credential's name, unique within its provider; make one with `CredentialId.make("team-a")`, which throws on a malformed text. */
export type CredentialId = typeof CredentialId.Type

/** A configured value; redacted where it may be a secret. */
export type Value = string | Redacted.Redacted

/** One way to be let in by a provider. */
export interface Credential {
  readonly id: CredentialId
  readonly provider: ProviderId
  /** How it is sent: a key as the dialect sends keys, a login's access token as a bearer token, or not at all. */
  readonly kind: "key" | "oauth" | "none"
  /** Only the highest tier in which something is usable is offered to a scheduler; 0 is the default. */
  readonly priority: number
  /** Its share among those of its tier; 1 is the default, 0 = it is not used. */
  readonly weight: number
  /** What is known of it, for schedulers and for management; never secrets. Names that look like a secret's are withheld from schedulers all the same. */
  readonly attributes: { readonly [name: string]: string }
  /** Globs of the upstream models it may serve; absent = all. */
  readonly models?: ReadonlyArray<string>
  /** Globs of the upstream models it may not serve. */
  readonly excluded?: ReadonlyArray<string>
  /** Read for each attempt. Undefined or blank = there is none, and an attempt fails before it connects. */
  readonly secret: () => Redacted.Redacted | undefined
  /** Headers this kind of credential adds; stronger than configured ones. */
  readonly headers?: () => { readonly [name: string]: Value }
  /** False while it is logged out, or when a refresh has failed for good; absent = always usable. */
  readonly isUsable?: () => boolean
  /** Told of a 401: refreshes once, however many ask, and says whether the attempt may be made again with it. */
  readonly renew?: Effect.Effect<boolean>
}

/** The credentials of one provider, as they are now; asked for every exchange, so it gives a list that is there already. */
export interface Credentials {
  readonly current: () => ReadonlyArray<Credential>
}

/** What is told of a plain key. */
export interface KeyOptions {
  readonly id: string
  readonly provider: string
  readonly key: Redacted.Redacted
  readonly priority?: number
  readonly weight?: number
  readonly attributes?: { readonly [name: string]: string }
  readonly models?: ReadonlyArray<string>
  readonly excluded?: ReadonlyArray<string>
}

/**
 * A key that does not change. Throws on a malformed id.
 *
 * @example
 * Credential.key({ id: "team-a", provider: "openai", key: Redacted.make("sk-…"), weight: 3 })
 */
export const key = ({ attributes, excluded, id, key, models, priority, provider, weight }: KeyOptions): Credential => ({
  id: CredentialId.make(id),
  provider: ProviderId.make(provider),
  kind: "key",
  priority: priority ?? 0,
  weight: weight ?? 1,
  attributes: attributes ?? {},
  ...(models === undefined ? {} : { models }),
  ...(excluded === undefined ? {} : { excluded }),
  secret: () => key
})

/** Credentials that stay what they are. */
export const fixed = (credentials: ReadonlyArray<Credential>): Credentials => ({ current: () => credentials })

/** What a credential sends, trimmed; undefined where there is nothing to send. */
export const secretOf = (credential: Credential): string | undefined => {
  const secret = credential.secret()
  const text = secret === undefined ? "" : Redacted.value(secret).trim()
  return text === "" ? undefined : text
}
