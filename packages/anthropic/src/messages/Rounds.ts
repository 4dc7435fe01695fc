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

/** Makes ids that no call has: the id with a number behind it, which counts on, so that many calls of one id take no longer each. */
const maker = (used: ReadonlySet<string>): (id: string) => string => {
  const counts = new Map<string, number>()
  return (id) => {
    let count = (counts.get(id) ?? 1) + 1
    while (used.has(`${id}_${count}`)) count++
    counts.set(id, count)
    return `${id}_${count}`
  }
}

/** The calls of a round that came with one id: their ids, in order, and how many were answered. */
interface Alike {
  readonly ids: Array<string>
  answered: number
}

/** A round: its calls by the id they came with, and what answered them, by the id they have. */
interface Round {
  readonly calls: Map<string, Alike>
  readonly answers: Map<string, Part>
}

const newRound = (): Round => ({ calls: new Map(), answers: new Map() })

const asked = ({ calls }: Round, stated: string, id: string): void => {
  const alike = calls.get(stated)
  if (alike === undefined) calls.set(stated, { ids: [id], answered: 0 })
  else alike.ids.push(id)
}

/** The call a result answers: the first of its id that waits, else the last. */
const answeredBy = ({ calls }: Round, stated: string): string => {
  const alike = calls.get(stated)
  if (alike === undefined) return stated
  const id = alike.ids[alike.answered] ?? alike.ids.at(-1) ?? stated
  alike.answered += 1
  return id
}

/** Reads a conversation. Turns that came in this dialect are left alone: what is wrong with them is the provider's to say. */
export const read = (turns: ReadonlyArray<Turn>, isOwn: (turn: Turn) => boolean): Rounds => {
  const superseded = new Set<Part>()
  const ids = new Map<Part, string>()
  const taken = new Set<string>()
  const freeId = maker(new Set(turns.flatMap((turn) => turn.parts.flatMap((part) => part.type === "tool-call" ? [part.id] : []))))
  let round = newRound()
  let isAnswer = false
  for (const turn of turns) {
    if (turn.role === "assistant" && !isAnswer) round = newRound()
    isAnswer = turn.role === "assistant"
    for (const part of turn.parts) {
      if (part.type === "tool-call" && isAnswer) {
        const id = taken.has(part.id) && !isOwn(turn) ? freeId(part.id) : part.id
        taken.add(id)
        asked(round, part.id, id)
        if (id !== part.id) ids.set(part, id)
      }
      if (part.type !== "tool-result" || isOwn(turn)) continue
      const id = answeredBy(round, part.id)
      const earlier = round.answers.get(id)
      if (earlier !== undefined) superseded.add(earlier)
      round.answers.set(id, part)
      if (id !== part.id) ids.set(part, id)
    }
  }
  return { superseded, ids }
}
