/**
 * Pictures, documents, sound and films (`inlineData`, `fileData`) and the canonical media parts. Gemini tells kinds apart by MIME
 * type alone, so that a part without one is given the commonest of its kind.
 */
import type { MediaPart, Source } from "@sluice/protocol/CanonicalPart"
import { textOf } from "@sluice/protocol/CanonicalPart"
import { bare, same } from "@sluice/protocol/Equality"
import type * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as Encoding from "effect/encoding/Base64"
import { type Crossing, drop, fieldOf, inside, type Place } from "./Crossing.ts"
import * as Keys from "./Keys.ts"
import * as Wire from "./Wire.ts"

/** The keys of a part that hold a medium. */
export interface Holder {
  readonly inlineData?: Wire.Blob | null
  readonly fileData?: Wire.FileData | null
}

/** The kind of a medium by its MIME type; without one by nothing, so that it is a document. */
export const typeOf = (mime: string | undefined): MediaPart["type"] => {
  const kind = mime?.split("/")[0]?.toLowerCase()
  return kind === "image" || kind === "audio" || kind === "video" ? kind : "document"
}

/** Addresses that only Google reads: its file service, its storage, and names of files. */
const isPublic = (uri: string): boolean => /^https?:\/\//i.test(uri) && !/^https:\/\/generativelanguage\.googleapis\.com\//i.test(uri)

/** Base64 in its common alphabet, padded: Google takes the one for URLs as well, without padding too (JSON mapping of protobuf), others do not. */
const standard = (data: string): string => {
  if (!/[-_]/.test(data)) return data
  const common = data.replaceAll("-", "+").replaceAll("_", "/")
  return common.padEnd(Math.ceil(common.length / 4) * 4, "=")
}

const sourceOf = (wire: Partial<Holder>): { readonly source: Source; readonly title: string | undefined } | undefined => {
  const blob = Keys.read(wire, "inlineData")
  if (blob !== undefined) {
    const source = present({ type: "base64" as const, mime: Keys.read(blob, "mimeType"), data: standard(blob.data ?? "") })
    return { source, title: Keys.read(blob, "displayName") }
  }
  const file = Keys.read(wire, "fileData")
  if (file === undefined) return undefined
  const uri = Keys.read(file, "fileUri") ?? ""
  const mime = Keys.read(file, "mimeType")
  const source: Source = isPublic(uri) ? present({ type: "url", url: uri, mime }) : present({ type: "file", provider: Wire.id, id: uri, mime })
  return { source, title: Keys.read(file, "displayName") }
}

/** The medium of a part; `undefined` where the part has none. */
export const decode = (wire: Partial<Holder>): MediaPart | undefined => {
  const found = sourceOf(wire)
  if (found === undefined) return undefined
  const mime = "mime" in found.source ? found.source.mime : undefined
  return present({ type: typeOf(mime), source: found.source, title: found.title })
}

const byExtension: ReadonlyMap<string, string> = new Map([
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["gif", "image/gif"],
  ["webp", "image/webp"],
  ["heic", "image/heic"],
  ["pdf", "application/pdf"],
  ["txt", "text/plain"],
  ["html", "text/html"],
  ["csv", "text/csv"],
  ["mp3", "audio/mp3"],
  ["wav", "audio/wav"],
  ["ogg", "audio/ogg"],
  ["mp4", "video/mp4"],
  ["mov", "video/mov"],
  ["webm", "video/webm"]
])

const commonest: { readonly [T in MediaPart["type"]]: string } = {
  image: "image/jpeg",
  document: "application/pdf",
  audio: "audio/mp3",
  video: "video/mp4"
}

const ofData = (data: string): string | undefined => {
  if (data.startsWith("/9j/")) return "image/jpeg"
  if (data.startsWith("iVBORw0KGgo")) return "image/png"
  if (data.startsWith("R0lGOD")) return "image/gif"
  if (data.startsWith("UklGR")) return "image/webp"
  return data.startsWith("JVBERi") ? "application/pdf" : undefined
}

