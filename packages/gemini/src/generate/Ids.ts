/**
 * Ids of calls that came without one: made from the call alone, so that the answer's call and the same call in the client's next
 * request have the same id; and the calls that results without an id answer, by name and order.
 */
import * as CallIds from "@sluice/protocol/CallIds"
import type { Part, ToolResultPart } from "@sluice/protocol/CanonicalPart"
import type { Turn } from "@sluice/protocol/CanonicalRequest"

const rule: CallIds.IdRule = { allowed: /[a-zA-Z0-9_-]/, maxLength: 36 }

/** An id for a call that has none; `taken` are the ids of the calls before it. */
export const make = (name: string, args: string, taken: ReadonlySet<string>): string => {
  const first = CallIds.fit(`call_${name}_${args}`, rule)
  let made = first
  for (let count = 2; taken.has(made); count++) made = `${first}_${count}`
  return made
}

interface Pending {
  readonly id: string
  readonly name: string
}

const resultsOf = (turns: ReadonlyArray<Turn>): ReadonlyArray<ToolResultPart> =>
  turns.flatMap((turn) => turn.parts.flatMap((part) => part.type === "tool-result" ? [part] : []))

/** Turns with an id on every call and result. Results that name their call come first to it, wherever they stand before the next answer. */
export const assign = (turns: ReadonlyArray<Turn>): ReadonlyArray<Turn> => {
  const taken = new Set<string>()
  for (const turn of turns) for (const part of turn.parts) if (part.type === "tool-call" && part.id !== "") taken.add(part.id)
  let pending: Array<Pending> = []

  const answered = (result: ToolResultPart): string => {
    const at = result.name === undefined || result.name === "" ? 0 : pending.findIndex((call) => call.name === result.name)
    const [call] = at === -1 ? [] : pending.splice(at, 1)
    return call?.id ?? make(result.name ?? "", "", taken)
  }

  const named = (part: Part): Part => {
    if (part.type === "tool-result" && part.id === "") return { ...part, id: answered(part) }
    if (part.type !== "tool-call") return part
    const call = part.id === "" ? { ...part, id: make(part.name, part.arguments, taken) } : part
    taken.add(call.id)
    pending.push(call)
    return call
  }

  return turns.map((turn, index) => {
    const isAnswer = turn.role === "assistant"
    if (isAnswer) pending = []
    if (turn.parts.every((part) => part.type !== "tool-call" && part.type !== "tool-result")) return turn
    const parts = turn.parts.map(named)
    if (isAnswer) {
      const next = turns.findIndex((later, place) => place > index && later.role === "assistant")
      const stated = new Set(resultsOf(turns.slice(index + 1, next === -1 ? undefined : next)).map(({ id }) => id))
      pending = pending.filter((call) => !stated.has(call.id))
    }
    return { ...turn, parts }
  })
}
