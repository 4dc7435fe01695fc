/**
 * Content parts of messages and of tool outputs to and from canonical parts. Items that stand beside messages (calls, thinking)
 * are in Items.ts.
 */
import type { MediaPart, Part, RefusalPart, TextPart } from "@sluice/protocol/CanonicalPart"
import { bare, same } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json, type JsonObject, type Node, valueIn } from "@sluice/protocol/Wire"
import { encodeDetail, responsesDetails } from "../internal/imageDetail.ts"
import * as Annotations from "./Annotations.ts"
import { type Crossing, inside, loseNode, type Place } from "./Crossing.ts"
import * as Media from "./Media.ts"
import * as Wire from "./Wire.ts"

type Rows<N, W> = Fields.Fields<N, W, Crossing>
type ContentOf<T extends string> = Extract<Wire.Content, { readonly type: T }>

const textTypes = ["input_text", "output_text", "text", "summary_text", "reasoning_text"] as const
type TextContent = typeof Wire.TextContent.Type

/** Marks the name of a foreign part that stood inside a message and was no item of its own. */
const contentPrefix = "content."

/** Whether a foreign part is content of a message. */
export const isContent = (part: Part): boolean => part.type === "foreign" && part.dialect === Wire.id && part.name.startsWith(contentPrefix)

const cacheField = <N extends Pick<TextPart, "cache"> & Node, W extends { readonly prompt_cache_breakpoint?: JsonObject | null }>(): Fields.Field<
  N,
  W,
  Crossing
> => ({
  of: ["cache"],
  keys: ["prompt_cache_breakpoint"],
  get: (wire) => {
    const found: Pick<TextPart, "cache"> = isObject(wire.prompt_cache_breakpoint) ? { cache: {} } : {}
    // N has the very field that was found.
    return found as Partial<N>
  },
  put: (node, _, place) => {
    if (node.cache === undefined) return { prompt_cache_breakpoint: undefined }
    if (node.cache.ttl === undefined && place.context.isOwn) return { prompt_cache_breakpoint: { mode: "explicit" } }
    Fields.lose(place, node, "cache", { reason: "dropped", weight: "hint", before: node.cache })
    return {}
  }
})

const textFields: Rows<TextPart, TextContent> = [
  { of: ["text"], keys: ["text"], get: (wire) => ({ text: wire.text }), put: (part) => ({ text: part.text }) },
  {
    of: ["annotations"],
    keys: ["annotations"],
    get: (wire) => (wire.annotations ?? []).length === 0 ? {} : { annotations: (wire.annotations ?? []).map(Annotations.decode) },
    put: (part, wire, place) => {
      const before = part.annotations ?? []
      const entries = wire.type === "output_text" ? before.map(Annotations.encode) : []
      const written = entries.filter((entry) => entry !== undefined)
      const after = written.map(Annotations.decode)
      if (written.length < before.length) Fields.lose(place, part, "annotations", { reason: "dropped", weight: "hint", before })
      else if (!same(bare(after), bare(before))) Fields.lose(place, part, "annotations", { reason: "approximated", weight: "hint", before, after: bare(after) })
      return { annotations: written.length === 0 && wire.type !== "output_text" ? undefined : written }
    }
  },
  cacheField()
]

const loseIn = (
  place: Place,
  part: MediaPart,
  mime: { readonly reason: "dropped" | "defaulted"; readonly before?: unknown; readonly after?: unknown }
): void => place.sink.add({ at: Fields.placeOf(place, part, "source"), canonical: Pointer.child(place.canonical, "source", "mime"), weight: "hint", ...mime })

/** A data URL needs a type; a URL or a file id says none. */
const loseMime = (place: Place, part: MediaPart, fallback: string): void => {
  const { source } = part
  if (source.type === "base64" && source.mime === undefined) loseIn(place, part, { reason: "defaulted", after: fallback })
  if ((source.type === "url" || source.type === "file") && source.mime !== undefined) loseIn(place, part, { reason: "dropped", before: source.mime })
}

