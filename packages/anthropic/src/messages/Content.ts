/**
 * Content in its two surface forms, text and a list of blocks: of messages, of `system`, of tool results and of documents.
 * An unedited list gives back the same list, and text stays text as long as it can.
 */
import type { Part } from "@sluice/protocol/CanonicalPart"
import * as Pointer from "@sluice/protocol/Pointer"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { inside, type Place } from "./Crossing.ts"
import type { Block } from "./Wire.ts"

/** Reads and writes one part: what content of any place is made of. */
export interface PartCodec {
  readonly decode: (wire: Block | string, at: string) => Part
  readonly encode: (part: Part, place: Place) => JsonObject | undefined
}

/** Content as parts. */
export const decode = (content: string | ReadonlyArray<Block> | null | undefined, at: string, codec: PartCodec): ReadonlyArray<Part> => {
  if (content === undefined || content === null) return []
  return typeof content === "string" ? [codec.decode(content, at)] : content.map((block, index) => codec.decode(block, Pointer.child(at, index)))
}

/** The blocks of parts; `place` is the node that has the parts. */
export const blocks = (parts: ReadonlyArray<Part>, place: Place, codec: PartCodec): ReadonlyArray<JsonObject> =>
  parts.flatMap((part, index) => {
    const block = codec.encode(part, inside(place, part, "parts", index))
    return block === undefined ? [] : [block]
  })

const isPlain = (block: JsonObject): boolean => Object.keys(block).length === 2 && typeof block["text"] === "string"

/**
 * The content of parts over the content they replace: the same list when nothing changed, text where it was text and still
 * can be, else a list.
 */
export const encode = (parts: ReadonlyArray<Part>, origin: Json | undefined, place: Place, codec: PartCodec): Json => over(blocks(parts, place, codec), origin)

/** Blocks over the content they replace. */
export const over = (written: ReadonlyArray<JsonObject>, origin: Json | undefined): Json => {
  const [only] = written
  if (typeof origin === "string" && written.length === 1 && only !== undefined && isPlain(only)) return only["text"] ?? ""
  if (typeof origin === "string" && origin === "" && written.length === 0) return origin
  return Array.isArray(origin) && origin.length === written.length && written.every((block, index) => block === origin[index]) ? origin : written
}
