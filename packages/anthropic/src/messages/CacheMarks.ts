/**
 * The number and the order of cache marks in a request (docs: prompt caching). Anthropic takes at most four, and a mark covers the
 * whole prompt before it: tools, then system, then messages. Kept are therefore the last mark of the tools and that of the system,
 * which change least, and the last ones of the messages. A mark of an hour behind a shorter one is refused, and becomes a mark of
 * the usual time.
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
  /** How many marks were met. */
  met: number
  /** The marks to take away, by their number in the order of the prompt. */
  readonly surplus: ReadonlySet<number>
  /** A mark of less than an hour was kept. */
  isShort: boolean
}

const fitted = <N extends Marked>(node: N, place: Place, walk: Walk): N => {
  const { cache, ...rest } = node
  if (cache === undefined) return node
  if (walk.surplus.has(walk.met++)) {
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

const marksIn = (turns: ReadonlyArray<Turn> | undefined): number => (turns ?? []).reduce((sum, turn) => sum + marksOf(turn.parts), 0)

const isMarked = (tool: Tool): boolean => tool.type !== "namespace" && tool.cache !== undefined

const numbers = (from: number, count: number): ReadonlyArray<number> => Array.from({ length: Math.max(0, count) }, (_, index) => from + index)

/** The marks to take away: those of tools but the last, those of the system but the last, then those of messages, the first of them first. */
const surplusOf = (tools: number, system: number, messages: number): ReadonlySet<number> => {
  const all = tools + system + messages
  const order = [...numbers(0, tools - 1), ...numbers(tools, system - 1), ...numbers(tools + system, messages)]
  return new Set(order.slice(0, Math.max(0, all - maxMarks)))
}

/** The request with at most four marks, those of an hour first. `place` is the request. */
export const fit = (request: CanonicalRequest, place: Place): CanonicalRequest => {
  const messages = marksIn(request.turns) + (request.cache === undefined ? 0 : 1)
  const system = marksIn(request.instructions)
  const marked = (request.tools ?? []).filter(isMarked).length
  if (marked + system + messages < 2) return request
  const walk: Walk = { met: 0, surplus: surplusOf(marked, system, messages), isShort: false }
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
