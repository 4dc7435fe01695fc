/**
 * Where logins are kept: sealed texts by provider and id, each with a version. Whoever wants to refresh one takes a lease first, so that
 * of several processes one asks the provider and the others read what it got. A port: memory is here beside it, files are in
 * `CredentialStoreFiles.ts`, databases in the package `ledger`. A store never sees a secret.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** Whose record it is. */
export interface Place {
  readonly provider: string
  readonly id: string
}

/** A record as it is kept. */
export interface StoredCredential extends Place {
  /** Grows by one with every change. The first one is drawn by chance, so that a record that was removed and made anew is not taken for the old one. */
  readonly version: number
  /** Secrets under encryption, bound to place and version; see `CredentialSeal.ts`. */
  readonly sealed: string
  /** Milliseconds since the epoch. */
  readonly updatedAt: number
}

/** What somebody who wants to refresh is told. */
export type Lease =
  /** He may, and nobody else until the time is over. */
  | { readonly _tag: "Leased" }
  /** Somebody else is at it; for so many milliseconds more at most. */
  | { readonly _tag: "Busy"; readonly leftMs: number }
  /** Somebody else has done it. */
  | { readonly _tag: "Newer"; readonly record: StoredCredential }
  /** It was removed. */
  | { readonly _tag: "Missing" }

/** Asks for the right to refresh a version. */
export interface LeaseRequest extends Place {
  readonly version: number
  /** Who asks; unique in the world. */
  readonly owner: string
  readonly forMs: number
}

/** Records cannot be read or written at the moment. */
export class CredentialStoreUnavailable extends Schema.TaggedError<CredentialStoreUnavailable>()("CredentialStoreUnavailable", { reason: Schema.String }) {
  override get message(): string {
    return `the store of credentials is unavailable: ${this.reason}`
  }
}

/** Keeps records. */
export class CredentialStore extends Context.Service<CredentialStore, {
  /** All records, by provider and id. */
  readonly list: Effect.Effect<ReadonlyArray<StoredCredential>, CredentialStoreUnavailable>
  readonly find: (place: Place) => Effect.Effect<StoredCredential | undefined, CredentialStoreUnavailable>
  /**
   * Writes a record in the place of the version `after` (`undefined`: where none is), and ends a lease of it. Durable when it succeeds
   * with true; false where another version is there.
   */
  readonly write: (record: StoredCredential, after: number | undefined) => Effect.Effect<boolean, CredentialStoreUnavailable>
  /** False where there was none. */
  readonly remove: (place: Place) => Effect.Effect<boolean, CredentialStoreUnavailable>
  /** Of all that ask for one version, one is told `Leased` until the time is over; the same owner may ask again. */
  readonly lease: (request: LeaseRequest) => Effect.Effect<Lease, CredentialStoreUnavailable>
  /** Ends a lease early, where it was in vain. */
  readonly release: (request: Omit<LeaseRequest, "forMs">) => Effect.Effect<void, CredentialStoreUnavailable>
}>()("@sluice/gateway/credentials/CredentialStore") {}