const imageFields: Rows<MediaPart, ContentOf<"input_image">> = [
  {
    of: ["source"],
    keys: ["image_url", "file_id"],
    get: (wire) => ({ source: Media.sourceOf(wire) }),
    put: (part, _, place) => {
      loseMime(place, part, "image/png")
      return { image_url: Media.toUrl(part.source, "image/png"), file_id: Media.fileId(part.source) }
    }
  },
  {
    // The specification asks for a detail, and says that `auto` is what silence means.
    of: ["detail"],
    keys: ["detail"],
    get: (wire) => typeof wire.detail === "string" && wire.detail !== "auto" ? { detail: wire.detail } : {},
    put: (part, _, place) => {
      if (part.detail === "auto" && !place.context.isOwn) Fields.lose(place, part, "detail", { reason: "dropped", weight: "hint", before: "auto" })
      return { detail: encodeDetail(part, responsesDetails, place) ?? "auto" }
    }
  },
  cacheField()
]

const fileFields: Rows<MediaPart, ContentOf<"input_file">> = [
  {
    of: ["source", "title"],
    keys: ["file_data", "file_url", "file_id", "filename"],
    get: (wire) => ({ source: Media.sourceOf(wire), ...present({ title: wire.filename ?? undefined }) }),
    put: (part, _, place) => {
      const { source } = part
      loseMime(place, part, "application/pdf")
      // OpenAI refuses file_data without a name.
      const isNameless = source.type === "base64" && part.title === undefined && !place.context.isOwn
      if (isNameless) Fields.lose(place, part, "title", { reason: "defaulted", weight: "hint", after: "document.pdf" })
      return {
        file_id: Media.fileId(source),
        file_url: source.type === "url" ? source.url : undefined,
        file_data: source.type === "base64" ? Media.toUrl(source, "application/pdf") : undefined,
        filename: isNameless ? "document.pdf" : part.title
      }
    }
  },
  cacheField()
]

const refusalFields: Rows<RefusalPart, ContentOf<"refusal">> = [
  {
    of: ["text"],
    keys: ["refusal", "text"],
    get: (wire) => ({ text: wire.refusal ?? wire.text ?? "" }),
    put: (part, wire) => typeof wire.refusal !== "string" && typeof wire.text === "string" ? { text: part.text } : { refusal: part.text }
  }
]

const structural: ReadonlySet<string> = new Set(["type"])

const node = <N, W extends object>(fields: Rows<N, W>, wire: W, at: string): Node =>
  present({ wire: { dialect: Wire.id, value: Wire.asJson(wire) }, at, foreign: Fields.foreignKeys(fields, wire, structural) })

const isText = (wire: Wire.Content): wire is TextContent => textTypes.some((type) => wire.type === type)

/** The schema has checked the content against its type. */
const isOf = <T extends string>(wire: Wire.Content, type: T): wire is ContentOf<T> => wire.type === type

/** A content part in canonical words. */
export const decodePart = (wire: Wire.Content, at: string): Part => {
  if (isText(wire)) return { type: "text", text: wire.text, ...Fields.get(textFields, wire, at), ...node(textFields, wire, at) }
  if (isOf(wire, "input_image")) {
    return { type: "image", source: Media.sourceOf(wire), ...Fields.get(imageFields, wire, at), ...node(imageFields, wire, at) }
  }
  if (isOf(wire, "input_file")) {
    return { type: "document", source: Media.sourceOf(wire), ...Fields.get(fileFields, wire, at), ...node(fileFields, wire, at) }
  }
  if (isOf(wire, "refusal")) return { type: "refusal", text: "", ...Fields.get(refusalFields, wire, at), ...node(refusalFields, wire, at) }
  const value = Wire.asJson(wire)
  return { type: "foreign", dialect: Wire.id, name: `${contentPrefix}${wire.type}`, value, wire: { dialect: Wire.id, value }, at }
}

/** Content in canonical words: text is one part. */
export const decodeContent = (content: Wire.Contents | null | undefined, at: string): ReadonlyArray<Part> => {
  if (content === null || content === undefined) return []
  if (typeof content === "string") return [{ type: "text", text: content, at }]
  return content.map((part, index) => decodePart(part, Pointer.child(at, index)))
}

/** The content a part came from, when it was one of these types. */
const originOf = <W extends Wire.Content>(part: Part, types: ReadonlyArray<string>): W | undefined => {
  const value = valueIn(Wire.id, part)
  // A wire value of this dialect was checked by the schema when it was decoded.
  return isObject(value) && types.includes(String(value["type"])) ? value as unknown as W : undefined
}

const handled: ReadonlySet<string> = new Set(["type"])

