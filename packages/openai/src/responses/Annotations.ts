/**
 * What is said about text: citations of pages and files, and log probabilities.
 */
import type { Annotation, TokenLogprob } from "@sluice/protocol/CanonicalAnnotation"
import { present } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { decodeLogprobs, encodeTokens } from "../chat/Annotations.ts"
import { id } from "./Wire.ts"

const text = (value: Json | undefined): string | undefined => typeof value === "string" ? value : undefined
const number = (value: Json | undefined): number | undefined => typeof value === "number" ? value : undefined

/** An entry of a text's `annotations`. */
export const decode = (wire: JsonObject): Annotation => ({
  kind: "citation",
  ...present({
    url: text(wire["url"]),
    title: text(wire["title"]) ?? text(wire["filename"]),
    start: number(wire["start_index"]),
    end: number(wire["end_index"])
  }),
  native: { dialect: id, value: wire }
})

/** A citation as an entry of `annotations`; `undefined` for what has no place there. */
export const encode = (annotation: Annotation): JsonObject | undefined => {
  if (annotation.kind !== "citation") return undefined
  const { end, native, start, title, url } = annotation
  if (native?.dialect === id && isObject(native.value)) return native.value
  return url === undefined ? undefined : { type: "url_citation", start_index: start ?? 0, end_index: end ?? 0, url, title: title ?? url }
}

/** Log probabilities of a text; `undefined` where there are none. */
export const logprobsOf = (tokens: Json | undefined): Annotation | undefined => decodeLogprobs({ content: tokens ?? null })[0]

/** Log probabilities in this dialect's words, in which a token without bytes has none. */
export const encodeLogprobs = (tokens: ReadonlyArray<TokenLogprob>): ReadonlyArray<JsonObject> => {
  const withBytes = (value: JsonObject): JsonObject => ({ ...value, bytes: value["bytes"] ?? [] })
  return encodeTokens(tokens).map((token) => {
    const top = token["top_logprobs"]
    return { ...withBytes(token), top_logprobs: Array.isArray(top) ? top.filter(isObject).map(withBytes) : [] }
  })
}
