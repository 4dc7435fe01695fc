/**
 * Content parts of messages to and from canonical parts. What belongs to a message as a whole (tool calls, refusals, reasoning
 * beside the content) is in Turns.ts.
 */
import type { MediaPart, Part, ReasoningPart, RefusalPart, TextPart } from "@sluice/protocol/CanonicalPart"
import * as Fields from "@sluice/protocol/Fields"
import { asJson } from "@sluice/protocol/Guard"
import { present } from "@sluice/protocol/Json"
import type { Loss } from "@sluice/protocol/Loss"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json, type JsonObject, type Node, valueIn } from "@sluice/protocol/Wire"
import { chatDetails, encodeDetail } from "../internal/imageDetail.ts"
import { type Crossing, loseNode, type Place } from "./Crossing.ts"
import * as Media from "./Media.ts"
import { type Block, type Content, id } from "./Wire.ts"

type BlockOf<T extends string> = Extract<Block, { readonly type: T }>

/** The schema has checked the block against its type. */
const isBlock = <T extends string>(block: Block, type: T): block is BlockOf<T> => block.type === type

interface Cached {
  readonly cache_control?: { readonly type: string; readonly ttl?: string | null } | null
  readonly prompt_cache_breakpoint?: JsonObject | null
}

/** The cache hint of parts and tools: `cache_control` of compatible providers, `prompt_cache_breakpoint` of OpenAI. */
export const cacheField = <N extends Pick<TextPart, "cache"> & Node, W extends object>(): Fields.Field<N, W, Crossing> => ({
  of: ["cache"],
  keys: ["cache_control", "prompt_cache_breakpoint"],
  get: (wire) => {
    const { cache_control: control, prompt_cache_breakpoint: breakpoint }: Cached = wire
    if ((control === undefined || control === null) && (breakpoint === undefined || breakpoint === null)) return {}
    const ttl = control?.ttl
    const found: Pick<TextPart, "cache"> = { cache: ttl === "5m" || ttl === "1h" ? { ttl } : {} }
    // N has the very field that was found.
    return found as Partial<N>
  },
  put: (node, wire, place) => {
    if (node.cache === undefined) return { cache_control: undefined, prompt_cache_breakpoint: undefined }
    if (Object.hasOwn(wire, "prompt_cache_breakpoint") && node.cache.ttl === undefined) {
      return { cache_control: undefined, prompt_cache_breakpoint: { mode: "explicit" } }
    }
    if (place.context.isOwn) return { cache_control: { type: "ephemeral", ...node.cache } }
    Fields.lose(place, node, "cache", { reason: "dropped", weight: "hint", before: node.cache })
    return {}
  }
})

type Rows<N, W> = Fields.Fields<N, W, Crossing>

const textFields: Rows<TextPart, BlockOf<"text">> = [
  { of: ["text"], keys: ["text"], get: (wire) => ({ text: wire.text ?? "" }), put: (part) => ({ text: part.text }) },
  cacheField()
]

const imageFields: Rows<MediaPart, BlockOf<"image_url">> = [
  {
    of: ["source", "detail"],
    keys: ["image_url"],
    get: ({ image_url: image }) =>
      image === null
        ? {}
        : typeof image === "string"
        ? { source: Media.fromUrl(image) }
        : { source: Media.fromUrl(image.url), ...present({ detail: image.detail ?? undefined }) },
    put: (part, { image_url: image }, place) => {
      const url = Media.toUrl(part.source, "image/png") ?? ""
      loseMime(part, place)
      if (part.source.type === "base64" && part.source.mime === undefined) {
        loseIn(place, part, "source", "mime", { reason: "defaulted", after: "image/png" })
      }
      const detail = encodeDetail(part, chatDetails, place)
      return typeof image === "string" && detail === undefined
        ? { image_url: url }
        : { image_url: Fields.patched(isObject(image) ? image : {}, { url, detail }) }
    }
  },
  cacheField()
]

const audioFields: Rows<MediaPart, BlockOf<"input_audio">> = [
  {
    of: ["source"],
    keys: ["input_audio"],
    get: ({ input_audio: audio }) => ({ source: typeof audio === "string" ? Media.fromAudio(audio, undefined) : Media.fromAudio(audio.data, audio.format) }),
    put: (part, { input_audio: audio }, place) => {
      const data = part.source.type === "base64" ? part.source.data : ""
      const format = Media.audioFormat(part.source, place.context.isOwn)
      if (typeof audio === "string" && format === undefined) return { input_audio: data }
      const written = Media.fromAudio(data, format)
      if (part.source.type === "base64" && written.mime !== part.source.mime) {
        loseIn(place, part, "source", "mime", { reason: "approximated", before: part.source.mime, after: written.mime })
      }
      return { input_audio: Fields.patched(isObject(audio) ? audio : {}, { data, format }) }
    }
  },
  cacheField()
]

