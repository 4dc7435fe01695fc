/**
 * Whole numbers of a request that JavaScript rounds. Where the client's bytes are forwarded they keep their digits; where the request is
 * written anew they are not what the client sent, which is a loss like any other.
 */
import * as Json from "@sluice/protocol/Json"
import type { Loss } from "@sluice/protocol/Loss"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json as JsonValue } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"

/** Most losses that are told of one request. */
const maxTold = 64

const childrenOf = (value: JsonValue): ReadonlyArray<readonly [Pointer.Step, JsonValue]> =>
  Array.isArray(value) ? value.map((inner: JsonValue, index) => [index, inner] as const) : isObject(value) ? Object.entries(value) : []

/** The number that was sent, where this place was rounded: read exactly it is no number any more. */
const sentAt = (exact: JsonValue, rounded: JsonValue): string | undefined =>
  typeof rounded === "number" && typeof exact === "object" && exact !== null ? JSON.stringify(exact) : undefined

/** The rounded numbers of a body, by where they stand. `body` is what was read of `text`. */
export const losses = (text: string, body: JsonValue): ReadonlyArray<Loss> => {
  if (!Json.mayRound(text)) return []
  const read = Json.parseExact(text)
  if (Result.isFailure(read)) return []
  const found: Array<Loss> = []
  const pending: Array<readonly [at: string, exact: JsonValue, rounded: JsonValue]> = [["", read.success, body]]
  for (let next = pending.pop(); next !== undefined && found.length < maxTold; next = pending.pop()) {
    const [at, exact, rounded] = next
    const sent = sentAt(exact, rounded)
    if (sent !== undefined) found.push({ at, canonical: "", reason: "approximated", weight: "hint", before: sent, after: rounded })
    else {
      const inner = new Map(childrenOf(exact))
      for (const [step, value] of childrenOf(rounded)) pending.push([Pointer.child(at, step), inner.get(step) ?? null, value])
    }
  }
  return found
}
