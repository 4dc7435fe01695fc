/**
 * Content blocks and canonical parts, one field table per kind of block. Media are in Media.ts, results of tools in
 * ToolResults.ts. A part that keeps its block gives back the same block, changed only where it was edited.
 */
import type { ForeignPart, JsonPart, Part, ReasoningPart, TextPart, ToolCallPart } from "@sluice/protocol/CanonicalPart"
import { bare, sameJson } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import { parseArguments, present } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import { cacheField } from "./Cache.ts"
import * as Citations from "./Citations.ts"
import type { PartCodec } from "./Content.ts"
import { type Crossing, drop, fitId, fitName, inside, isOwn, originOf, type Place } from "./Crossing.ts"
import * as Media from "./Media.ts"
import * as ToolResults from "./ToolResults.ts"
import * as Wire from "./Wire.ts"

type TextBlock = typeof Wire.TextBlock.Type
type ThinkingBlock = typeof Wire.ThinkingBlock.Type
type RedactedThinkingBlock = typeof Wire.RedactedThinkingBlock.Type
type ToolUseBlock = typeof Wire.ToolUseBlock.Type
type OtherBlock = typeof Wire.OtherBlock.Type

/** Blocks and parts, as the content of messages and of `system` is read and written. */
export const codec: PartCodec = { decode: (wire, at) => decodePart(wire, at), encode: (part, place) => encodePart(part, place) }
const media = Media.make(codec)
const toolResults = ToolResults.make(codec)

const isText = Schema.is(Wire.TextBlock)
const isThinking = Schema.is(Wire.ThinkingBlock)
const isRedacted = Schema.is(Wire.RedactedThinkingBlock)
const isToolUse = Schema.is(Wire.ToolUseBlock)
const isOther = Schema.is(Wire.OtherBlock)
const structural: ReadonlySet<string> = new Set(["type"])

const textField = Fields.plain<TextPart, TextBlock, Crossing>()("text", "text", (value) => value, (value) => value)

const text: Fields.Fields<TextPart, TextBlock, Crossing> = [
  textField,
  {
    of: ["annotations"],
    keys: ["citations"],
    get: ({ citations }) => citations === undefined || citations === null || citations.length === 0 ? {} : { annotations: citations.map(Citations.decode) },
    put: ({ annotations }, _, place) => {
      const citations = (annotations ?? []).flatMap((annotation, index) => {
        const citation = Citations.encode(annotation)
        if (citation !== undefined) return [citation]
        drop(inside(place, undefined, "annotations", index), annotation, "hint")
        return []
      })
      return { citations: citations.length === 0 ? undefined : citations }
    }
  },
  cacheField()
]

const thinking: Fields.Fields<ReasoningPart, ThinkingBlock, Crossing> = [
  Fields.plain<ReasoningPart, ThinkingBlock, Crossing>()("text", "thinking", (value) => value, (value) => value),
  Fields.plain<ReasoningPart, ThinkingBlock, Crossing>()(
    "signature",
    "signature",
    // An empty signature is how an answer announces thinking whose proof is still to come: none.
    (value) => value === "" ? undefined : { by: Wire.id, value },
    ({ value }) => value
  )
]

const redacted: Fields.Fields<ReasoningPart, RedactedThinkingBlock, Crossing> = [
  Fields.plain<ReasoningPart, RedactedThinkingBlock, Crossing>()("encrypted", "data", (value) => ({ by: Wire.id, value }), ({ value }) => value)
]

const approximated = (place: Place, node: ToolCallPart, field: "arguments" | "kind", after: string): void =>
  Fields.lose(place, node, field, { reason: "approximated", weight: "hint", before: node[field], after })

/** Arguments that are no JSON object: free text goes under `input`, anything else under a name that says so, and null is none. */
export const wrapped = (text: string, kind: ToolCallPart["kind"]): JsonObject =>
  kind === "function" && text.trim() === "null" ? {} : { [kind === "custom" ? "input" : "arguments"]: text }

