/**
 * The calls of a conversation and their results, round by round: a round is one answer and what is said to it. Anthropic wants
 * every call to have an id of its own in the whole conversation, and one result; other protocols let clients reuse ids, and say
 * a result again. Ids are pure functions of the conversation so far, so that the next request of the client names them alike.
 */
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { Turn } from "@sluice/protocol/CanonicalRequest"

/** What differs from the conversation as it came. */
export interface Rounds {
  /** Results that a later one for the same call replaces. */
  readonly superseded: ReadonlySet<Part>
  /** Ids of calls, and of their results, whose id an earlier round has used. */
  readonly ids: ReadonlyMap<Part, string>
}

/** An id that no other call has: the id itself where it is free. */
const free = (id: string, taken: ReadonlySet<string>): string => {
  let found = id
  for (let count = 2; taken.has(found); count++) found = `${id}_${count}`
  return found
}

/** Reads a conversation. Turns that came in this dialect are left alone: what is wrong with them is the provider's to say. */
export const read = (turns: ReadonlyArray<Turn>, isOwn: (turn: Turn) => boolean): Rounds => {
  const superseded = new Set<Part>()
  const ids = new Map<Part, string>()
  const taken = new Set<string>()
  const stated = new Set(turns.flatMap((turn) => turn.parts.flatMap((part) => part.type === "tool-call" ? [part.id] : [])))
  let round = new Map<string, string>()
  let answered = new Map<string, Part>()
  let isAnswer = false
  for (const turn of turns) {
    if (turn.role === "assistant" && !isAnswer) {
      round = new Map()
      answered = new Map()
    }
    isAnswer = turn.role === "assistant"
    for (const part of turn.parts) {
      if (part.type === "tool-call" && isAnswer) {
        const id = taken.has(part.id) && !isOwn(turn) ? free(part.id, new Set([...taken, ...stated])) : part.id
        taken.add(id)
        round.set(part.id, id)
        if (id !== part.id) ids.set(part, id)
      }
      if (part.type !== "tool-result" || isOwn(turn)) continue
      const earlier = answered.get(part.id)
      if (earlier !== undefined) superseded.add(earlier)
      answered.set(part.id, part)
      const id = round.get(part.id) ?? part.id
      if (id !== part.id) ids.set(part, id)
    }
  }
  return { superseded, ids }
}
