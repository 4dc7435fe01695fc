/**
 * Images, documents and search results, and the canonical media parts. Anthropic takes pictures and PDFs as base64, address or
 * uploaded file, plain text, and documents made of blocks; sound and film have no place.
 */
import type { MediaPart, Part, Source } from "@sluice/protocol/CanonicalPart"
import { bare, same } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as Pointer from "@sluice/protocol/Pointer"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import { cacheField } from "./Cache.ts"
import * as Content from "./Content.ts"
import { type Crossing, drop, inside, isOwn, originOf, type Place } from "./Crossing.ts"
import * as Wire from "./Wire.ts"

type ImageBlock = typeof Wire.ImageBlock.Type
type DocumentBlock = typeof Wire.DocumentBlock.Type
type SearchResultBlock = typeof Wire.SearchResultBlock.Type
type WireSource = (ImageBlock | DocumentBlock)["source"]
type Table<W> = Fields.Fields<MediaPart, W, Crossing>

const isImage = Schema.is(Wire.ImageBlock)
const isDocument = Schema.is(Wire.DocumentBlock)
const isSearchResult = Schema.is(Wire.SearchResultBlock)
const structural: ReadonlySet<string> = new Set(["type"])

const decodeSource = (source: WireSource, at: string, codec: Content.PartCodec): Source | undefined => {
  switch (source.type) {
    case "base64":
      return { type: "base64", mime: source.media_type, data: source.data }
    case "url":
      return { type: "url", url: source.url }
    case "file":
      return { type: "file", provider: Wire.id, id: source.file_id }
    case "text":
      return present({ type: "text" as const, text: source.data, mime: source.media_type ?? undefined })
    case "content":
      return { type: "parts", parts: Content.decode(source.content, Pointer.child(at, "content"), codec) }
    default:
      return undefined
  }
}

/** A document keeps its parts one by one, so that an empty one is missed where a message would not miss it. */
const loseEmpty = (parts: ReadonlyArray<Part>, place: Place): void => {
  for (const [index, part] of parts.entries()) {
    if (part.type === "text" && part.text === "") drop(inside(place, part, "parts", index), part, "hint")
  }
}

const encodeSource = (source: Source, origin: WireSource | undefined, place: Place, codec: Content.PartCodec): Json => {
  switch (source.type) {
    case "base64":
      return { type: "base64", media_type: source.mime ?? "", data: source.data }
    case "url":
      return { type: "url", url: source.url }
    case "file":
      return { type: "file", file_id: source.id }
    case "text":
      return { type: "text", media_type: source.mime ?? "text/plain", data: source.text }
    case "parts": {
      const before = origin?.type === "content" ? Wire.asJson(origin.content) : undefined
      loseEmpty(source.parts, place)
      return { type: "content", content: Content.encode(source.parts, before, place, codec) }
    }
  }
}

const sourceField = <W extends ImageBlock | DocumentBlock>(codec: Content.PartCodec): Fields.Field<MediaPart, W, Crossing> => ({
  of: ["source"],
  keys: ["source"],
  get: (wire, at) => present({ source: decodeSource(wire.source, Pointer.child(at, "source"), codec) }),
  put: (part, wire, place) => ({ source: encodeSource(part.source, wire.source, inside(place, undefined, "source"), codec) })
})

const citationsField = <W extends DocumentBlock | SearchResultBlock>(): Fields.Field<MediaPart, W, Crossing> => ({
  of: ["citations"],
  keys: ["citations"],
  get: ({ citations }) => present({ citations: citations?.enabled ?? undefined }),
  put: ({ citations }, wire) => ({ citations: citations === undefined ? undefined : { ...wire.citations, enabled: citations } })
})

const titleField = <W extends DocumentBlock | SearchResultBlock>(): Fields.Field<MediaPart, W, Crossing> => ({
  of: ["title"],
  keys: ["title"],
  get: ({ title }) => present({ title: title ?? undefined }),
  put: ({ title }) => ({ title })
})

const mimeOfData = (data: string): string | undefined => {
  if (data.startsWith("/9j/")) return "image/jpeg"
  if (data.startsWith("iVBORw0KGgo")) return "image/png"
  if (data.startsWith("R0lGOD")) return "image/gif"
  if (data.startsWith("UklGR")) return "image/webp"
  return data.startsWith("JVBERi0") ? "application/pdf" : undefined
}

const isBase64 = (data: string): boolean => data.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(data)
const textOfData = (data: string): string => new TextDecoder().decode(Uint8Array.from(atob(data), (unit) => unit.charCodeAt(0)))

/** The picture types Anthropic reads. */
const pictures: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"])

