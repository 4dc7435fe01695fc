/** A bounded map that forgets what was not touched for the longest: sessions and circuits are named by what clients send. */

/** A bounded map with an end to everything in it. */
export interface RecentMap<V> {
  /** The value, which is then the most recent; undefined where there is none, or its time is over. */
  readonly get: (key: string, now: number) => V | undefined
  readonly set: (key: string, value: V, now: number) => void
  readonly delete: (key: string) => boolean
  readonly size: () => number
}

/** A map of at most `entries`, each kept for `ttlMs` after it was last used. */
export const make = <V>(entries: number, ttlMs: number): RecentMap<V> => {
  // Insertion order is the order of last use
  const all = new Map<string, { readonly value: V; readonly expiresAt: number }>()
  return {
    get: (key, now) => {
      const found = all.get(key)
      if (found === undefined) return undefined
      all.delete(key)
      if (now >= found.expiresAt) return undefined
      all.set(key, { value: found.value, expiresAt: now + ttlMs })
      return found.value
    },
    set: (key, value, now) => {
      all.delete(key)
      all.set(key, { value, expiresAt: now + ttlMs })
      if (all.size <= entries) return
      const oldest = all.keys().next()
      if (oldest.done !== true) all.delete(oldest.value)
    },
    delete: (key) => all.delete(key),
    size: () => all.size
  }
}