const fileFields: Rows<MediaPart, BlockOf<"file">> = [
  {
    of: ["source", "title"],
    keys: ["file"],
    get: ({ file }) => ({
      source: typeof file.file_id === "string"
        ? { type: "file", provider: id, id: file.file_id }
        : Media.fromFileData(file.file_data ?? ""),
      ...present({ title: file.filename ?? undefined })
    }),
    put: (part, { file }, place) => {
      const fileId = Media.fileId(part.source)
      loseMime(part, place)
      if (fileId !== undefined) return { file: Fields.patched(file ?? {}, { file_id: fileId, file_data: undefined, filename: part.title }) }
      if (part.source.type === "base64" && part.source.mime === undefined) {
        loseIn(place, part, "source", "mime", { reason: "defaulted", after: "application/pdf" })
      }
      // OpenAI refuses file_data without a name.
      if (part.title === undefined && !place.context.isOwn) Fields.lose(place, part, "title", { reason: "defaulted", weight: "hint", after: "document.pdf" })
      const filename = part.title ?? (place.context.isOwn ? undefined : "document.pdf")
      return { file: Fields.patched(file ?? {}, { file_data: Media.toUrl(part.source, "application/pdf"), file_id: undefined, filename }) }
    }
  },
  cacheField()
]

const videoFields: Rows<MediaPart, BlockOf<"video_url">> = [
  {
    of: ["source"],
    keys: ["video_url"],
    get: ({ video_url: video }) => ({ source: Media.fromUrl(video.url) }),
    put: (part, { video_url: video }) => ({ video_url: { ...video, url: Media.toUrl(part.source, "video/mp4") ?? "" } })
  },
  cacheField()
]

const documentFields: Rows<MediaPart, BlockOf<"document_url">> = [
  {
    of: ["source"],
    keys: ["document_url"],
    get: (wire) => ({ source: Media.fromUrl(wire.document_url) }),
    put: (part) => ({ document_url: Media.toUrl(part.source, "application/pdf") ?? "" })
  },
  {
    of: ["title"],
    keys: ["document_name"],
    get: (wire) => present({ title: wire.document_name ?? undefined }),
    put: (part) => ({ document_name: part.title })
  }
]

const refusalFields: Rows<RefusalPart, BlockOf<"refusal">> = [
  { of: ["text"], keys: ["refusal"], get: (wire) => ({ text: wire.refusal }), put: (part) => ({ refusal: part.text }) }
]

const thinkingFields: Rows<ReasoningPart, BlockOf<"thinking">> = [
  {
    of: ["text"],
    keys: ["thinking"],
    get: (wire) => ({ text: wire.thinking.map((inner) => inner.text ?? "").join("") }),
    put: (part) => ({ thinking: [{ type: "text", text: part.text }] })
  }
]

const typeOnly: ReadonlySet<string> = new Set(["type"])
const handled: ReadonlySet<string> = new Set(["type"])
const handledReasoning: ReadonlySet<string> = new Set(["type", "form"])

const loseIn = (
  place: Place,
  part: Part,
  field: string,
  inner: string,
  loss: Pick<Loss, "reason"> & Partial<Pick<Loss, "before" | "after">>
): void => place.sink.add({ at: part.at ?? place.at, canonical: Pointer.child(place.canonical, field, inner), weight: "hint", ...loss })

/** Only bytes come with a type on this wire. */
const loseMime = (part: MediaPart, place: Place): void => {
  if ((part.source.type === "url" || part.source.type === "file") && part.source.mime !== undefined) {
    loseIn(place, part, "source", "mime", { reason: "dropped", before: part.source.mime })
  }
}

const node = <N extends Node, W extends object>(fields: Rows<N, W>, block: W & { readonly type: string }, at: string): Node =>
  present({ wire: { dialect: id, value: asJson(block) }, at, foreign: Fields.foreignKeys(fields, block, typeOnly) })

/** A block is a value of the parsed body, narrowed by the schema. */

const media = <T extends string>(
  type: MediaPart["type"],
  fields: Rows<MediaPart, BlockOf<T>>,
  block: BlockOf<T>,
  at: string
): Part => ({ type, source: { type: "text", text: "" }, ...Fields.get(fields, block, at), ...node(fields, block, at) })

/** A content part in canonical words. `at` is its JSON Pointer. */
export const decodePart = (block: Block, at: string): Part => {
  if (isBlock(block, "text")) return { type: "text", text: "", ...Fields.get(textFields, block, at), ...node(textFields, block, at) }
  if (isBlock(block, "image_url") && block.image_url !== null) return media("image", imageFields, block, at)
  if (isBlock(block, "input_audio")) return media("audio", audioFields, block, at)
  if (isBlock(block, "file")) return media("document", fileFields, block, at)
  if (isBlock(block, "video_url")) return media("video", videoFields, block, at)
  if (isBlock(block, "document_url")) return media("document", documentFields, block, at)
  if (isBlock(block, "refusal")) return { type: "refusal", text: "", ...Fields.get(refusalFields, block, at), ...node(refusalFields, block, at) }
  if (isBlock(block, "thinking")) {
    return { type: "reasoning", form: "raw", text: "", ...Fields.get(thinkingFields, block, at), ...node(thinkingFields, block, at) }
  }
  return { type: "foreign", dialect: id, name: block.type, value: asJson(block), wire: { dialect: id, value: asJson(block) }, at }
}

