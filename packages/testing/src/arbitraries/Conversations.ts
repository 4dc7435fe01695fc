/**
 * Conversations that make sense: roles take turns, every call is answered by one result with its id before anybody else
 * speaks, ids and tool names are unique.
 */
import type { Part, ToolCallPart } from "@sluice/protocol/CanonicalPart"
import type { Turn } from "@sluice/protocol/CanonicalRequest"
import { present } from "@sluice/protocol/Json"
import type { Draw } from "./Draw.ts"
import * as Parts from "./Parts.ts"
import type { Vocabulary } from "./Vocabulary.ts"

const userPart = (draw: Draw, vocabulary: Vocabulary): Part => {
  switch (draw.below(12)) {
    case 7:
    case 8:
      return Parts.media(draw, vocabulary, ["image"])
    case 9:
      return Parts.media(draw, vocabulary, ["document"])
    case 10:
      return Parts.media(draw, vocabulary, ["audio", "video", "image"])
    case 11:
      return Parts.foreign(draw, vocabulary) ?? Parts.text(draw)
    default:
      return Parts.text(draw)
  }
}

const user = (draw: Draw, vocabulary: Vocabulary): Turn =>
  present({ role: "user" as const, name: draw.maybe(5, () => "alice"), parts: draw.list(1, 3, () => userPart(draw, vocabulary)) })

const assistant = (draw: Draw, vocabulary: Vocabulary, calls: ReadonlyArray<ToolCallPart>): Turn => {
  const said: Array<Part> = [
    ...(draw.chance(25) ? [Parts.reasoning(draw, vocabulary)] : []),
    ...(calls.length === 0 || draw.chance(40) ? draw.list(1, 2, () => Parts.text(draw)) : []),
    ...(draw.chance(6) ? [Parts.refusal(draw)] : [])
  ]
  const own = draw.maybe(10, () => Parts.foreign(draw, vocabulary))
  const parts: Array<Part> = [...said, ...(own === undefined ? [] : [own]), ...calls]
  if (draw.chance(5) && calls.length > 0) parts.push(Parts.text(draw))
  return present({ role: "assistant" as const, name: draw.maybe(3, () => "bot"), parts })
}

/** The results of the calls: as tool turns, each its own or together, or in a user turn that goes on talking. */
const results = (draw: Draw, vocabulary: Vocabulary, calls: ReadonlyArray<ToolCallPart>): ReadonlyArray<Turn> => {
  const parts = calls.map((call) => Parts.result(draw, call, vocabulary))
  switch (draw.below(4)) {
    case 2:
      return [{ role: "tool", parts }]
    case 3:
      return [{ role: "user", parts: [...parts, ...draw.list(1, 2, () => Parts.text(draw))] }]
    default:
      return parts.map((part) => ({ role: "tool", parts: [part] }))
  }
}

const notice = (draw: Draw): Turn => ({ role: draw.pick(["system", "developer"]), parts: [Parts.text(draw)] })

/** The turns of a conversation about the named tools. */
export const turns = (draw: Draw, vocabulary: Vocabulary, toolNames: ReadonlyArray<string>): ReadonlyArray<Turn> => {
  const made: Array<Turn> = []
  const rounds = 1 + draw.below(4)
  for (let round = 0; round < rounds && (round === 0 || !draw.isSpent()); round++) {
    made.push(user(draw, vocabulary))
    if (draw.chance(8)) made.push(notice(draw))
    const calls = draw.chance(45) ? draw.list(1, 3, () => Parts.call(draw, toolNames)) : []
    if (calls.length > 0) made.push(assistant(draw, vocabulary, calls), ...results(draw, vocabulary, calls))
    else if (draw.chance(50)) made.push(assistant(draw, vocabulary, []))
  }
  const own = vocabulary.turns[draw.below(vocabulary.turns.length)]
  if (own !== undefined && draw.chance(9)) made.push(own)
  if (made.at(-1)?.role === "assistant" && draw.chance(70)) made.push(user(draw, vocabulary))
  return made
}

/** System and developer messages before the conversation. */
export const instructions = (draw: Draw): ReadonlyArray<Turn> =>
  draw.list(1, 2, (index) => ({
    role: index === 0 ? draw.pick(["system", "developer"] as const) : "developer",
    parts: draw.list(1, 2, () => Parts.text(draw))
  }))
