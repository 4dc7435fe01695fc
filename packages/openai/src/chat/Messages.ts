/**
 * One message to and from one turn. A message says its parts in several slots (reasoning, content, refusal, audio, calls); each
 * slot is read on its own and, over the message a turn came from, written only where its parts differ.
 */
import type { CacheHint, Part, ReasoningPart, ToolCallPart, ToolResultPart } from "@sluice/protocol/CanonicalPart"
import type { Role, Turn } from "@sluice/protocol/CanonicalRequest"
import { same } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import { asObject } from "@sluice/protocol/Guard"
import { present } from "@sluice/protocol/Json"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json, type JsonObject, valueIn } from "@sluice/protocol/Wire"
import { decodeCalls, decodeLegacyCall, encodeCall, encodeLegacyCall, isForeignCall, isLegacyCall } from "./Calls.ts"
import { fitId, inside, loseNode, type Place } from "./Crossing.ts"
import * as Marks from "./Marks.ts"
import { decodeContent, encodeContent, type Placed } from "./Parts.ts"
import { decodeThinking, encodeThinking } from "./Reasoning.ts"
import { id, type Message } from "./Wire.ts"

/** One place of a message where parts stand. */
interface Slot {
  readonly keys: ReadonlyArray<string>
  readonly holds: (part: Part) => boolean
  readonly get: (message: Message, at: string) => ReadonlyArray<Part>
  readonly put: (parts: ReadonlyArray<Placed>, origin: Partial<Message>, role: Role) => Fields.Patch
}

const isOwnBlock = (part: Part): boolean => {
  const value = valueIn(id, part)
  return isObject(value) && (value["type"] === "thinking" || value["type"] === "refusal")
}

const isCall = (part: Part): part is ToolCallPart => part.type === "tool-call"

const thinking: Slot = {
  keys: ["reasoning_details", "reasoning_content", "reasoning"],
  holds: (part) => part.type === "reasoning" && !isOwnBlock(part),
  get: (message, at) => decodeThinking(message, at),
  put: (parts, origin) => {
    // Thinking of another dialect, or that nobody can prove, is of no use to an OpenAI model.
    const kept = parts.filter(({ part, place }): boolean => {
      const isKept = place.context.isOwn || part.signature?.by === id || part.encrypted?.by === id
      if (!isKept) loseNode(place, part, { reason: "dropped", weight: "hint", before: part })
      return isKept
    })
    return encodeThinking(kept.flatMap(({ part }): ReadonlyArray<ReasoningPart> => part.type === "reasoning" ? [part] : []), origin)
  }
}

/** The mark of a message whose last part has none of its own. */
const ownMark = (message: Partial<Message>): CacheHint | undefined => {
  const mark = Marks.ofMessage(message)
  return mark === undefined || decodeContent(message.content, "").at(-1)?.cache !== undefined ? undefined : mark
}

const content: Slot = {
  keys: ["content"],
  holds: () => true,
  get: (message, at) => Marks.put(decodeContent(message.content, Pointer.child(at, "content")), ownMark(message)),
  put: (items, origin, role) => {
    const { parts: left, patch } = Marks.take(partsOf(items), ownMark(origin))
    const parts = items.map((item, index): Placed => ({ ...item, part: left[index] ?? item.part }))
    // What a provider's own tools left behind in an answer is a hint, words of the caller are meaning.
    const isTrace = ({ part }: Placed): boolean => role === "assistant" && part.type === "foreign" && part.dialect !== id
    for (const { part, place } of parts.filter(isTrace)) loseNode(place, part, { reason: "dropped", weight: "hint", before: part })
    const written = encodeContent(parts.filter((placed) => !isTrace(placed)), origin.content)
    return { content: written ?? (role === "assistant" ? null : ""), ...patch }
  }
}

const refusal: Slot = {
  keys: ["refusal"],
  holds: (part) => part.type === "refusal" && !isOwnBlock(part),
  get: (message, at) =>
    message.refusal === undefined || message.refusal === null || message.refusal === ""
      ? []
      : [{ type: "refusal", text: message.refusal, at: Pointer.child(at, "refusal") }],
  put: (parts) => ({ refusal: parts.length === 0 ? undefined : parts.map(({ part }) => part.type === "refusal" ? part.text : "").join("") })
}

const audio: Slot = {
  keys: ["audio"],
  holds: (part) => part.type === "audio" && part.source.type === "file" && part.source.provider === id,
  get: (message, at) =>
    typeof message.audio?.id === "string"
      ? [{ type: "audio", source: { type: "file", provider: id, id: message.audio.id }, at: Pointer.child(at, "audio") }]
      : [],
  put: ([first]) => ({
    audio: first !== undefined && first.part.type === "audio" && first.part.source.type === "file" ? { id: first.part.source.id } : undefined
  })
}

