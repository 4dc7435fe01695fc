/**
 * Parts of contents and canonical parts, one field table per kind. Media are in Media.ts, results of functions in ToolResults.ts.
 * A part that keeps its wire value gives back the same value, changed only where it was edited.
 */
import type { ForeignPart, MediaPart, Part, ReasoningPart, TextPart, ToolCallPart, ToolResultPart } from "@sluice/protocol/CanonicalPart"
import { bare } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import { parseArguments, present } from "@sluice/protocol/Json"
import { isObject, type JsonObject, type Node } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import { signature } from "./Content.ts"
import { approximate, type Crossing, drop, fitName, isOwn, originOf, type Place } from "./Crossing.ts"
import * as Keys from "./Keys.ts"
import * as Media from "./Media.ts"
import * as ToolResults from "./ToolResults.ts"
import * as Wire from "./Wire.ts"

type Table<N> = Fields.Fields<N, Wire.Part, Crossing>

const isPart = Schema.is(Wire.Part)

const text: Table<TextPart> = [
  Keys.plain<TextPart, Wire.Part, Crossing>()("text", "text", (value) => value, (value) => value),
  signature()
]

const reasoning: Table<ReasoningPart> = [
  Keys.plain<ReasoningPart, Wire.Part, Crossing>()("text", "text", (value) => value, (value) => value),
  signature()
]

const media: Table<MediaPart> = [Media.content, Media.detail, signature()]

const foreign: Table<ForeignPart> = [signature()]

/** Arguments that are no JSON object: free text goes under `input`, anything else under a name that says so, and null is none. */
const wrapped = (raw: string, kind: ToolCallPart["kind"]): JsonObject =>
  kind === "function" && raw.trim() === "null" ? {} : { [kind === "custom" ? "input" : "arguments"]: raw }

const argsOf = (part: ToolCallPart, place: Place): JsonObject => {
  const parsed = part.kind === "custom" ? undefined : parseArguments(part.arguments)
  if (parsed !== undefined) return parsed
  const args = wrapped(part.arguments, part.kind)
  Fields.lose(place, part, "arguments", { reason: "approximated", weight: "hint", before: part.arguments, after: JSON.stringify(args) })
  return args
}

const call: Fields.Fields<ToolCallPart, Wire.FunctionCall, Crossing> = [
  {
    // An id that is not there was made by the decoder and stays away.
    of: ["id"],
    keys: ["id"],
    get: (wire) => wire.id === undefined || wire.id === null || wire.id === "" ? {} : { id: wire.id },
    put: (part, wire) => Object.keys(wire).length > 0 && (wire.id ?? "") === "" ? {} : { id: part.id }
  },
  {
    of: ["name", "namespace"],
    keys: ["name"],
    get: (wire) => ({ name: wire.name ?? "" }),
    put: (part, _, place) => {
      const full = part.namespace === undefined ? part.name : place.context.flat(part.namespace, part.name)
      const name = fitName(full, place.context)
      if (part.namespace !== undefined) Fields.lose(place, part, "namespace", { reason: "dropped", weight: "hint", before: part.namespace })
      if (name !== part.name) Fields.lose(place, part, "name", { reason: "renamed", weight: "hint", before: part.name, after: name })
      return { name }
    }
  },
  {
    of: ["arguments", "kind"],
    keys: ["args"],
    get: ({ args }) => ({ arguments: JSON.stringify(args ?? {}), kind: "function" }),
    put: (part, _, place) => {
      if (part.kind === "custom") Fields.lose(place, part, "kind", { reason: "approximated", weight: "hint", before: "custom", after: "function" })
      return { args: argsOf(part, place) }
    }
  }
]

const toolCall: Table<ToolCallPart> = [
  Keys.nested<ToolCallPart, Wire.Part, Crossing>()("functionCall", (wire) => Keys.read(wire, "functionCall"), call),
  signature()
]

const toolResult: Table<ToolResultPart> = [
  Keys.nested<ToolResultPart, Wire.Part, Crossing>()("functionResponse", (wire) => Keys.read(wire, "functionResponse"), ToolResults.fields),
  signature()
]

const structural: ReadonlySet<string> = new Set(["thought"])

const nodeOf = <N>(table: Table<N>, wire: Wire.Part, at: string): Node =>
  present({ wire: { dialect: Wire.id, value: Wire.asJson(wire) }, at, foreign: Fields.foreignKeys(table, wire, structural) })

/** The key that says what a part is; `part` where none is set. */
const kindOf = (wire: object): string => Keys.said(wire).find((key) => key !== "thought" && key !== "thoughtSignature" && key !== "thought_signature") ?? "part"

