/**
 * The number of cache marks in a request. Anthropic takes at most four (docs: prompt caching); the last ones are kept, because a
 * mark covers the whole prompt before it: tools, then system, then messages.
 */
import type { CacheHint, Part } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, Tool, Turn } from "@sluice/protocol/CanonicalRequest"
import type { Node } from "@sluice/protocol/Wire"
import { drop, fieldOf, inside, type Place } from "./Crossing.ts"

const maxMarks = 4

interface Marked extends Node {
  readonly cache?: CacheHint
}

/** Takes the first marks away as long as there are too many. */
interface Surplus {
  left: number
}

const strip = <N extends Marked>(node: N, place: Place, surplus: Surplus): N => {
  if (node.cache === undefined || surplus.left === 0) return node
  surplus.left -= 1
  drop(fieldOf(place, node, "cache"), node.cache, "hint")
  const { cache: _, ...rest } = node
  // A node without its optional cache hint is a node of the same kind.
  return rest as N
}

const stripParts = (parts: ReadonlyArray<Part>, place: Place, surplus: Surplus): ReadonlyArray<Part> =>
  parts.map((part, index): Part => {
    const here = inside(place, part, "parts", index)
    const inner: Part = part.type === "tool-result" ? { ...part, parts: stripParts(part.parts, here, surplus) } : part
    return strip(inner, here, surplus)
  })

const stripTurns = (turns: ReadonlyArray<Turn>, place: Place, surplus: Surplus): ReadonlyArray<Turn> =>
  turns.map((turn, index) => {
    const here = inside(place, turn, index)
    return { ...turn, parts: stripParts(turn.parts, here, surplus) }
  })

const marksOf = (parts: ReadonlyArray<Part>): number =>
  parts.reduce((sum, part) => sum + (part.cache === undefined ? 0 : 1) + (part.type === "tool-result" ? marksOf(part.parts) : 0), 0)

const isMarked = (tool: Tool): boolean => tool.type !== "namespace" && tool.cache !== undefined

/** The request with at most four marks. `place` is the request. */
export const fit = (request: CanonicalRequest, place: Place): CanonicalRequest => {
  const turns = [...request.instructions ?? [], ...request.turns]
  const count = (request.tools ?? []).filter(isMarked).length + turns.reduce((sum, turn) => sum + marksOf(turn.parts), 0) +
    (request.cache === undefined ? 0 : 1)
  const surplus: Surplus = { left: Math.max(0, count - maxMarks) }
  if (surplus.left === 0) return request
  const { instructions, tools } = request
  return {
    ...request,
    ...(tools === undefined
      ? {}
      : { tools: tools.map((tool, index): Tool => tool.type === "namespace" ? tool : strip(tool, inside(place, tool, "tools", index), surplus)) }),
    ...(instructions === undefined ? {} : { instructions: stripTurns(instructions, inside(place, undefined, "instructions"), surplus) }),
    turns: stripTurns(request.turns, inside(place, undefined, "turns"), surplus)
  }
}
