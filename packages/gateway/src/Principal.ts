/**
 * Who is asking, as the authenticator found it. Carried by the exchange, recorded in the ledger, and read by whatever admits
 * or limits.
 */

/** An authenticated caller. */
export interface Principal {
  /** Public id of the key or caller; never the secret. */
  readonly id: string
  readonly tenant?: string
  readonly roles?: ReadonlyArray<string>
  /** Names or globs of the models it may use; absent = all. */
  readonly models?: ReadonlyArray<string>
  readonly attributes?: { readonly [name: string]: string }
}
