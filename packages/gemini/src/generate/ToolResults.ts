/**
 * `functionResponse` and the canonical results of tools. Gemini's answer of a function is an object: text stands in it under
 * `output`, an error under `error` (documentation of FunctionResponse.response); media stand beside it.
 */
import type { MediaPart, Part, ToolResultPart } from "@sluice/protocol/CanonicalPart"
import { bare, same } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { type Crossing, drop, fitName, inside, isOwn, type Place } from "./Crossing.ts"
import * as Keys from "./Keys.ts"
import * as Media from "./Media.ts"
import * as Wire from "./Wire.ts"

interface Said {
  readonly parts: ReadonlyArray<Part>
  readonly isError: boolean
}

const isMedia = (part: Part): part is MediaPart => part.type === "image" || part.type === "document" || part.type === "audio" || part.type === "video"

const valueOf = (value: Json): ReadonlyArray<Part> => typeof value === "string" ? [{ type: "text", text: value }] : [{ type: "json", value }]

/** What a response says: text alone under one of the usual keys is text, anything else is JSON. */
const decodeResponse = (response: JsonObject): Said => {
  const [[key, value] = ["", null], ...others] = Object.entries(response)
  if (key === "" && others.length === 0) return { parts: [], isError: false }
  if (others.length === 0 && key === "error") return { parts: valueOf(value), isError: true }
  const isText = others.length === 0 && (key === "output" || key === "result") && typeof value === "string"
  return { parts: isText ? valueOf(value) : [{ type: "json", value: response }], isError: false }
}

const decodeMedia = (wire: Partial<Wire.FunctionResponse>, at: string): ReadonlyArray<Part> =>
  (Keys.read(wire, "parts") ?? []).map((part, index): Part => {
    const place = Pointer.child(at, "parts", index)
    const value = Wire.asJson(part)
    const node = { wire: { dialect: Wire.id, value }, at: place }
    const media = Media.decode(part)
    return media === undefined ? { type: "foreign", dialect: Wire.id, name: "part", value, ...node } : { ...media, ...node }
  })

const decodeSaid = (wire: Partial<Wire.FunctionResponse>, at: string): Said => {
  const response = Keys.read(wire, "response")
  const said = response === undefined ? { parts: [], isError: false } : decodeResponse(response)
  return { ...said, parts: [...said.parts, ...decodeMedia(wire, at)] }
}

/** Runs of plain text are one text, and empty text says nothing: what does not change the meaning of a result. */
const normal = (parts: ReadonlyArray<Part>): ReadonlyArray<unknown> =>
  parts.reduce<ReadonlyArray<Part>>((joined, part) => {
    const last = joined.at(-1)
    if (part.type === "text" && part.text === "") return joined
    return last?.type === "text" && part.type === "text" ? [...joined.slice(0, -1), { type: "text", text: last.text + part.text }] : [...joined, part]
  }, []).map(bare)

const textOf = (part: Part): string => part.type === "text" || part.type === "refusal" ? part.text : part.type === "json" ? JSON.stringify(part.value) : ""

/** The object that says what a tool answered in words. */
const encodeResponse = (parts: ReadonlyArray<Part>, isError: boolean): JsonObject => {
  const [only, second] = parts
  if (second === undefined && only?.type === "json" && (isError || isObject(only.value))) {
    return isError || !isObject(only.value)
      ? { error: only.value }
      : only.value
  }
  const text = parts.map(textOf).join("")
  if (isError) return { error: text }
  return parts.length === 0 ? {} : { output: text }
}

const encodeMedia = (part: MediaPart, place: Place): ReadonlyArray<JsonObject> => {
  const origin = part.wire?.dialect === Wire.id && isObject(part.wire.value) ? part.wire.value : undefined
  if (origin !== undefined && same(Media.decode(origin), part)) return [origin]
  Fields.loseRest<MediaPart, object, Crossing>([], part, new Set(["type", "source", "title"]), place, () => "hint", origin !== undefined)
  const written = Media.encode(part, origin ?? {}, place)
  return written === undefined ? [] : [written]
}

/** Whether a part of a result can be said at all. */
const isSayable = (part: Part): boolean => part.type === "text" || part.type === "refusal" || part.type === "json" || isMedia(part)

const contentField: Fields.Field<ToolResultPart, Wire.FunctionResponse, Crossing> = {
  of: ["parts", "isError"],
  keys: ["response", "parts"],
  get: (wire, at) => {
    const { isError, parts } = decodeSaid(wire, at)
    return present({ parts, isError: isError ? true : undefined })
  },
  put: (part, wire, place) => {
    const media: Array<JsonObject> = []
    const words: Array<Part> = []
    for (const [index, inner] of part.parts.entries()) {
      const here = inside(place, inner, "parts", index)
      if (isMedia(inner)) media.push(...encodeMedia(inner, here))
      else if (inner.type === "foreign" && inner.dialect === Wire.id && isObject(inner.value)) media.push(inner.value)
      else if (!isSayable(inner)) drop(here, inner, "meaning")
      else {
        if (inner.cache !== undefined) drop(inside(here, undefined, "cache"), inner.cache, "hint")
        words.push(inner)
      }
    }
    const response = encodeResponse(words, part.isError === true)
    const after = decodeResponse(response)
    const read: ReadonlyArray<Part> = [...after.parts, ...part.parts.filter(isMedia)]
    const meant = part.parts.filter(isSayable).map((inner) => inner.type === "text" ? { type: "text" as const, text: inner.text } : inner)
    if (!same(normal(read), normal(meant))) loseWords(part, after.parts, place)
    return {
      ...(same(response, Keys.read(wire, "response")) ? {} : { response }),
      ...(media.length === 0 && Keys.read(wire, "parts") === undefined ? {} : { parts: media.length === 0 ? undefined : media })
    }
  }
}

/** What the other side reads of a result whose words had to be told otherwise: words first, then the media. */
const loseWords = (part: ToolResultPart, words: ReadonlyArray<Part>, place: Place): void => {
  const after = [...words, ...part.parts.filter(isMedia).map((inner) => isOwn(inner) ? inner : present({ ...inner, cache: undefined }))]
  Fields.lose(place, part, "parts", { reason: "approximated", weight: "hint", before: bare(part.parts), after: bare(after) })
}

/** The name a function response must have: its own, else that of the call it answers. */
const nameOf = (part: ToolResultPart, place: Place): string => {
  const name = part.name ?? place.context.calls.get(part.id)
  if (name === undefined) {
    Fields.lose(place, part, "name", { reason: "defaulted", weight: "hint", after: "tool" })
    return "tool"
  }
  const fit = fitName(name, place.context)
  if (part.name !== undefined && fit !== part.name) Fields.lose(place, part, "name", { reason: "renamed", weight: "hint", before: part.name, after: fit })
  return fit
}

/** The fields of a `functionResponse`. An id that is not there was made by the decoder and stays away. */
export const fields: Fields.Fields<ToolResultPart, Wire.FunctionResponse, Crossing> = [
  {
    of: ["id", "name"],
    keys: ["id", "name"],
    get: (wire) => present({ id: wire.id || undefined, name: wire.name || undefined }),
    put: (part, wire, place) => {
      if (Object.keys(wire).length === 0) return { id: part.id, name: nameOf(part, place) }
      return { ...((wire.id ?? "") === "" ? {} : { id: part.id }), ...(part.name === (wire.name || undefined) ? {} : { name: part.name }) }
    }
  },
  contentField
]
