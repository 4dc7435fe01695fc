/**
 * One item of the input to and from one turn: messages, calls, their outputs, thinking, and what only this dialect knows. Over
 * the item a turn came from only what differs is written; a turn of another dialect becomes as many items as it needs.
 */
import type { Part, ToolCallPart, ToolResultPart } from "@sluice/protocol/CanonicalPart"
import type { ItemFacts, Role, Turn } from "@sluice/protocol/CanonicalRequest"
import { same } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { fitId, fitName, inside, loseNode, type Place } from "./Crossing.ts"
import { decodeContent, encodeContent, encodePart, isContent, type Placed, placed, type Side } from "./Parts.ts"
import * as Reasoning from "./Reasoning.ts"
import { offeredIn } from "./Tools.ts"
import * as Wire from "./Wire.ts"

type Message = typeof Wire.MessageItem.Type
type FunctionCall = typeof Wire.FunctionCallItem.Type
type CustomCall = typeof Wire.CustomCallItem.Type
type Output = typeof Wire.OutputItem.Type

const roles: ReadonlySet<string> = new Set(["user", "assistant", "system", "developer"])

const isRole = (role: string): role is Exclude<Role, "tool" | "foreign"> => roles.has(role)

/** Items that are nobody's words: they point at something or change the tools. */
const placeless: ReadonlySet<string> = new Set(["item_reference", "compaction_trigger", "additional_tools"])

/** What a client says to a call that the provider defined: outputs, approvals. */
const isAnswer = (type: string): boolean => type.endsWith("_output") || type === "mcp_approval_response"

const roleOf = (type: string): Role => placeless.has(type) ? "foreign" : isAnswer(type) ? "tool" : "assistant"

const itemKeys = ["id", "type", "status", "phase"] as const

const known: { readonly [type: string]: ReadonlySet<string> } = {
  message: new Set([...itemKeys, "role", "content"]),
  call: new Set([...itemKeys, "call_id", "name", "namespace", "arguments", "input"]),
  output: new Set([...itemKeys, "call_id", "name", "output"]),
  reasoning: new Set([...itemKeys, "summary", "content", "encrypted_content"])
}

const text = (value: Json | undefined): string | undefined => typeof value === "string" ? value : undefined

/** The identity of an item; `undefined` where it states none. */
export const factsOf = (item: JsonObject): ItemFacts | undefined => {
  const facts = present({ id: text(item["id"]), type: text(item["type"]), status: text(item["status"]), phase: text(item["phase"]) })
  return Object.keys(facts).length === 0 ? undefined : facts
}

const turnOf = (item: Wire.Item, at: string, role: Role, parts: ReadonlyArray<Part>, kind: string | undefined): Turn => {
  const value = Wire.asObject(item)
  const foreign = kind === undefined ? undefined : Object.keys(value).filter((key) => known[kind]?.has(key) === false && value[key] !== null)
  return present({
    role,
    parts,
    item: factsOf(value),
    wire: { dialect: Wire.id, value },
    at,
    foreign: foreign === undefined || foreign.length === 0 ? undefined : foreign
  })
}

const callPart = (item: FunctionCall | CustomCall, at: string): ToolCallPart =>
  present({
    type: "tool-call" as const,
    kind: item.type === "function_call" ? "function" as const : "custom" as const,
    id: item.call_id,
    name: item.name,
    namespace: item.namespace ?? undefined,
    arguments: (item.type === "function_call" ? item.arguments : item.input) ?? "",
    at
  })

const outputContent = (output: Output["output"], at: string): ReadonlyArray<Part> =>
  isObject(output) ? [{ type: "json", value: output, at }] : decodeContent(Array.isArray(output) || typeof output === "string" ? output : undefined, at)

const resultPart = (item: Output, at: string): ToolResultPart =>
  present({
    type: "tool-result" as const,
    id: item.call_id ?? "",
    kind: item.type === "function_call_output" ? "function" as const : "custom" as const,
    name: item.name ?? undefined,
    parts: outputContent(item.output, Pointer.child(at, "output")),
    at
  })

const isMessage = (item: Wire.Item): item is Message => item.type === undefined || item.type === "message"

const isCall = (item: Wire.Item): item is FunctionCall | CustomCall => item.type === "function_call" || item.type === "custom_tool_call"

const isOutput = (item: Wire.Item): item is Output => item.type === "function_call_output" || item.type === "custom_tool_call_output"

const isThinking = (item: Wire.Item): item is typeof Wire.ReasoningItem.Type => item.type === "reasoning"

