/**
 * Messages and canonical turns, and the top-level `system` and canonical instructions. One message is one turn; a message that
 * has its wire goes back as it was. Turns of other dialects are gathered the way Anthropic asks for: one assistant message per
 * answer, the results of its calls first in the next message, no empty text.
 */
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { Turn } from "@sluice/protocol/CanonicalRequest"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as Pointer from "@sluice/protocol/Pointer"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import { takesSystemTurns } from "./Capabilities.ts"
import * as Content from "./Content.ts"
import { type Crossing, drop, inside, isOwn, originOf, type Place } from "./Crossing.ts"
import { codec } from "./Parts.ts"
import * as Rounds from "./Rounds.ts"
import * as Wire from "./Wire.ts"

type WireRole = "user" | "assistant" | "system"

const isMessage = Schema.is(Wire.Message)
const messageKeys: ReadonlySet<string> = new Set(["role", "content"])
const noFields: Fields.Fields<Turn, object, Crossing> = []

const decodeTurn = (message: Wire.Message, at: string): Turn => {
  const value = Wire.asJson(message)
  const node = present({ wire: { dialect: Wire.id, value }, at, foreign: Fields.foreignKeys(noFields, message, messageKeys) })
  const { role } = message
  if (role !== "user" && role !== "assistant" && role !== "system") {
    return { role: "foreign", parts: [{ type: "foreign", dialect: Wire.id, name: role, value }], ...node }
  }
  const parts = Content.decode(message.content, Pointer.child(at, "content"), codec)
  const isAnswered = role === "user" && parts.length > 0 && parts.every((part) => part.type === "tool-result")
  return { role: isAnswered ? "tool" : role, parts, ...node }
}

/** Messages as turns. */
export const decodeTurns = (messages: ReadonlyArray<Wire.Message>, at: string): ReadonlyArray<Turn> =>
  messages.map((message, index) => decodeTurn(message, Pointer.child(at, index)))

/** `system` as one instruction turn. */
export const decodeInstructions = (system: Wire.Content | null | undefined, at: string): ReadonlyArray<Turn> | undefined =>
  system === undefined || system === null
    ? undefined
    : [{ role: "system", parts: Content.decode(system, at, codec), wire: { dialect: Wire.id, value: Wire.asJson(system) }, at }]

const wireRole = (turn: Turn, context: Crossing): WireRole => {
  switch (turn.role) {
    case "assistant":
      return "assistant"
    case "system":
    case "developer":
      return takesSystemTurns(context.model) ? "system" : "user"
    default:
      return "user"
  }
}

const admits = (role: WireRole, part: Part): boolean => {
  switch (part.type) {
    case "text":
    case "json":
    case "refusal":
      return true
    case "foreign":
      return role !== "system" && part.dialect === Wire.id
    case "tool-call":
    case "reasoning":
      return role === "assistant"
    default:
      return role === "user"
  }
}

/** Thinking and what a provider's own tools did are lost as hints; words of the caller are meaning. */
const weightOf = (turn: Turn, part: Part): "hint" | "meaning" =>
  part.type === "reasoning" || (part.type === "foreign" && turn.role === "assistant") ? "hint" : "meaning"

const blocksOf = (turn: Turn, role: WireRole, place: Place, rounds: Rounds.Rounds): ReadonlyArray<JsonObject> =>
  turn.parts.flatMap((part, index) => {
    const here = inside(place, part, "parts", index)
    const isSaid = admits(role, part) || isOwn(part)
    const block = rounds.superseded.has(part)
      ? drop(here, part, "hint")
      : isSaid
      ? codec.encode(named(part, rounds), here)
      : drop(here, part, weightOf(turn, part))
    return block === undefined ? [] : [block]
  })

/** A call or result with the id it has in the conversation as Anthropic gets it. */
const named = (part: Part, { ids }: Rounds.Rounds): Part => {
  const callId = ids.get(part)
  return callId !== undefined && (part.type === "tool-call" || part.type === "tool-result") ? { ...part, id: callId } : part
}

const loseTurnFacts = (turn: Turn, place: Place): void => Fields.loseRest(noFields, turn, new Set(["role", "parts", "item"]), place, () => "hint", isOwn(turn))

/** A message over the one it came from. */
const overOrigin = (turn: Turn, origin: Wire.Message, place: Place): JsonObject => {
  loseTurnFacts(turn, place)
  const wire = Wire.asObject(origin)
  const before = decodeTurn(origin, place.at)
  if (turn.role === "foreign" && before.role === "foreign") return wire
  return Fields.patched(wire, {
    role: before.role === turn.role ? origin.role : wireRole(turn, place.context),
    content: Content.encode(turn.parts, Wire.asJson(origin.content), place, codec)
  })
}