const inputOf = (part: ToolCallPart, place: Place): JsonObject => {
  const parsed = part.kind === "custom" ? undefined : parseArguments(part.arguments)
  if (parsed !== undefined) return parsed
  const input = wrapped(part.arguments, part.kind)
  approximated(place, part, "arguments", JSON.stringify(input))
  return input
}

const toolUse: Fields.Fields<ToolCallPart, ToolUseBlock, Crossing> = [
  Fields.plain<ToolCallPart, ToolUseBlock, Crossing>()("id", "id", (value) => value, fitId),
  {
    of: ["name", "namespace"],
    keys: ["name"],
    get: ({ name }) => ({ name }),
    put: (part, _, place) => {
      const full = part.namespace === undefined ? part.name : place.context.flat(part.namespace, part.name)
      // The client of an answer knows its tools by the names it gave them.
      const name = place.context.isAnswer ? full : fitName(full, place.context)
      if (part.namespace !== undefined) Fields.lose(place, part, "namespace", { reason: "dropped", weight: "hint", before: part.namespace })
      if (name !== part.name) Fields.lose(place, part, "name", { reason: "renamed", weight: "hint", before: part.name, after: name })
      return { name }
    }
  },
  {
    of: ["arguments", "kind"],
    keys: ["input"],
    get: ({ input }) => ({ arguments: JSON.stringify(input ?? {}), kind: "function" }),
    put: (part, _, place) => {
      if (part.kind === "custom") approximated(place, part, "kind", "function")
      return { input: inputOf(part, place) }
    }
  },
  cacheField()
]

/** Who made a call: the model itself, which is what a call without a caller says, too. */
const caller: Fields.Field<ToolCallPart, ToolUseBlock, Crossing> = { of: [], keys: ["caller"], get: () => ({}), put: () => ({}) }

const isDirect = (wire: ToolUseBlock): boolean => sameJson(Wire.asObject(wire)["caller"], { type: "direct" })

const other: Fields.Fields<ForeignPart, OtherBlock, Crossing> = [cacheField()]

/** Names a tool that a search found, or that is to be loaded now: data anyone can read, where this dialect also loads the tool. */
const reference: Fields.Fields<JsonPart, OtherBlock, Crossing> = [cacheField()]

const isReference = (value: Json): value is JsonObject => isObject(value) && (value["type"] === "tool_reference" || value["type"] === "tool_addition")

/** A block in canonical words; content that was text and not blocks is one text part. */
export const decodePart = (wire: Wire.Block | string, at: string): Part => {
  if (typeof wire === "string") return { type: "text", text: wire, wire: { dialect: Wire.id, value: wire }, at }
  const value = Wire.asJson(wire)
  const node = <N, W>(fields: Fields.Fields<N, W, Crossing>) =>
    present({ wire: { dialect: Wire.id, value }, at, foreign: Fields.foreignKeys(fields, wire, structural) })
  switch (wire.type) {
    case "text":
      return { type: "text", text: wire.text, ...Fields.get(text, wire, at), ...node(text) }
    case "thinking":
      return { type: "reasoning", form: "raw", text: wire.thinking, ...Fields.get(thinking, wire, at), ...node(thinking) }
    case "redacted_thinking":
      return { type: "reasoning", form: "raw", text: "", ...Fields.get(redacted, wire, at), ...node(redacted) }
    case "tool_use": {
      const call = { type: "tool-call" as const, kind: "function" as const, id: wire.id, name: wire.name, arguments: "" }
      return { ...call, ...Fields.get(toolUse, wire, at), ...node(isDirect(wire) ? [...toolUse, caller] : toolUse) }
    }
    case "image":
    case "document":
    case "search_result":
      return media.decode(wire, at) ?? foreignPart(wire.type, value, at)
    case "tool_result":
      return toolResults.decode(wire, at)
    default:
      return isReference(value)
        ? { type: "json", value, ...Fields.get(reference, wire, at), wire: { dialect: Wire.id, value }, at }
        : { ...foreignPart(wire.type, value, at), ...Fields.get(other, wire, at) }
  }
}

