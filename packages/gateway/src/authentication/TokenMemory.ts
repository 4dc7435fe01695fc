/**
 * Tokens that were found to hold, by their digest, so that a caller's next request costs no signature: a signature is a tenth of a
 * millisecond. A token is remembered to its end, and no longer than the keys it was judged by are the current ones. Bounded.
 */
import { createHash } from "node:crypto"
import type { Principal } from "../Principal.ts"

/** Remembers tokens judged by keys `K`. */
export interface TokenMemory<K extends object> {
  /** Whose token it is; undefined where it has to be judged. `now` in milliseconds since the epoch. */
  readonly get: (token: string, keys: K, now: number) => Principal | undefined
  /** `until` in milliseconds since the epoch. */
  readonly set: (token: string, keys: K, principal: Principal, until: number) => void
}

const digest = (token: string): string => createHash("sha256").update(token).digest("base64")

/** A memory of at most so many tokens; the one judged longest ago is forgotten first. */
export const make = <K extends object>(capacity: number): TokenMemory<K> => {
  const known = new Map<string, { readonly keys: K; readonly principal: Principal; readonly until: number }>()
  return {
    get: (token, keys, now) => {
      const found = known.get(digest(token))
      return found !== undefined && found.keys === keys && now < found.until ? found.principal : undefined
    },
    set: (token, keys, principal, until) => {
      const key = digest(token)
      known.delete(key)
      known.set(key, { keys, principal, until })
      const [oldest] = known.keys()
      if (known.size > capacity && oldest !== undefined) known.delete(oldest)
    }
  }
}
