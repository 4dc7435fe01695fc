/**
 * Contents and turns. A user content of nothing but function responses is a turn of role `tool`; the system instruction is an
 * instruction turn. Contents of other dialects are gathered as Gemini wants them: answers in one content, results behind their calls.
 */
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { Role, Turn } from "@sluice/protocol/CanonicalRequest"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import * as Capabilities from "./Capabilities.ts"
import { bypass } from "./Content.ts"
import { approximate, type Crossing, drop, inside, isOwn, originOf, type Place } from "./Crossing.ts"
import * as Ids from "./Ids.ts"
import * as Keys from "./Keys.ts"
import { decodePart, encodePart } from "./Parts.ts"
import * as Wire from "./Wire.ts"

const isContent = Schema.is(Wire.Content)
const noFields: Fields.Fields<Turn, object, Crossing> = []
const structural: ReadonlySet<string> = new Set(["role", "parts"])

const isList = <A>(value: ReadonlyArray<A> | A): value is ReadonlyArray<A> => Array.isArray(value)

const decodeParts = (parts: Wire.Content["parts"], at: string): ReadonlyArray<Part> => {
  if (parts === undefined || parts === null) return []
  return isList(parts) ? parts.map((part, index) => decodePart(part, Pointer.child(at, index))) : [decodePart(parts, at)]
}

const roleOf = (role: string | null | undefined, parts: ReadonlyArray<Part>): Role => {
  switch (role ?? "") {
    case "model":
      return "assistant"
    case "user":
    case "function":
    case "":
      return parts.length > 0 && parts.every((part) => part.type === "tool-result") ? "tool" : "user"
    default:
      return "foreign"
  }
}

const decodeTurn = (content: Wire.Content, at: string): Turn => {
  const parts = decodeParts(content.parts, Pointer.child(at, "parts"))
  const role = roleOf(content.role, parts)
  const value = Wire.asJson(content)
  const node = present({ wire: { dialect: Wire.id, value }, at, foreign: Fields.foreignKeys(noFields, content, structural) })
  return role === "foreign" ? { role, parts: [{ type: "foreign", dialect: Wire.id, name: content.role ?? "", value }], ...node } : { role, parts, ...node }
}

/** `contents` as turns. */
export const decodeTurns = (contents: NonNullable<Wire.Request["contents"]>, at: string): ReadonlyArray<Turn> =>
  Ids.assign(isList(contents) ? contents.map((content, index) => decodeTurn(content, Pointer.child(at, index))) : [decodeTurn(contents, at)])

/** `systemInstruction` as one instruction turn. */
export const decodeInstructions = (content: NonNullable<Wire.Request["systemInstruction"]>, at: string): ReadonlyArray<Turn> => {
  const value = Wire.asJson(content)
  const parts: ReadonlyArray<Part> = typeof content === "string"
    ? [{ type: "text", text: content, at }]
    : decodeParts(content.parts, Pointer.child(at, "parts"))
  return [{ role: "system", parts, wire: { dialect: Wire.id, value }, at }]
}

type WireRole = "user" | "model" | "system"

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
      return role === "model"
    case "tool-result":
      return role === "user"
    default:
      return role !== "system"
  }
}

/** Thinking and what a provider's own tools did are lost as hints; words of the caller are meaning. */
const weightOf = (turn: Turn, part: Part): "hint" | "meaning" =>
  part.type === "reasoning" || (part.type === "foreign" && turn.role === "assistant") ? "hint" : "meaning"

const partsOf = (turn: Turn, role: WireRole, place: Place): ReadonlyArray<JsonObject> =>
  turn.parts.flatMap((part, index) => {
    const here = inside(place, part, "parts", index)
    const written = admits(role, part) || isOwn(part) ? encodePart(part, here) : drop(here, part, weightOf(turn, part))
    return written === undefined ? [] : [written]
  })

const loseTurnFacts = (turn: Turn, place: Place): void => Fields.loseRest(noFields, turn, new Set(["role", "parts", "item"]), place, () => "hint", isOwn(turn))

/** Parts over the ones they came from: the same value when nothing changed, and one part alone where it stood alone. */
const overParts = (written: ReadonlyArray<JsonObject>, origin: Json | undefined): Json | undefined => {
  const [only] = written
  if (isObject(origin) && written.length === 1 && only !== undefined) return only
  if (Array.isArray(origin) && origin.length === written.length && written.every((part, index) => part === origin[index])) return origin
  return written.length === 0 && (origin === undefined || origin === null) ? origin : written
}

const wireRole = (turn: Turn): "user" | "model" => turn.role === "assistant" ? "model" : "user"

/** A content over the one it came from. */
const overOrigin = (turn: Turn, origin: Wire.Content, place: Place): JsonObject => {
  loseTurnFacts(turn, place)
  const wire = Wire.asObject(origin)
  const before = decodeTurn(origin, place.at)
  if (turn.role === "foreign" && before.role === "foreign") return wire
  const isSameSide = wireRole(before) === wireRole(turn) && before.role !== "foreign"
  return Fields.patched(wire, {
    ...(isSameSide ? {} : { role: wireRole(turn) }),
    parts: overParts(partsOf(turn, wireRole(turn), place), wire["parts"])
  })
}

/** A content in the making. One that came in this dialect is closed: nothing is joined to it. */
interface Draft {
  readonly role: string
  readonly parts: ReadonlyArray<JsonObject>
  readonly isResults: boolean
  readonly whole?: JsonObject
}

const isResult = (part: JsonObject): boolean => Keys.objectAt(part, "functionResponse") !== undefined