const foreignPart = (name: string, value: Json, at: string): ForeignPart => ({
  type: "foreign",
  dialect: Wire.id,
  name,
  value,
  wire: { dialect: Wire.id, value },
  at
})

/** Writes a part by its table: over the block it came from, or as a new block of a type. */
const write = <N extends Part, W extends object>(
  fields: Fields.Fields<N, W, Crossing>,
  part: N,
  origin: W | undefined,
  type: string,
  handled: ReadonlyArray<string>,
  place: Place
): JsonObject => {
  Fields.loseRest(fields, part, new Set(["type", ...handled]), place, () => "hint", isOwn(part))
  const block = Fields.put(fields, part, origin, place)
  return origin === undefined ? { type, ...block } : block
}

/** Anthropic refuses text without a visible character; answers may hold blanks. Empty text says nothing, so that nothing is lost with it. */
const encodeText = (part: TextPart, place: Place): JsonObject | undefined => {
  const origin = originOf(isText, part)
  if (part.text === "" && origin?.text !== "") return undefined
  const isBlank = !place.context.isAnswer && part.text.trim() === "" && origin?.text !== part.text
  return isBlank ? drop(place, part, "hint") : write(text, part, origin, "text", [], place)
}

/** Thinking is sent only with Anthropic's own proof: anything else is refused by the provider. */
const encodeReasoning = (part: ReasoningPart, place: Place): JsonObject | undefined => {
  const sealed = originOf(isRedacted, part)
  const origin = originOf(isThinking, part)
  const isSigned = origin !== undefined || part.signature?.by === Wire.id
  if (sealed === undefined && !isSigned && part.encrypted?.by !== Wire.id) return drop(place, part, "hint")
  if (part.form !== "raw") Fields.lose(place, part, "form", { reason: "approximated", weight: "hint", before: part.form, after: "raw" })
  if (isSigned) return write(thinking, part, origin, "thinking", ["form"], place)
  if (part.text !== "") Fields.lose(place, part, "text", { reason: "approximated", weight: "hint", before: part.text, after: "" })
  return write(redacted, part, sealed, "redacted_thinking", ["form", "text"], place)
}

/** A block that only this dialect knows goes back as it was; another dialect's cannot be sent. */
const encodeForeign = (part: ForeignPart, place: Place): JsonObject | undefined => {
  if (part.dialect !== Wire.id || !isObject(part.value)) return drop(place, part, "meaning")
  // A foreign part's value is the block itself, so that an edit of the value shows; its cache hint is one key of it.
  return isOther(part.value) ? Fields.put(other, part, part.value, place) : part.value
}

const asText = (part: Part, words: string, place: Place): JsonObject | undefined => {
  const after: TextPart = { type: "text", text: words }
  place.sink.add({ at: place.at, canonical: place.canonical, reason: "approximated", weight: "hint", before: bare(part), after })
  return encodeText(after, place)
}

/** A part as a block; `undefined` where Anthropic has none for it, which is reported. */
export const encodePart = (part: Part, place: Place): JsonObject | undefined => {
  switch (part.type) {
    case "text":
      return encodeText(part, place)
    case "reasoning":
      return encodeReasoning(part, place)
    case "tool-call":
      return write(toolUse, part, originOf(isToolUse, part), "tool_use", [], place)
    case "tool-result":
      return toolResults.encode(part, place)
    case "image":
    case "document":
    case "audio":
    case "video":
      return media.encode(part, place)
    case "foreign":
      return encodeForeign(part, place)
    case "refusal":
      return asText(part, part.text, place)
    case "json":
      // The value of a reference is the block itself
      return isOwn(part) && isOther(part.value) && isReference(part.value)
        ? Fields.put(reference, part, part.value, place)
        : asText(part, JSON.stringify(part.value), place)
  }
}