/** A message in the making. One that came in this dialect is closed: nothing is joined to it. */
interface Draft {
  readonly role: string
  readonly blocks: ReadonlyArray<JsonObject>
  readonly isResults: boolean
  readonly whole?: JsonObject
}

const isResult = (block: JsonObject): boolean => block["type"] === "tool_result"

const draftOf = (turn: Turn, place: Place, rounds: Rounds.Rounds): Draft | undefined => {
  const origin = originOf(isMessage, turn)
  if (origin !== undefined) {
    const whole = overOrigin(turn, origin, place)
    return { role: origin.role, blocks: [], isResults: false, whole }
  }
  // One without parts has said nothing: what it brought is elsewhere in the request
  if (turn.role === "foreign") return drop(place, turn, turn.parts.length === 0 ? "hint" : "meaning")
  loseTurnFacts(turn, place)
  const role = wireRole(turn, place.context)
  const blocks = blocksOf(turn, role, place, rounds)
  if (blocks.length === 0) return drop(place, turn, "hint")
  if (role === "user" && (turn.role === "developer" || turn.role === "system")) {
    Fields.lose(place, turn, "role", { reason: "approximated", weight: "hint", before: turn.role, after: role })
  }
  const results = blocks.filter(isResult)
  return { role, blocks: [...results, ...blocks.filter((block) => !isResult(block))], isResults: results.length === blocks.length }
}

/** Joins what belongs into one message: the items of one answer, and the results of its calls, wherever they stood before the next answer. */
const gather = (drafts: ReadonlyArray<Draft>): ReadonlyArray<Draft> => {
  const gathered: Array<Draft> = []
  for (const draft of drafts) {
    const boundary = gathered.findLastIndex((earlier) => earlier.whole !== undefined || earlier.role === "assistant")
    const last = gathered.at(-1)
    const first = gathered[boundary + 1]
    if (draft.whole !== undefined || last === undefined || last.whole !== undefined) gathered.push(draft)
    else if (draft.role === "assistant" && last.role === "assistant") gathered[gathered.length - 1] = { ...last, blocks: [...last.blocks, ...draft.blocks] }
    else if (draft.isResults && first !== undefined && first.isResults) gathered[boundary + 1] = { ...first, blocks: [...first.blocks, ...draft.blocks] }
    else if (draft.isResults) gathered.splice(boundary + 1, 0, draft)
    else gathered.push(draft)
  }
  return gathered
}

const isCall = (block: JsonObject): boolean => block["type"] === "tool_use"

/** Anthropic refuses an answer with text behind its calls: their results must follow them at once. */
const callsLast = (blocks: ReadonlyArray<JsonObject>): ReadonlyArray<JsonObject> => {
  const first = blocks.findIndex(isCall)
  return first === -1 ? blocks : [...blocks.filter((block) => !isCall(block)), ...blocks.filter(isCall)]
}

const contentOf = (blocks: ReadonlyArray<JsonObject>): Json => Content.over(blocks, "")

/** Turns as messages, over the messages they came from: the same list when nothing changed. `place` is the list of turns. */
export const encodeTurns = (turns: ReadonlyArray<Turn>, origin: ReadonlyArray<Wire.Message> | undefined, place: Place): Json => {
  const rounds = Rounds.read(turns, isOwn)
  const drafts = turns.flatMap((turn, index) => {
    const draft = draftOf(turn, inside(place, turn, index), rounds)
    return draft === undefined ? [] : [draft]
  })
  const messages: ReadonlyArray<JsonObject> = gather(drafts).map((draft) => draft.whole ?? { role: draft.role, content: contentOf(callsLast(draft.blocks)) })
  const before: Json = origin === undefined ? [] : Wire.asJson(origin)
  return Array.isArray(before) && before.length === messages.length && messages.every((message, index) => message === before[index]) ? before : messages
}

const none: Rounds.Rounds = { superseded: new Set(), ids: new Map() }

/** Instructions as `system`, over the value they came from; `undefined` when nothing is left. `place` is the list of instructions. */
export const encodeInstructions = (instructions: ReadonlyArray<Turn>, origin: Wire.Content | null | undefined, place: Place): Json | undefined => {
  const blocks = instructions.flatMap((turn, index) => {
    const here = inside(place, turn, index)
    loseTurnFacts(turn, here)
    const written = blocksOf(turn, "system", here, none)
    if (written.length === 0 && !isOwn(turn)) drop(here, turn, "hint")
    return written
  })
  const before = origin === undefined || origin === null ? "" : Wire.asJson(origin)
  const written = Content.over(blocks, before)
  return Array.isArray(written) && written.length === 0 && before === "" ? undefined : written
}