const write = <N extends Part, W extends Wire.Content>(fields: Rows<N, W>, part: N, origin: W | undefined, fresh: JsonObject, place: Place): JsonObject => {
  Fields.loseRest(fields, part, handled, place, () => "hint", origin !== undefined)
  // The words of a fresh part are those of its type.
  return Fields.patched(origin === undefined ? fresh : Wire.asObject(origin), Fields.put(fields, part, origin ?? fresh as unknown as W, place))
}

const drop = (part: Part, place: Place, weight: "hint" | "meaning"): undefined => {
  loseNode(place, part, { reason: "dropped", weight, before: part })
  return undefined
}

/** Where content stands decides how its text is called: what the model said is output, everything else is input. */
export type Side = "input" | "output"

/** What cannot be said as it is becomes text. */
const asText = (part: Part, text: string, side: Side, place: Place): JsonObject => {
  loseNode(place, part, { reason: "approximated", weight: "hint", before: part, after: { type: "text", text } })
  return side === "input" ? { type: "input_text", text } : { type: "output_text", text, annotations: [], logprobs: [] }
}

const encodeMedia = (part: MediaPart, side: Side, place: Place): JsonObject | undefined => {
  const isCarried = part.source.type === "base64" || part.source.type === "url" || Media.fileId(part.source) !== undefined
  if (part.type === "document" && originOf(part, ["input_file"]) === undefined) {
    const text = Media.documentText(part)
    if (text !== undefined) return asText(part, text, side, place)
  }
  if (!isCarried || side === "output") return drop(part, place, "meaning")
  switch (part.type) {
    case "image":
      return write(imageFields, part, originOf<ContentOf<"input_image">>(part, ["input_image"]), { type: "input_image", detail: "auto" }, place)
    case "document":
      return write(fileFields, part, originOf<ContentOf<"input_file">>(part, ["input_file"]), { type: "input_file" }, place)
    case "audio":
    case "video":
      return drop(part, place, "meaning")
  }
}

/** A canonical part as content; `undefined` where it has no place in content, which is then a loss. */
export const encodePart = (part: Part, side: Side, place: Place): JsonObject | undefined => {
  switch (part.type) {
    case "text": {
      const fresh = side === "input" ? { type: "input_text", text: part.text } : { type: "output_text", text: part.text, annotations: [], logprobs: [] }
      return write(textFields, part, originOf<TextContent>(part, textTypes), fresh, place)
    }
    case "refusal":
      return side === "output"
        ? write(refusalFields, part, originOf<ContentOf<"refusal">>(part, ["refusal"]), { type: "refusal", refusal: part.text }, place)
        : asText(part, part.text, side, place)
    case "image":
    case "audio":
    case "video":
    case "document":
      return encodeMedia(part, side, place)
    case "json":
      return asText(part, JSON.stringify(part.value), side, place)
    case "foreign":
      // What a provider's own tools left behind in an answer is a hint, words of the caller are meaning.
      return isContent(part) && isObject(part.value) ? part.value : drop(part, place, side === "output" ? "hint" : "meaning")
    case "reasoning":
      return drop(part, place, "hint")
    case "tool-call":
    case "tool-result":
      return drop(part, place, "meaning")
  }
}

/** Parts with the place each stands at. */
export interface Placed {
  readonly part: Part
  readonly place: Place
}

/** The parts of a node, each with its place. */
export const placed = (parts: ReadonlyArray<Part>, place: Place): ReadonlyArray<Placed> =>
  parts.map((part, index) => ({ part, place: inside(place, part, "parts", index) }))

/** A text of which the wire says nothing but its words. */
const isPlain = ({ part }: Placed): boolean => part.type === "text" && valueIn(Wire.id, part) === undefined

/** Parts as content: text where it was text or is nothing else, a list otherwise; `undefined` where nothing is left. */
export const encodeContent = (parts: ReadonlyArray<Placed>, origin: Wire.Contents | null | undefined, side: Side): Json | undefined => {
  const [first, second] = parts
  if (first?.part.type === "text" && second === undefined && isPlain(first) && !Array.isArray(origin)) {
    const words = encodePart(first.part, side, first.place)
    if (words?.["prompt_cache_breakpoint"] === undefined) return first.part.text
  }
  const written = parts.flatMap(({ part, place }) => {
    const block = encodePart(part, side, place)
    return block === undefined ? [] : [block]
  })
  return written.length === 0 ? undefined : written
}