const fitBytes = (source: Extract<Source, { readonly type: "base64" }>, isPicture: boolean): Source | undefined => {
  // Clients write `image/jpg`, which is no registered type and which Anthropic refuses.
  const stated = source.mime === "image/jpg" ? "image/jpeg" : source.mime
  const mime = stated ?? mimeOfData(source.data) ?? (isPicture ? "image/png" : "application/pdf")
  if (isPicture) return pictures.has(mime) ? { ...source, mime } : undefined
  if (mime === "application/pdf") return { ...source, mime }
  const isText = mime.startsWith("text/") || mime === "application/json"
  return isText && isBase64(source.data) ? { type: "text", text: textOfData(source.data), mime: "text/plain" } : undefined
}

/** The source as Anthropic takes it for a kind of media; `undefined` where it takes none. */
const fit = ({ source, type }: MediaPart): Source | undefined => {
  const isPicture = type === "image"
  switch (source.type) {
    case "base64":
      return fitBytes(source, isPicture)
    case "url": {
      const inline = /^data:([^;,]*)(?:;[^,]*)?;base64,/.exec(source.url)
      if (inline === null) return { type: "url", url: source.url }
      return fitBytes(present({ type: "base64" as const, mime: inline[1] || source.mime, data: source.url.slice(inline[0].length) }), isPicture)
    }
    case "file":
      return source.provider === Wire.id ? { type: "file", provider: source.provider, id: source.id } : undefined
    case "text":
      return isPicture ? undefined : { type: "text", text: source.text, mime: "text/plain" }
    case "parts":
      return isPicture ? undefined : source
  }
}

/** The codec of media parts, over the codec of the parts inside documents. */
export const make = (codec: Content.PartCodec) => {
  const image: Table<ImageBlock> = [sourceField(codec), cacheField()]
  const document: Table<DocumentBlock> = [
    sourceField(codec),
    titleField(),
    Fields.plain<MediaPart, DocumentBlock, Crossing>()("context", "context", (value) => value, (value) => value),
    citationsField(),
    cacheField()
  ]
  /** The address of a search result has no home; its blocks are the document. */
  const searchResult: Table<SearchResultBlock> = [
    {
      of: ["source"],
      keys: ["content"],
      get: ({ content }, at) => ({ source: { type: "parts", parts: Content.decode(content, Pointer.child(at, "content"), codec) } }),
      put: ({ source }, wire, place) =>
        source.type === "parts"
          ? {
            content: Content.encode(source.parts, wire.content === undefined ? undefined : Wire.asJson(wire.content), inside(place, undefined, "source"), codec)
          }
          : {}
    },
    titleField(),
    citationsField(),
    cacheField()
  ]

  const write = <W extends ImageBlock | DocumentBlock>(table: Table<W>, part: MediaPart, origin: W | undefined, place: Place): JsonObject | undefined => {
    const before = origin === undefined ? undefined : decodeSource(origin.source, place.at, codec)
    const source = before !== undefined && same(before, part.source) ? part.source : fit(part)
    if (source === undefined) return drop(place, part, "meaning")
    if (!same(source, part.source)) {
      Fields.lose(place, part, "source", { reason: "approximated", weight: "hint", before: bare(part.source), after: bare(source) })
    }
    Fields.loseRest(table, part, new Set(["type"]), place, () => "hint", isOwn(part))
    const block = Fields.put(table, { ...part, source }, origin, place)
    return origin === undefined ? { type: part.type, ...block } : block
  }

  return {
    /** A media block in canonical words; `undefined` when its source is of a kind that only Anthropic knows. */
    decode: (wire: ImageBlock | DocumentBlock | SearchResultBlock, at: string): MediaPart | undefined => {
      const node = <W>(table: Table<W>) =>
        present({ wire: { dialect: Wire.id, value: Wire.asJson(wire) }, at, foreign: Fields.foreignKeys(table, wire, structural) })
      if (wire.type === "search_result") {
        return { type: "document", source: { type: "parts", parts: [] }, ...Fields.get(searchResult, wire, at), ...node(searchResult) }
      }
      const source = decodeSource(wire.source, Pointer.child(at, "source"), codec)
      if (source === undefined) return undefined
      return wire.type === "image"
        ? { type: "image", ...Fields.get(image, wire, at), source, ...node(image) }
        : { type: "document", ...Fields.get(document, wire, at), source, ...node(document) }
    },
    /** A media part as a block; `undefined` where Anthropic takes none, which is reported. */
    encode: (part: MediaPart, place: Place): JsonObject | undefined => {
      if (part.type === "image") return write(image, part, originOf(isImage, part), place)
      if (part.type !== "document") return drop(place, part, "meaning")
      const found = part.source.type === "parts" ? originOf(isSearchResult, part) : undefined
      return found === undefined ? write(document, part, originOf(isDocument, part), place) : Fields.put(searchResult, part, found, place)
    }
  }
}