/** An item as a turn. */
export const decodeItem = (item: Wire.Item, at: string): Turn => {
  if (isMessage(item)) {
    if (isRole(item.role)) return turnOf(item, at, item.role, decodeContent(item.content, Pointer.child(at, "content")), "message")
    return turnOf(item, at, "foreign", [{ type: "foreign", dialect: Wire.id, name: item.role, value: Wire.asJson(item) }], undefined)
  }
  if (isCall(item)) return turnOf(item, at, "assistant", [callPart(item, at)], "call")
  if (isOutput(item)) return turnOf(item, at, "tool", [resultPart(item, at)], "output")
  if (isThinking(item)) return turnOf(item, at, "assistant", Reasoning.decodeItem(item, at), "reasoning")
  // Its tools are among the request's, so that the item itself says nothing
  if (offeredIn(item) !== undefined) return turnOf(item, at, "foreign", [], undefined)
  return turnOf(item, at, roleOf(item.type), [{ type: "foreign", dialect: Wire.id, name: item.type, value: Wire.asJson(item), at }], undefined)
}

const sideOf = (role: Role): Side => role === "assistant" ? "output" : "input"

const handledOfCall: ReadonlySet<string> = new Set(["type", "kind", "id", "name", "namespace", "arguments"])

const encodeCall = (part: ToolCallPart, facts: ItemFacts | undefined, place: Place): JsonObject => {
  Fields.loseRest<ToolCallPart, object, unknown>([], part, handledOfCall, place, () => "hint", true)
  const isFunction = part.kind === "function"
  return Fields.patched({ type: isFunction ? "function_call" : "custom_tool_call" }, {
    id: facts?.id,
    call_id: place.context.isOwn ? part.id : fitId(part.id, inside(place, part, "id")),
    name: place.context.isOwn ? part.name : fitName(part.name, inside(place, part, "name")),
    namespace: part.namespace,
    [isFunction ? "arguments" : "input"]: part.arguments
  })
}

const handledOfResult: ReadonlySet<string> = new Set(["type", "id", "kind", "parts", "isError", "name"])

const encodeResult = (part: ToolResultPart, place: Place): JsonObject => {
  Fields.loseRest<ToolResultPart, object, unknown>([], part, handledOfResult, place, () => "hint", true)
  for (const field of ["isError", "name"] as const) {
    if (part[field] !== undefined) Fields.lose(place, part, field, { reason: "dropped", weight: "hint", before: part[field] })
  }
  return {
    type: part.kind === "function" ? "function_call_output" : "custom_tool_call_output",
    call_id: place.context.isOwn ? part.id : fitId(part.id, inside(place, part, "id")),
    output: encodeContent(placed(part.parts, place), undefined, "input") ?? ""
  }
}

const handledOfTurn: ReadonlySet<string> = new Set(["role", "parts", "item"])

/** A turn over the item it came from: the very same object where nothing was changed; `undefined` where it became something else. */
export const encodeOver = (turn: Turn, origin: Wire.Item, place: Place): JsonObject | undefined => {
  const wire = Wire.asObject(origin)
  const before = decodeItem(origin, place.at)
  if (same(before, turn)) return wire
  Fields.loseRest<Turn, object, unknown>([], turn, handledOfTurn, place, () => "hint", true)
  const [first] = turn.parts
  const facts = Fields.patched(wire, same(before.item, turn.item) ? {} : { id: turn.item?.id, status: turn.item?.status, phase: turn.item?.phase })
  const isSamePart = turn.parts.length === 1 && before.role === turn.role && before.parts[0]?.type === first?.type
  if (isMessage(origin)) {
    if (!isRole(turn.role) || !isRole(origin.role)) return undefined
    const content = same(before.parts, turn.parts)
      ? {}
      : { content: encodeContent(placed(turn.parts, place), origin.content, sideOf(turn.role)) ?? [] }
    return Fields.patched(facts, { ...(turn.role === origin.role ? {} : { role: turn.role }), ...content })
  }
  if (isThinking(origin) && turn.role === "assistant" && turn.parts.every(({ type }) => type === "reasoning")) {
    return Fields.patched(facts, { content: undefined, encrypted_content: undefined, ...Reasoning.encodeItem(turn.parts) })
  }
  if (!isSamePart) return undefined
  if (first?.type === "tool-call" && isCall(origin)) {
    const written = encodeCall(first, turn.item, place)
    return first.kind === (origin.type === "function_call" ? "function" : "custom") ? Fields.patched(facts, { namespace: undefined, ...written }) : written
  }
  if (first?.type === "tool-result" && isOutput(origin)) {
    const was = before.parts[0]
    const output = was?.type === "tool-result" && same(was.parts, first.parts) ? {} : { output: outputOver(first, origin, inside(place, first, "parts", 0)) }
    const name = (origin.name ?? undefined) === first.name ? {} : { name: first.name }
    if (first.isError !== undefined) {
      Fields.lose(inside(place, first, "parts", 0), first, "isError", { reason: "dropped", weight: "hint", before: first.isError })
    }
    // An id that is not there was found by the decoder, and stays away.
    const call = (origin.call_id ?? "") === "" || origin.call_id === first.id ? {} : { call_id: first.id }
    return Fields.patched(facts, { ...call, ...name, ...output })
  }
  return first?.type === "foreign" && isObject(first.value) ? first.value : undefined
}

