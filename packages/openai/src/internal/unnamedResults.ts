/** Results that do not say which call they answer. Used by the dialects of this package only. */
import type { Part, ToolCallPart, ToolResultPart } from "@sluice/protocol/CanonicalPart"
import type { Turn } from "@sluice/protocol/CanonicalRequest"

const isUnnamed = (part: Part): part is ToolResultPart => part.type === "tool-result" && part.id === ""

/** Ids that results from a turn on state themselves. */
const statedFrom = (turns: ReadonlyArray<Turn>, from: number): ReadonlySet<string> =>
  new Set(turns.slice(from).flatMap((turn) => turn.parts.flatMap((part) => part.type === "tool-result" ? [part.id] : [])))

/**
 * Turns in which a result without an id has that of the oldest call before it that no result answers; without such a call it
 * stays without. The very same list where every result names its call.
 */
export const paired = (turns: ReadonlyArray<Turn>): ReadonlyArray<Turn> => {
  if (!turns.some((turn) => turn.parts.some(isUnnamed))) return turns
  let pending: ReadonlyArray<ToolCallPart> = []
  const answered = (part: ToolResultPart, index: number): ToolResultPart => {
    const stated = statedFrom(turns, index)
    const call = part.id === "" ? pending.find(({ id }) => !stated.has(id)) : pending.find(({ id }) => id === part.id)
    pending = pending.filter((other) => other !== call)
    return call === undefined || part.id !== "" ? part : { ...part, id: call.id, kind: call.kind }
  }
  return turns.map((turn, index) => {
    pending = [...pending, ...turn.parts.flatMap((part) => part.type === "tool-call" ? [part] : [])]
    if (!turn.parts.some((part) => part.type === "tool-result")) return turn
    return { ...turn, parts: turn.parts.map((part) => part.type === "tool-result" ? answered(part, index) : part) }
  })
}
