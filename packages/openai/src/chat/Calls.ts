/**
 * Tool calls of a whole message to and from canonical parts: functions, custom tools, and the deprecated `function_call`,
 * which has no id, so that one is made from its name.
 */
import type { Part, ToolCallPart } from "@sluice/protocol/CanonicalPart"
import * as Fields from "@sluice/protocol/Fields"
import { asJson } from "@sluice/protocol/Guard"
import { present } from "@sluice/protocol/Json"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json, type JsonObject, type Node, valueIn } from "@sluice/protocol/Wire"
import { fitId, fitName, inside, type Place } from "./Crossing.ts"
import { id, type Message, type ToolCall } from "./Wire.ts"

const foreignPrefix = "tool_calls."

const argumentsText = (value: string | JsonObject | null | undefined): string =>
  typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value)

const known: ReadonlySet<string> = new Set(["id", "type", "function", "custom", "index"])

const nodeOf = (call: ToolCall, at: string): Node =>
  present({
    wire: { dialect: id, value: asJson(call) },
    at,
    foreign: Fields.foreignKeys([], call, known)
  })

const decodeCall = (call: ToolCall, at: string): Part => {
  const facts = { type: "tool-call" as const, id: call.id ?? "" }
  const node = nodeOf(call, at)
  if (isObject(call.function)) return { ...facts, kind: "function", name: call.function.name, arguments: argumentsText(call.function.arguments), ...node }
  if (isObject(call.custom)) return { ...facts, kind: "custom", name: call.custom.name, arguments: call.custom.input ?? "", ...node }
  return { type: "foreign", dialect: id, name: `${foreignPrefix}${call.type ?? ""}`, value: node.wire?.value ?? null, ...node }
}

/** The calls of a message. */
export const decodeCalls = (calls: ReadonlyArray<ToolCall>, at: string): ReadonlyArray<Part> =>
  calls.map((call, index) => decodeCall(call, Pointer.child(at, index)))

/** A call of a kind that only its provider knows. */
export const isForeignCall = (part: Part): boolean => part.type === "foreign" && part.dialect === id && part.name.startsWith(foreignPrefix)

/** The call of a message's deprecated `function_call`. */
export const decodeLegacyCall = (call: Message["function_call"], at: string): ReadonlyArray<ToolCallPart> =>
  isObject(call)
    ? [{
      type: "tool-call",
      kind: "function",
      id: `call_${call.name}`,
      name: call.name,
      arguments: call.arguments ?? "",
      wire: { dialect: id, value: call },
      at
    }]
    : []

/** Whether a call came from `function_call`: only there the wire value has no `function` or `custom` of its own. */
export const isLegacyCall = (part: Part): boolean => {
  const value = valueIn(id, part)
  return part.type === "tool-call" && isObject(value) && typeof value["name"] === "string" && !isObject(value["function"]) && !isObject(value["custom"])
}

/** A call as `function_call`. */
export const encodeLegacyCall = (part: ToolCallPart): JsonObject => {
  const value = valueIn(id, part)
  return Fields.patched(isObject(value) ? value : {}, { name: part.name, arguments: part.arguments })
}

const inner = (origin: Json | undefined, patch: Fields.Patch): JsonObject => Fields.patched(isObject(origin) ? origin : {}, patch)

/** A call in a message; over the call it came from only what differs is written. */
export const encodeCall = (part: Part, place: Place): JsonObject => {
  if (part.type === "foreign" && isObject(part.value)) return part.value
  if (part.type !== "tool-call") return {}
  const value = valueIn(id, part)
  const origin = isObject(value) ? value : undefined
  const isOwn = origin !== undefined
  if (part.namespace !== undefined) Fields.lose(place, part, "namespace", { reason: "dropped", weight: "hint", before: part.namespace })
  const full = part.namespace === undefined ? part.name : place.context.flat(part.namespace, part.name)
  if (full !== part.name) Fields.lose(place, part, "name", { reason: "renamed", weight: "hint", before: part.name, after: full })
  Fields.loseRest<ToolCallPart, object, unknown>([], part, handled, place, () => "hint", isOwn)
  const called = isOwn ? part.id : fitId(part.id, inside(place, part, "id"))
  const name = isOwn ? full : fitName(full, inside(place, part, "name"))
  // Some clients send arguments as an object, which stays one where its meaning is the same.
  const restated = (key: string, written: JsonObject | undefined): Fields.Patch =>
    written !== undefined && argumentsText(objectOrText(written[key])) === part.arguments ? {} : { [key]: part.arguments }
  const wire = origin === undefined ? undefined : origin[part.kind]
  const body = part.kind === "custom"
    ? { custom: inner(wire, { name, ...restated("input", isObject(wire) ? wire : undefined) }) }
    : { function: inner(wire, { name, ...restated("arguments", isObject(wire) ? wire : undefined) }) }
  return isOwn
    ? Fields.patched(origin, { ...(origin["id"] === null && called === "" ? {} : { id: called }), ...body })
    : { id: called, type: part.kind, ...body }
}

const objectOrText = (value: Json | undefined): string | JsonObject | undefined => typeof value === "string" || isObject(value) ? value : undefined

const handled: ReadonlySet<string> = new Set(["type", "kind", "id", "name", "arguments", "namespace"])