const write = <N extends Part, T extends string>(fields: Rows<N, BlockOf<T>>, part: N, type: T, place: Place, known = handled): JsonObject => {
  const origin = ownBlock(part, type)
  const block = Fields.put(fields, part, origin, place)
  Fields.loseRest(fields, part, known, place, () => "hint", part.wire?.dialect === id)
  return origin === undefined ? { type, ...block } : block
}

/** The block a part came from, when it was one of this type. */
const ownBlock = <T extends string>(part: Part, type: T): BlockOf<T> | undefined => {
  const value = valueIn(id, part)
  // A wire value of this dialect was checked by the schema when it was decoded.
  return isObject(value) && value["type"] === type ? value as unknown as BlockOf<T> : undefined
}

const drop = (part: Part, place: Place, weight: "hint" | "meaning"): undefined => {
  loseNode(place, part, { reason: "dropped", weight, before: part })
  return undefined
}

/** What cannot be said as it is becomes text. */
const asText = (part: Part, text: string, place: Place): JsonObject => {
  loseNode(place, part, { reason: "approximated", weight: "hint", before: part, after: { type: "text", text } })
  return { type: "text", text }
}

const encodeMedia = (part: MediaPart, place: Place): JsonObject | undefined => {
  const url = Media.toUrl(part.source, "")
  switch (part.type) {
    case "image":
      return url === undefined ? drop(part, place, "meaning") : write(imageFields, part, "image_url", place)
    case "audio":
      return Media.audioFormat(part.source, place.context.isOwn) === undefined && ownBlock(part, "input_audio") === undefined
        ? drop(part, place, "meaning")
        : write(audioFields, part, "input_audio", place)
    case "video":
      return place.context.isOwn && url !== undefined ? write(videoFields, part, "video_url", place) : drop(part, place, "meaning")
    case "document": {
      if (ownBlock(part, "document_url") !== undefined && url !== undefined) return write(documentFields, part, "document_url", place)
      const text = Media.documentText(part)
      if (text !== undefined && ownBlock(part, "file") === undefined) return asText(part, text, place)
      const carried = part.source.type === "base64" || Media.fileId(part.source) !== undefined || (place.context.isOwn && url !== undefined)
      return carried ? write(fileFields, part, "file", place) : drop(part, place, "meaning")
    }
  }
}

/** A canonical part as a content part; `undefined` where it has no place in content, which is then a loss. */
export const encodePart = (part: Part, place: Place): JsonObject | undefined => {
  switch (part.type) {
    case "text":
      return write(textFields, part, "text", place)
    case "image":
    case "audio":
    case "video":
    case "document":
      return encodeMedia(part, place)
    case "json":
      return asText(part, JSON.stringify(part.value), place)
    case "refusal":
      return write(refusalFields, part, "refusal", place)
    case "reasoning":
      return ownBlock(part, "thinking") === undefined ? drop(part, place, "hint") : write(thinkingFields, part, "thinking", place, handledReasoning)
    case "foreign":
      return part.dialect === id && isObject(part.value) ? part.value : drop(part, place, "meaning")
    case "tool-call":
    case "tool-result":
      return drop(part, place, "meaning")
  }
}

/** Content of a message in canonical words: text is one part. */
export const decodeContent = (content: Content | null | undefined, at: string): ReadonlyArray<Part> => {
  if (content === null || content === undefined) return []
  if (typeof content === "string") return [{ type: "text", text: content, at }]
  return content.map((block, index) => decodePart(block, Pointer.child(at, index)))
}

/** Parts with the place each stands at. */
export interface Placed {
  readonly part: Part
  readonly place: Place
}

/** A text of which the wire says nothing but its words: it was no content part of its own, and has no hint that could be written. */
const isPlain = ({ part, place }: Placed): boolean =>
  part.type === "text" && valueIn(id, part) === undefined && (part.cache === undefined || !place.context.isOwn)

/** Parts as content: text where it was text or is nothing else, a list otherwise; `undefined` where nothing is left. */
export const encodeContent = (parts: ReadonlyArray<Placed>, origin: Content | null | undefined): Json | undefined => {
  const [first, second] = parts
  if (first?.part.type === "text" && second === undefined && isPlain(first) && !Array.isArray(origin)) {
    encodePart(first.part, first.place)
    return first.part.text
  }
  const blocks = parts.flatMap(({ part, place }) => {
    const block = encodePart(part, place)
    return block === undefined ? [] : [block]
  })
  return blocks.length === 0 ? undefined : blocks
}