const calls: Slot = {
  keys: ["tool_calls"],
  holds: (part) => isForeignCall(part) || (isCall(part) && !isLegacyCall(part)),
  get: (message, at) => decodeCalls(message.tool_calls ?? [], Pointer.child(at, "tool_calls")),
  put: (parts) => ({ tool_calls: parts.length === 0 ? undefined : parts.map(({ part, place }) => encodeCall(part, place)) })
}

const legacyCall: Slot = {
  keys: ["function_call"],
  holds: isLegacyCall,
  get: (message, at) => decodeLegacyCall(message.function_call, Pointer.child(at, "function_call")),
  put: ([first]) => ({ function_call: first !== undefined && isCall(first.part) ? encodeLegacyCall(first.part) : undefined })
}

/** The slots in the order in which a model fills them; content takes what no other slot holds. */
const slots: ReadonlyArray<Slot> = [thinking, content, refusal, audio, calls, legacyCall]
const contentOnly: ReadonlyArray<Slot> = [content]

const slotsOf = (role: string): ReadonlyArray<Slot> => role === "assistant" ? slots : contentOnly

const slotOf = (part: Part, among: ReadonlyArray<Slot>): Slot => among.find((slot) => slot !== content && slot.holds(part)) ?? content

const canonicalRole = (role: string): Role => {
  switch (role) {
    case "user":
    case "assistant":
    case "tool":
    case "system":
    case "developer":
      return role
    case "function":
      return "tool"
    default:
      return "foreign"
  }
}

const isResult = (message: Message): boolean => message.role === "tool" || message.role === "function"

const decodeResult = (message: Message, at: string, custom: ReadonlySet<string>): ToolResultPart => {
  // Results of deprecated functions name the function instead of the call.
  const call = message.tool_call_id ?? (message.role === "function" ? `call_${message.name ?? ""}` : "")
  return present({
    type: "tool-result" as const,
    id: call,
    kind: custom.has(call) ? "custom" as const : "function" as const,
    name: message.name ?? undefined,
    parts: decodeContent(message.content, Pointer.child(at, "content")),
    cache: Marks.ofMessage(message),
    at
  })
}

const structural: ReadonlySet<string> = new Set(["role", "name"])
const structuralOfResult: ReadonlySet<string> = new Set(["role", "name", "content", "tool_call_id"])

const foreignKeys = (message: Message): ReadonlyArray<string> | undefined => {
  const known = isResult(message) ? structuralOfResult : structural
  const keys = isResult(message) ? [] : slotsOf(message.role).flatMap((slot) => slot.keys)
  const isMark = (key: string): boolean =>
    key === Marks.key &&
    (isResult(message) ? Marks.ofMessage(message) : decodeContent(message.content, "").length === 0 ? undefined : ownMark(message)) !== undefined
  const unknown = Object.keys(message).filter((key) => !known.has(key) && !keys.includes(key) && !isMark(key) && Reflect.get(message, key) !== null)
  return unknown.length === 0 ? undefined : unknown
}

/** A message as a turn; `custom` holds the ids of calls of custom tools. */
export const decodeMessage = (message: Message, at: string, custom: ReadonlySet<string>): Turn => {
  const role = canonicalRole(message.role)
  const value = asObject(message)
  const parts: ReadonlyArray<Part> = role === "foreign"
    ? [{ type: "foreign", dialect: id, name: message.role, value }]
    : isResult(message)
    ? [decodeResult(message, at, custom)]
    : slotsOf(role).flatMap((slot) => slot.get(message, at))
  return present({
    role,
    parts,
    name: isResult(message) ? undefined : message.name ?? undefined,
    wire: { dialect: id, value },
    at,
    foreign: role === "foreign" ? undefined : foreignKeys(message)
  })
}

const placed = (turn: Turn, place: Place): ReadonlyArray<Placed> => turn.parts.map((part, index) => ({ part, place: inside(place, part, "parts", index) }))

const partsOf = (items: ReadonlyArray<Placed>): ReadonlyArray<Part> => items.map(({ part }) => part)

const patchSlots = (items: ReadonlyArray<Placed>, role: Role, origin: Message | undefined, at: string): Fields.Patch => {
  const among = slotsOf(role)
  let patch: Fields.Patch = {}
  for (const slot of among) {
    const own = items.filter(({ part }) => slotOf(part, among) === slot)
    if (origin === undefined ? own.length === 0 && slot !== content : same(slot.get(origin, at), partsOf(own))) continue
    patch = { ...patch, ...slot.put(own, origin ?? {}, role) }
  }
  return patch
}

const handledOfResult: ReadonlySet<string> = new Set(["type", "id", "kind", "name", "parts", "isError", "cache"])

/** The mark of a tool message; only compatible providers take one. */
const markPatch = (part: ToolResultPart, before: ToolResultPart | undefined, place: Place): Fields.Patch => {
  if (same(before?.cache, part.cache)) return {}
  if (before !== undefined || place.context.isOwn) return { [Marks.key]: Marks.write(part.cache) }
  Fields.lose(place, part, "cache", { reason: "dropped", weight: "hint", before: part.cache })
  return {}
}