const draftsOf = (turn: Turn, place: Place): ReadonlyArray<Draft> => {
  const origin = originOf(isContent, turn)
  if (origin !== undefined) return [{ role: wireRole(turn), parts: [], isResults: false, whole: overOrigin(turn, origin, place) }]
  if (turn.role === "foreign") {
    // One without parts has said nothing: what it brought is elsewhere in the request
    drop(place, turn, turn.parts.length === 0 ? "hint" : "meaning")
    return []
  }
  loseTurnFacts(turn, place)
  const role = wireRole(turn)
  const parts = partsOf(turn, role, place)
  if (parts.length === 0) {
    drop(place, turn, "hint")
    return []
  }
  if (turn.role === "developer" || turn.role === "system") {
    Fields.lose(place, turn, "role", { reason: "approximated", weight: "hint", before: turn.role, after: role })
  }
  const results = parts.filter(isResult)
  const rest = parts.filter((part) => !isResult(part))
  return [
    ...(results.length === 0 ? [] : [{ role, parts: results, isResults: true }]),
    ...(rest.length === 0 ? [] : [{ role, parts: rest, isResults: false }])
  ]
}

/** Joins what belongs into one content: the items of one answer, and the results of its calls, wherever they stood before the next answer. */
const gather = (drafts: ReadonlyArray<Draft>): ReadonlyArray<Draft> => {
  const gathered: Array<Draft> = []
  for (const draft of drafts) {
    const boundary = gathered.findLastIndex((earlier) => earlier.whole !== undefined || earlier.role === "model")
    const last = gathered.at(-1)
    const first = gathered[boundary + 1]
    if (draft.whole !== undefined || last === undefined) gathered.push(draft)
    else if (draft.role === "model" && last.role === "model" && last.whole === undefined) {
      gathered[gathered.length - 1] = { ...last, parts: [...last.parts, ...draft.parts] }
    } else if (draft.isResults && first?.isResults === true) gathered[boundary + 1] = { ...first, parts: [...first.parts, ...draft.parts] }
    else if (draft.isResults) gathered.splice(boundary + 1, 0, draft)
    else gathered.push(draft)
  }
  return gathered
}

const idsOf = (parts: ReadonlyArray<JsonObject>, key: "functionCall" | "functionResponse"): ReadonlyArray<Json | undefined> =>
  parts.map((part) => Keys.objectAt(part, key)?.["id"])

/** Results in the order of their calls: models that know no ids go by it. */
const ordered = (draft: Draft, before: Draft | undefined): Draft => {
  if (!draft.isResults || before === undefined) return draft
  const calls = idsOf(before.parts, "functionCall")
  const place = (part: JsonObject): number => {
    const found = calls.indexOf(idsOf([part], "functionResponse")[0])
    return found === -1 ? calls.length : found
  }
  return { ...draft, parts: draft.parts.toSorted((left, right) => place(left) - place(right)) }
}

/** Calls of another model have no signature; Gemini 3 asks for one on the first call of an answer, or for the word that stands for it. */
const signed = (parts: ReadonlyArray<JsonObject>, place: Place): ReadonlyArray<JsonObject> => {
  if (!Capabilities.needsSignatures(place.context.model)) return parts
  const first = parts.findIndex((part) => Keys.objectAt(part, "functionCall") !== undefined)
  const call = parts[first]
  return call === undefined || typeof call["thoughtSignature"] === "string" ? parts : parts.with(first, { ...call, thoughtSignature: bypass })
}

/** Turns as contents, over the contents they came from: the same value when nothing changed. `place` is the list of turns. */
export const encodeTurns = (turns: ReadonlyArray<Turn>, origin: Wire.Request["contents"], place: Place): Json => {
  const drafts = turns.flatMap((turn, index) => draftsOf(turn, inside(place, turn, index)))
  const contents: ReadonlyArray<JsonObject> = gather(drafts).map((draft, index, all) =>
    draft.whole ?? { role: draft.role, parts: signed(ordered(draft, all[index - 1]).parts, place) }
  )
  const before: Json = origin === undefined || origin === null ? [] : Wire.asJson(origin)
  const [only] = contents
  if (isObject(before) && contents.length === 1 && only !== undefined) return only
  return Array.isArray(before) && before.length === contents.length && contents.every((content, index) => content === before[index]) ? before : contents
}

/** Instructions as `systemInstruction`, over the value they came from; `undefined` when nothing is left. `place` is the list of instructions. */
export const encodeInstructions = (instructions: ReadonlyArray<Turn>, origin: Wire.Request["systemInstruction"], place: Place): Json | undefined => {
  const written = instructions.flatMap((turn, index) => {
    const here = inside(place, turn, index)
    loseTurnFacts(turn, here)
    const parts = partsOf(turn, "system", here)
    if (parts.length === 0 && !isOwn(turn)) drop(here, turn, "hint")
    return parts
  })
  const [only] = written
  if (typeof origin === "string") return written.length === 1 && typeof only?.["text"] === "string" ? only["text"] : { parts: written }
  if (origin === undefined || origin === null) return written.length === 0 ? undefined : { parts: written }
  const wire = Wire.asObject(origin)
  return Fields.patched(wire, { parts: overParts(written, wire["parts"]) })
}

/** A request of instructions alone asks them as its user, because Gemini needs a content. `place` is the request. */
export const askInstructions = (instructions: ReadonlyArray<Turn>, place: Place): ReadonlyArray<Turn> => {
  const turns = instructions.map((turn): Turn => ({ ...turn, role: "user" }))
  approximate(inside(place, undefined, "turns"), [], turns)
  drop(inside(place, undefined, "instructions"), instructions, "hint")
  return turns
}
