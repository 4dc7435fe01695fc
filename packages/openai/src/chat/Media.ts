/**
 * Where the bytes of images, sounds and documents are: the URLs, data URLs and base64 texts of content parts, to and from
 * canonical sources. Nothing is fetched or decoded.
 */
import type { MediaPart, Source } from "@sluice/protocol/CanonicalPart"
import { present } from "@sluice/protocol/Json"
import { id } from "./Wire.ts"

/** A URL as a source: `data:` URLs hold the bytes themselves. */
export const fromUrl = (url: string): Source => {
  const comma = url.startsWith("data:") ? url.indexOf(",") : -1
  const head = url.slice(5, comma)
  if (comma === -1 || !head.endsWith(";base64")) return { type: "url", url }
  const mime = head.slice(0, -7)
  return { type: "base64", data: url.slice(comma + 1), ...(mime === "" ? {} : { mime }) }
}

/** `file_data`: a data URL, a URL (OpenRouter) or bare base64. */
export const fromFileData = (data: string): Source => /^(data|https?):/i.test(data) ? fromUrl(data) : { type: "base64", data }

/** A source as one URL; `undefined` where no URL can say it. */
export const toUrl = (source: Source, fallbackMime: string): string | undefined => {
  switch (source.type) {
    case "base64":
      return `data:${source.mime ?? fallbackMime};base64,${source.data}`
    case "url":
      return source.url
    default:
      return undefined
  }
}

/** The id of a file kept by OpenAI; ids of other providers mean nothing here. */
export const fileId = (source: Source): string | undefined => source.type === "file" && source.provider === id ? source.id : undefined

const mimes: ReadonlyMap<string, string> = new Map([["mp3", "audio/mpeg"], ["wav", "audio/wav"]])

/** A sound in the words of `input_audio`. */
export const fromAudio = (data: string, format: string | null | undefined): Extract<Source, { readonly type: "base64" }> => ({
  type: "base64",
  data,
  ...present({ mime: format === undefined || format === null ? undefined : mimes.get(format) ?? `audio/${format}` })
})

/** The `format` of a sound; `undefined` where `input_audio` knows none. Official formats are wav and mp3; others only inside the dialect. */
export const audioFormat = (source: Source, own: boolean): string | undefined => {
  if (source.type !== "base64") return undefined
  switch (source.mime) {
    case "audio/wav":
    case "audio/x-wav":
    case "audio/wave":
      return "wav"
    case "audio/mpeg":
    case "audio/mp3":
      return "mp3"
    default:
      return own && source.mime?.startsWith("audio/") === true ? source.mime.slice(6) : undefined
  }
}

/** The text of a document that is text, or whose parts are; `undefined` where the document is something else. */
export const documentText = (part: MediaPart): string | undefined => {
  if (part.source.type === "text") return part.source.text
  if (part.source.type !== "parts") return undefined
  const texts = part.source.parts.map((inner) => inner.type === "text" ? inner.text : undefined)
  return texts.includes(undefined) ? undefined : texts.join("\n")
}
