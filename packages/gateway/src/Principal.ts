/**
 * Who is asking, as the authenticator found it. Carried by the exchange, recorded in the ledger, and read by whatever admits
 * or limits.
 */
import type { LimitRules } from "./LimitRules.ts"

/** How urgent a caller's requests are when there is not room for all, the most urgent first. */
export type Priority = "interactive" | "agent" | "batch"

/** An authenticated caller. */
export interface Principal {
  /** Public id of the key or caller; never the secret. */
  readonly id: string
  /** The organisation it belongs to: nothing of one tenant is shown to another. */
  readonly tenant?: string
  /** The group within the tenant that shares limits. */
  readonly team?: string
  /** How urgent its requests are when there is not room for all; `interactive` when absent. */
  readonly priority?: Priority
  /** What it may use by itself; what its team and its tenant may use is theirs. */
  readonly limits?: LimitRules
  readonly roles?: ReadonlyArray<string>
  /** Names or globs of the models it may use; absent = all. */
  readonly models?: ReadonlyArray<string>
  readonly attributes?: { readonly [name: string]: string }
}