const ofUrl = (url: string): string | undefined => byExtension.get(/\.([a-z0-9]+)(?:[?#].*)?$/i.exec(url)?.[1]?.toLowerCase() ?? "")

const dataUrl = /^data:([^;,]*)(?:;[^,]*)?;base64,(.*)$/s

const guessed = (source: Source): string | undefined => source.type === "base64" ? ofData(source.data) : source.type === "url" ? ofUrl(source.url) : undefined

/** The source as Gemini takes it; `undefined` where it cannot. */
const fit = (part: MediaPart): Source | undefined => {
  const { source, type } = part
  switch (source.type) {
    case "text":
      return { type: "base64", mime: source.mime ?? "text/plain", data: Encoding.encode(source.text) }
    case "parts": {
      const isText = source.parts.every((inner) => inner.type === "text")
      return isText ? { type: "base64", mime: "text/plain", data: Encoding.encode(textOf(source.parts)) } : undefined
    }
    case "file":
      if (source.provider !== Wire.id) return undefined
      break
    case "url": {
      const inline = dataUrl.exec(source.url)
      if (inline !== null) return fit({ ...part, source: present({ type: "base64", mime: source.mime ?? (inline[1] || undefined), data: inline[2] ?? "" }) })
      // What only Google reads is a file of its own, whoever names it
      if (!isPublic(source.url)) return fit({ ...part, source: present({ type: "file", provider: Wire.id, id: source.url, mime: source.mime }) })
      break
    }
    case "base64":
      break
  }
  if (source.mime !== undefined && typeOf(source.mime) === type) return source
  const guess = guessed(source)
  return { ...source, mime: guess !== undefined && typeOf(guess) === type ? guess : commonest[type] }
}

const loseSource = (part: MediaPart, after: Source, place: Place): void => {
  const { source: before } = part
  if (same(before, after)) return
  const here = fieldOf(place, part, "source")
  if (before.type !== after.type || !("mime" in after)) {
    place.sink.add({ at: here.at, canonical: here.canonical, reason: "approximated", weight: "hint", before: bare(before), after: bare(after) })
    return
  }
  const mime = "mime" in before ? before.mime : undefined
  const { at, canonical } = inside(here, undefined, "mime")
  place.sink.add({ at, canonical, reason: mime === undefined ? "defaulted" : "approximated", weight: "hint", ...present({ before: mime }), after: after.mime })
}

/**
 * A medium as keys of a part, over those it came from; `undefined` where Gemini cannot take it, which is reported. Only Vertex AI
 * takes a name, and the Gemini API refuses what it does not know, so that none is written where there was none.
 */
export const encode = (part: MediaPart, origin: Partial<Holder>, place: Place): JsonObject | undefined => {
  const source = fit(part)
  if (source === undefined || source.type === "text" || source.type === "parts") return drop(place, part, "meaning")
  loseSource(part, source, place)
  const isNamed = sourceOf(origin)?.title !== undefined
  if (part.title !== undefined && !isNamed) drop(fieldOf(place, part, "title"), part.title, "hint")
  const facts = present({ mimeType: source.mime, displayName: isNamed ? part.title : undefined })
  if (source.type === "base64") return { inlineData: { ...facts, data: source.data } }
  return { fileData: { ...facts, fileUri: source.type === "url" ? source.url : source.id } }
}

const levels: ReadonlyMap<string, string> = new Map([["low", "MEDIA_RESOLUTION_LOW"], ["medium", "MEDIA_RESOLUTION_MEDIUM"], ["high", "MEDIA_RESOLUTION_HIGH"]])

const detailOf = (level: Wire.Enum | null | undefined): string | undefined => {
  const word = typeof level === "string" ? level.toUpperCase() : undefined
  return word === undefined || word === "MEDIA_RESOLUTION_UNSPECIFIED" ? undefined : [...levels].find(([, known]) => known === word)?.[0] ?? word
}

/** How closely the model should look. `auto` is what is done without saying. */
export const detail: Fields.Field<MediaPart, Wire.Part, Crossing> = {
  of: ["detail"],
  keys: Keys.spelled("mediaResolution"),
  get: (wire) => present({ detail: detailOf(Keys.read(wire, "mediaResolution")?.level) }),
  put: (part, wire, place) => {
    const before = part.detail
    const level = before === undefined ? undefined : levels.get(before) ?? (before.startsWith("MEDIA_RESOLUTION_") ? before : undefined)
    if (before !== undefined && level === undefined) drop(fieldOf(place, part, "detail"), before, "hint")
    return { [Keys.nameIn(wire, "mediaResolution")]: level === undefined ? undefined : { level } }
  }
}

/** The bytes of a medium and its name: the fields that stand in one object. */
export const content: Fields.Field<MediaPart, Wire.Part, Crossing> = {
  of: ["type", "source", "title"],
  keys: Keys.spelled("inlineData", "fileData"),
  get: (wire) => decode(wire) ?? {},
  put: (part, wire, place) => {
    const written = encode(part, wire, place) ?? {}
    return Object.fromEntries(
      (["inlineData", "fileData"] as const).flatMap((key) =>
        written[key] !== undefined || Keys.read(wire, key) !== undefined ? [[Keys.nameIn(wire, key), written[key]] as const] : []
      )
    )
  }
}
