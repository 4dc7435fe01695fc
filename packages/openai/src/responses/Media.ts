/**
 * Where the bytes of images and files are: the URLs, data URLs, base64 texts and file ids of content parts, to and from
 * canonical sources. Nothing is fetched or decoded.
 */
import type { Source } from "@sluice/protocol/CanonicalPart"
import { documentText, fromFileData, fromUrl, toUrl } from "../chat/Media.ts"
import { id } from "./Wire.ts"

export { documentText, toUrl }

/** The keys under which content says where its bytes are. */
export interface Told {
  readonly image_url?: string | null
  readonly file_url?: string | null
  readonly file_data?: string | null
  readonly file_id?: string | null
}

/** Where the content of a part is; empty base64 where it does not say. */
export const sourceOf = (told: Told): Source => {
  if (typeof told.file_id === "string") return { type: "file", provider: id, id: told.file_id }
  const url = told.image_url ?? told.file_url
  return typeof url === "string" ? fromUrl(url) : fromFileData(told.file_data ?? "")
}

/** The id of a file kept by OpenAI; ids of other providers mean nothing here. */
export const fileId = (source: Source): string | undefined => source.type === "file" && source.provider === id ? source.id : undefined

/** The base64 data of a picture as image generation answers with it, with the type its `output_format` says. */
export const pictureOf = (data: string, format: unknown): Extract<Source, { readonly type: "base64" }> => ({
  type: "base64",
  data,
  mime: `image/${typeof format === "string" && format !== "" ? format : "png"}`
})
