/**
 * The number and the order of cache marks in a request (docs: prompt caching). Anthropic takes at most four; the last ones are kept,
 * because a mark covers the whole prompt before it: tools, then system, then messages. A mark of an hour behind a shorter one is
 * refused, and becomes a mark of the usual time.
 */
import type { CacheHint, Part } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, Tool, Turn } from "@sluice/protocol/CanonicalRequest"
import * as Fields from "@sluice/protocol/Fields"
import type { Node } from "@sluice/protocol/Wire"
import { drop, fieldOf, inside, type Place } from "./Crossing.ts"

const maxMarks = 4

interface Marked extends Node {
  readonly cache?: CacheHint
}

/** What was met of the marks so far, in the order of the prompt. */
interface Walk {
  /** How many of the first marks are still to be taken away. */
  surplus: number
  /** A mark of less than an hour was kept. */
  isShort: boolean
}

const fitted = <N extends Marked>(node: N, place: Place, walk: Walk): N => {
  const { cache, ...rest } = node
  if (cache === undefined) return node
  if (walk.surplus > 0) {
    walk.surplus -= 1
    drop(fieldOf(place, node, "cache"), cache, "hint")
    // A node without its optional cache hint is a node of the same kind.
    return rest as N
  }
  if (cache.ttl === "1h" && walk.isShort) {
    Fields.lose(place, node, "cache", { reason: "approximated", weight: "hint", before: cache, after: {} })
    return { ...node, cache: {} }
  }
  walk.isShort ||= cache.ttl !== "1h"
  return node
}

const fittedParts = (parts: ReadonlyArray<Part>, place: Place, walk: Walk): ReadonlyArray<Part> =>
  parts.map((part, index): Part => {
    const here = inside(place, part, "parts", index)
    const inner: Part = part.type === "tool-result" ? { ...part, parts: fittedParts(part.parts, here, walk) } : part
    return fitted(inner, here, walk)
  })

const fittedTurns = (turns: ReadonlyArray<Turn>, place: Place, walk: Walk): ReadonlyArray<Turn> =>
  turns.map((turn, index) => {
    const here = inside(place, turn, index)
    return { ...turn, parts: fittedParts(turn.parts, here, walk) }
  })

const marksOf = (parts: ReadonlyArray<Part>): number =>
  parts.reduce((sum, part) => sum + (part.cache === undefined ? 0 : 1) + (part.type === "tool-result" ? marksOf(part.parts) : 0), 0)

const isMarked = (tool: Tool): boolean => tool.type !== "namespace" && tool.cache !== undefined

/** The request with at most four marks, those of an hour first. `place` is the request. */
export const fit = (request: CanonicalRequest, place: Place): CanonicalRequest => {
  const turns = [...request.instructions ?? [], ...request.turns]
  const count = (request.tools ?? []).filter(isMarked).length + turns.reduce((sum, turn) => sum + marksOf(turn.parts), 0) +
    (request.cache === undefined ? 0 : 1)
  if (count < 2) return request
  const walk: Walk = { surplus: Math.max(0, count - maxMarks), isShort: false }
  const tools = request.tools?.map((tool, index): Tool => tool.type === "namespace" ? tool : fitted(tool, inside(place, tool, "tools", index), walk))
  const instructions = request.instructions === undefined
    ? undefined
    : fittedTurns(request.instructions, inside(place, undefined, "instructions"), walk)
  const fit = {
    ...request,
    ...(tools === undefined ? {} : { tools }),
    ...(instructions === undefined ? {} : { instructions }),
    turns: fittedTurns(request.turns, inside(place, undefined, "turns"), walk)
  }
  // The mark of the request as a whole stands behind its last block, and is the last that is taken away.
  return fitted(fit, place, walk)
}