const outputOver = (part: ToolResultPart, origin: Output, place: Place): Json => {
  const { output } = origin
  return encodeContent(placed(part.parts, place), Array.isArray(output) || typeof output === "string" ? output : undefined, "input") ?? ""
}

/** Whether a turn of this role may hold the item a foreign part is. */
const isItemOf = (role: Role, part: Part): boolean =>
  part.type === "foreign" && part.dialect === Wire.id && !isContent(part) && (roleOf(part.name) === role || role === "foreign")

const isKept = (part: Part, place: Place): boolean => part.encrypted?.by === Wire.id || place.context.isOwn

const loseSeals = (part: Part, place: Place): void => {
  if (part.signature !== undefined) Fields.lose(place, part, "signature", { reason: "dropped", weight: "hint", before: part.signature })
  if (part.encrypted !== undefined && part.encrypted.by !== Wire.id) {
    Fields.lose(place, part, "encrypted", { reason: "dropped", weight: "hint", before: part.encrypted })
  }
}

/** A part that is an item of its own; `undefined` where it is content of a message, `null` where it is lost. */
const ownItem = ({ part, place }: Placed, turn: Turn): JsonObject | null | undefined => {
  if (part.type === "tool-result" && turn.role !== "assistant") return encodeResult(part, place)
  if (part.type === "tool-call" && turn.role === "assistant") {
    loseSeals(part, place)
    const { encrypted: _, signature: __, ...call } = part
    return encodeCall(call, turn.parts.length === 1 ? turn.item : undefined, place)
  }
  if (part.type === "reasoning" && turn.role === "assistant") {
    if (!isKept(part, place)) {
      loseNode(place, part, { reason: "dropped", weight: "hint", before: part })
      return null
    }
    loseSeals(part, place)
    if (part.cache !== undefined) Fields.lose(place, part, "cache", { reason: "dropped", weight: "hint", before: part.cache })
    return { type: "reasoning", id: madeId("rs", turn, place), ...Reasoning.encodeItem([part]) }
  }
  return part.type === "foreign" && isItemOf(turn.role, part) && isObject(part.value) ? part.value : undefined
}

const messageOf = (run: ReadonlyArray<Placed>, turn: Turn): ReadonlyArray<JsonObject> => {
  const role = turn.role === "tool" ? "user" : turn.role
  const side = sideOf(role)
  if (side === "output" && run.every(({ part }) => isPlain(part))) {
    return run.flatMap(({ part, place }): ReadonlyArray<JsonObject> => {
      const written = encodePart(part, side, place)
      return written === undefined ? [] : [{ type: "message", role, content: written["text"] ?? "" }]
    })
  }
  const content = encodeContent(run, undefined, side)
  const [first] = run
  if (content === undefined || first === undefined) return []
  // A list of output is only legal with an id and a status; words alone need neither.
  return side === "output" && Array.isArray(content)
    ? [{ type: "message", id: madeId("msg", turn, first.place), status: "completed", role, content }]
    : [{ type: "message", role, content }]
}

/** Whether an assistant's part says nothing that a text would not say: what is lost anyway does not count. */
const isPlain = (part: Part): boolean => part.type !== "refusal" && !isContent(part) && (part.type !== "text" || (part.annotations ?? []).length === 0)

/** The id an item came with, else one made from its place in the conversation. */
const madeId = (prefix: string, turn: Turn, place: Place): string =>
  turn.item?.id?.startsWith(`${prefix}_`) === true ? turn.item.id : `${prefix}_${place.canonical.replaceAll(/\D+/g, "_").replace(/^_/, "")}`

/** A turn of another dialect as items: outputs first, then words, calls and thinking in their order. */
export const encodeItems = (turn: Turn, place: Place): ReadonlyArray<JsonObject> => {
  Fields.loseRest<Turn, object, unknown>([], turn, handledOfTurn, place, () => "hint", false)
  const all = placed(turn.parts, place)
  const ordered = turn.role === "assistant" ? all : [...all.filter(isResult), ...all.filter((item) => !isResult(item))]
  const items: Array<JsonObject> = []
  let run: Array<Placed> = []
  const flush = (): void => {
    if (run.length > 0) items.push(...messageOf(run, turn))
    run = []
  }
  for (const item of ordered) {
    const own = ownItem(item, turn)
    if (own === undefined) run.push(item)
    else if (own !== null) {
      flush()
      items.push(own)
    }
  }
  flush()
  return items
}

const isResult = ({ part }: Placed): boolean => part.type === "tool-result"
