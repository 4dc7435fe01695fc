/**
 * The cache mark of a whole message: compatible providers take `cache_control` there as well as on a content part, and mean the
 * end of the message. It is the cache hint of the last part of the content, where that has none of its own.
 */
import type { CacheHint, Part } from "@sluice/protocol/CanonicalPart"
import { same } from "@sluice/protocol/Equality"
import type { Patch } from "@sluice/protocol/Fields"
import { isObject, type JsonObject } from "@sluice/protocol/Wire"

/** The key of a message that marks it. */
export const key = "cache_control"

/** The mark of a message; `undefined` where it has none. */
export const ofMessage = (message: object): CacheHint | undefined => {
  const control: unknown = Reflect.get(message, key)
  if (!isObject(control) || typeof control["type"] !== "string") return undefined
  const { ttl } = control
  return ttl === "5m" || ttl === "1h" ? { ttl } : {}
}

/** The parts of a message with its mark on the last one; the very same parts where there is none, or that one has its own. */
export const put = (parts: ReadonlyArray<Part>, mark: CacheHint | undefined): ReadonlyArray<Part> => {
  const last = parts.at(-1)
  return mark === undefined || last === undefined || last.cache !== undefined ? parts : [...parts.slice(0, -1), { ...last, cache: mark }]
}

const bare = (part: Part): Part => {
  const { cache: _, ...rest } = part
  return rest
}

/** What is left to write on the parts, and the key of the message: it stays as long as the last part has this mark, and goes with it. */
export const take = (parts: ReadonlyArray<Part>, mark: CacheHint | undefined): { readonly parts: ReadonlyArray<Part>; readonly patch: Patch } => {
  if (mark === undefined) return { parts, patch: {} }
  const last = parts.at(-1)
  return last !== undefined && same(last.cache, mark)
    ? { parts: [...parts.slice(0, -1), bare(last)], patch: {} }
    : { parts, patch: { [key]: undefined } }
}

/** A cache hint in the words of compatible providers. */
export const write = (cache: CacheHint | undefined): JsonObject | undefined => cache === undefined ? undefined : { type: "ephemeral", ...cache }