const decodeForeign = (wire: Wire.Part, at: string): ForeignPart => {
  const value = Wire.asJson(wire)
  return { type: "foreign", dialect: Wire.id, name: kindOf(wire), value, ...Fields.get(foreign, wire, at), wire: { dialect: Wire.id, value }, at }
}

/** A part in canonical words. Calls and results that came without an id have an empty one; `Ids` gives them theirs. */
export const decodePart = (wire: Wire.Part, at: string): Part => {
  const called = Keys.read(wire, "functionCall")
  if (called !== undefined) {
    const facts = { type: "tool-call" as const, kind: "function" as const, id: "", name: "", arguments: "{}" }
    return { ...facts, ...Fields.get(toolCall, wire, at), ...nodeOf(toolCall, wire, at) }
  }
  if (Keys.read(wire, "functionResponse") !== undefined) {
    return { type: "tool-result", kind: "function", id: "", parts: [], ...Fields.get(toolResult, wire, at), ...nodeOf(toolResult, wire, at) }
  }
  if (typeof wire.text === "string") {
    return wire.thought === true
      ? { type: "reasoning", form: "summary", text: wire.text, ...Fields.get(reasoning, wire, at), ...nodeOf(reasoning, wire, at) }
      : { type: "text", text: wire.text, ...Fields.get(text, wire, at), ...nodeOf(text, wire, at) }
  }
  const medium = wire.thought === true ? undefined : Media.decode(wire)
  if (medium === undefined) return decodeForeign(wire, at)
  return { ...medium, ...Fields.get(media, wire, at), ...nodeOf(media, wire, at) }
}

/** Writes a part by its table, over the part it came from. */
const write = <N extends Part>(table: Table<N>, part: N, handled: ReadonlyArray<string>, place: Place): JsonObject => {
  Fields.loseRest(table, part, new Set(["type", ...handled]), place, () => "hint", isOwn(part))
  return Fields.put(table, part, originOf(isPart, part), place)
}

/** Empty text says nothing: Gemini refuses it, and nothing is lost with it. */
const encodeText = (part: TextPart, place: Place): JsonObject | undefined =>
  part.text === "" && !isOwn(part) && part.signature?.by !== Wire.id ? undefined : write(text, part, [], place)

/** In requests, thinking is sent with Gemini's own proof or as it came from Gemini: to any other it is no thinking of its own. */
const encodeReasoning = (part: ReasoningPart, place: Place): JsonObject | undefined => {
  if (!isOwn(part) && !place.context.isAnswer && part.signature?.by !== Wire.id) return drop(place, part, "hint")
  if (part.text === "" && !isOwn(part) && part.signature?.by !== Wire.id) return part.encrypted === undefined ? undefined : drop(place, part, "hint")
  if (part.form !== "summary") Fields.lose(place, part, "form", { reason: "approximated", weight: "hint", before: part.form, after: "summary" })
  const written = write(reasoning, part, ["form"], place)
  return isOwn(part) ? written : { thought: true, ...written }
}

/** A part that only this dialect knows goes back as it was; another dialect's cannot be sent. */
const encodeForeign = (part: ForeignPart, place: Place): JsonObject | undefined =>
  // A foreign part's value is the part itself, so that an edit of the value shows; its signature is one key of it.
  part.dialect === Wire.id && isPart(part.value) ? Fields.put(foreign, part, part.value, place) : drop(place, part, "meaning")

const asText = (part: Part, words: string, place: Place): JsonObject | undefined => {
  const after: TextPart = { type: "text", text: words }
  approximate(place, bare(part), after)
  return encodeText(after, place)
}

/** A part as Gemini's; `undefined` where there is none for it, which is reported. */
export const encodePart = (part: Part, place: Place): JsonObject | undefined => {
  switch (part.type) {
    case "text":
      return encodeText(part, place)
    case "reasoning":
      return encodeReasoning(part, place)
    case "tool-call":
      return write(toolCall, part, [], place)
    case "tool-result": {
      if (part.kind === "custom") Fields.lose(place, part, "kind", { reason: "approximated", weight: "hint", before: "custom", after: "function" })
      return write(toolResult, part, ["kind"], place)
    }
    case "image":
    case "document":
    case "audio":
    case "video": {
      const written = write(media, part, [], place)
      return isObject(Keys.objectAt(written, "inlineData") ?? Keys.objectAt(written, "fileData")) ? written : undefined
    }
    case "foreign":
      return encodeForeign(part, place)
    case "refusal":
      return asText(part, part.text, place)
    case "json":
      return asText(part, JSON.stringify(part.value), place)
  }
}
