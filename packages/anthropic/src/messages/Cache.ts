/**
 * `cache_control` and the canonical cache hint, which stand on blocks, tools and the request itself.
 */
import type { CacheHint } from "@sluice/protocol/CanonicalPart"
import type { Field } from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import type { CacheControl } from "./Wire.ts"

interface Hinted {
  readonly cache?: CacheHint
}

interface Controlled {
  readonly cache_control?: typeof CacheControl.Type | null
}

const decode = (control: typeof CacheControl.Type | null | undefined): CacheHint | undefined => {
  if (control === undefined || control === null) return undefined
  return control.ttl === "1h" || control.ttl === "5m" ? { ttl: control.ttl } : {}
}

/** The row of a field table for `cache`. */
export const cacheField = <N extends Hinted, W extends Controlled, C>(): Field<N, W, C> => ({
  of: ["cache"],
  keys: ["cache_control"],
  // The row is for any node with a cache hint; the compiler cannot see that Partial<N> has one.
  get: (wire) => present({ cache: decode(wire.cache_control) }) as Partial<N>,
  put: ({ cache }) => ({ cache_control: cache === undefined ? undefined : present({ type: "ephemeral", ttl: cache.ttl }) })
})
