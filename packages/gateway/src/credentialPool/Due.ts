/**
 * When a login is refreshed: ahead of the end of its access token, by a share that is drawn by chance so that processes do not all come
 * at once, and after a failure later and later. Pure.
 */
import type { OAuthMaterial } from "../credentials/Material.ts"

/** How far ahead, and how patient. All in milliseconds. */
export interface Timing {
  /** Before the end of an access token; of short-lived ones a fifth of their life. */
  readonly aheadMs: number
  /** After the first failure; doubled by every further one. */
  readonly backOffMs: number
  readonly backOffMaxMs: number
  /** What was refreshed is not refreshed again for so long, whoever asks. */
  readonly settleMs: number
  /** How long a process may take before another may take over. Longer than any one request to the provider. */
  readonly leaseMs: number
  /** How often it is looked what others have stored. */
  readonly rescanMs: number
}

/** What holds where nothing else is said. */
export const timing: Timing = { aheadMs: 5 * 60_000, backOffMs: 5000, backOffMaxMs: 5 * 60_000, settleMs: 10_000, leaseMs: 90_000, rescanMs: 10_000 }

/** A provider that asks for more patience than this is not obeyed. */
const longestWaitMs = 60 * 60_000

/** When the refresh is due; undefined where there is nothing to refresh, or nobody said when. `jitter` is in [0, 1). */
export const at = ({ expiresAt, issuedAt, refreshToken }: OAuthMaterial, jitter: number, { aheadMs }: Timing): number | undefined => {
  if (refreshToken === undefined || expiresAt === undefined) return undefined
  const ahead = issuedAt === undefined ? aheadMs : Math.min(aheadMs, Math.max(0, expiresAt - issuedAt) / 5)
  return Math.floor(expiresAt - ahead * (1 - jitter / 5))
}

/** When to try again after so many failures in a row. */
export const again = (failures: number, now: number, jitter: number, retryAfterMs: number | undefined, { backOffMaxMs, backOffMs }: Timing): number => {
  const grown = Math.min(backOffMaxMs, backOffMs * 2 ** Math.min(20, failures - 1))
  return Math.ceil(now + Math.max(grown * (0.75 + jitter / 4), Math.min(retryAfterMs ?? 0, longestWaitMs)))
}