const resultPatch = (part: ToolResultPart, place: Place, origin: Message | undefined): Fields.Patch => {
  const before = origin === undefined ? undefined : decodeResult(origin, place.at, new Set())
  const inner = part.parts.map((nested, index): Placed => ({ part: nested, place: inside(place, nested, "parts", index) }))
  Fields.loseRest<ToolResultPart, object, unknown>([], part, handledOfResult, place, () => "hint", origin !== undefined)
  if (part.isError !== undefined) Fields.lose(place, part, "isError", { reason: "dropped", weight: "hint", before: part.isError })
  if (part.name !== undefined && origin === undefined) Fields.lose(place, part, "name", { reason: "dropped", weight: "hint", before: part.name })
  return {
    // An id that is not there was found by the decoder, and stays away.
    ...(before?.id === part.id || before?.id === "" ? {} : { tool_call_id: origin === undefined ? fitId(part.id, inside(place, part, "id")) : part.id }),
    ...(before?.name === part.name || origin === undefined ? {} : { name: part.name }),
    ...markPatch(part, before, place),
    ...(before !== undefined && same(before.parts, part.parts) ? {} : { content: encodeContent(inner, origin?.content) ?? "" })
  }
}

/** A turn over the message it came from: the very same object where nothing was changed. */
export const encodeOver = (turn: Turn, origin: Message, place: Place): JsonObject => {
  const wire = asObject(origin)
  const role = canonicalRole(origin.role) === turn.role ? {} : { role: turn.role }
  const [first] = turn.parts
  if (isResult(origin) && first?.type === "tool-result" && turn.parts.length === 1) {
    return Fields.patched(wire, { ...role, ...resultPatch(first, inside(place, first, "parts", 0), origin) })
  }
  if (turn.role === "foreign") return first?.type === "foreign" && isObject(first.value) ? first.value : wire
  const name = (origin.name ?? undefined) === turn.name ? {} : { name: turn.name }
  return Fields.patched(wire, { ...role, ...name, ...patchSlots(placed(turn, place), turn.role, origin, place.at) })
}

/** A turn and where it stands. */
export interface PlacedTurn {
  readonly turn: Turn
  readonly place: Place
}

/** Parts in the order in which a message says them; another order cannot be said. */
const inOrder = (run: ReadonlyArray<PlacedTurn>, among: ReadonlyArray<Slot>): ReadonlyArray<Placed> => {
  const items = run.flatMap(({ turn, place }) => placed(turn, place))
  const rank = ({ part }: Placed): number => among.indexOf(slotOf(part, among))
  const sorted = items.toSorted((left, right) => rank(left) - rank(right))
  const [first] = run
  if (first === undefined || sorted.every((item, index) => item === items[index])) return items
  for (const { turn, place } of run) {
    Fields.lose(place, turn, "parts", {
      reason: "approximated",
      weight: "hint",
      before: turn.parts,
      after: turn === first.turn ? partsOf(sorted) : []
    })
  }
  return placed({ ...first.turn, parts: partsOf(sorted) }, first.place)
}

const handled: ReadonlySet<string> = new Set(["role", "name", "parts", "item"])

/**
 * Turns of one role as messages: tool results first, each in a message of its own, then one message with the rest. A message that
 * would say nothing is left out, unless it keeps what follows from becoming an instruction.
 */
export const encodeMessage = (run: ReadonlyArray<PlacedTurn>, isSeparator: boolean): ReadonlyArray<JsonObject> => {
  const [first] = run
  if (first === undefined) return []
  const { turn, place } = first
  for (const item of run) Fields.loseRest<Turn, object, unknown>([], item.turn, handled, item.place, () => "hint", false)
  const role = turn.role
  const items = inOrder(run, slotsOf(role))
  const results = items.flatMap(({ part, place: at }): ReadonlyArray<JsonObject> =>
    part.type === "tool-result" && role !== "assistant"
      ? [Fields.patched({ role: "tool" }, flipped(resultPatch(part, at, undefined)))]
      : []
  )
  const rest = items.filter(({ part }) => part.type !== "tool-result" || role === "assistant")
  if (rest.length === 0 && results.length > 0) return results
  const patch = patchSlots(rest, role === "tool" ? "user" : role, undefined, place.at)
  if (isSilent(patch)) {
    if (isSeparator) return [{ role: role === "tool" ? "user" : role, content: "" }]
    if (results.length === 0) loseNode(place, turn, { reason: "dropped", weight: "hint", before: turn })
    return results
  }
  const message = Fields.patched({ role: role === "tool" ? "user" : role }, { ...patch, ...(turn.name === undefined ? {} : { name: turn.name }) })
  return [...results, message]
}

/** Content before the call id, as the documentation shows tool messages. */
const flipped = ({ tool_call_id: call, ...rest }: Fields.Patch): Fields.Patch => ({ tool_call_id: call, ...rest })

/** A message that would say nothing. */
const isSilent = (patch: Fields.Patch): boolean =>
  Object.entries(patch).every(([key, value]): boolean => value === undefined || value === null || (key === "content" && value === ("" satisfies Json)))
