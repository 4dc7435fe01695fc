/**
 * What answers say beside their content: citations, log probabilities, and the source lists of search providers.
 */
import type { Annotation, Citation, Logprobs, TokenLogprob } from "@sluice/protocol/CanonicalAnnotation"
import { present } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { id } from "./Wire.ts"

const text = (value: Json | undefined): string | undefined => typeof value === "string" ? value : undefined
const number = (value: Json | undefined): number | undefined => typeof value === "number" ? value : undefined

/** An entry of a message's `annotations`. */
export const decodeAnnotation = (wire: JsonObject): Annotation => {
  const citation = wire["url_citation"]
  if (!isObject(citation)) return { kind: "other", dialect: id, name: "annotations", value: wire }
  return {
    kind: "citation",
    ...present({
      url: text(citation["url"]),
      title: text(citation["title"]),
      quote: text(citation["content"]),
      start: number(citation["start_index"]),
      end: number(citation["end_index"])
    }),
    native: { dialect: id, value: wire }
  }
}

/** A citation as an entry of `annotations`; `undefined` where it has no URL, because nothing else can be cited here. */
export const encodeCitation = (citation: Citation): JsonObject | undefined => {
  if (citation.native?.dialect === id && isObject(citation.native.value)) return citation.native.value
  return citation.url === undefined ? undefined : {
    type: "url_citation",
    url_citation: { start_index: citation.start ?? 0, end_index: citation.end ?? 0, url: citation.url, title: citation.title ?? citation.url }
  }
}

const bytesOf = (value: Json | undefined): { readonly bytes?: ReadonlyArray<number> | null } =>
  value === null ? { bytes: null } : Array.isArray(value) ? { bytes: value.filter((byte) => typeof byte === "number") } : {}

const decodeToken = (wire: Json): TokenLogprob => {
  const token = isObject(wire) ? wire : {}
  return { token: text(token["token"]) ?? "", logprob: number(token["logprob"]) ?? 0, ...bytesOf(token["bytes"]) }
}

const decodeTokens = (wire: ReadonlyArray<Json>): ReadonlyArray<TokenLogprob> =>
  wire.map((entry) => {
    const top = isObject(entry) ? entry["top_logprobs"] : undefined
    return { ...decodeToken(entry), ...(Array.isArray(top) ? { top: top.map(decodeToken) } : {}) }
  })

/** The `logprobs` of a choice: of its text and of its refusal. */
export const decodeLogprobs = (wire: Json | undefined): ReadonlyArray<Logprobs> => {
  if (!isObject(wire)) return []
  const { content, refusal } = wire
  return [
    ...(Array.isArray(content) && content.length > 0 ? [{ kind: "logprobs" as const, of: "text" as const, tokens: decodeTokens(content) }] : []),
    ...(Array.isArray(refusal) && refusal.length > 0 ? [{ kind: "logprobs" as const, of: "refusal" as const, tokens: decodeTokens(refusal) }] : [])
  ]
}

const encodeToken = ({ token, logprob, bytes }: TokenLogprob): { readonly [key: string]: Json } => ({ token, logprob, bytes: bytes ?? null })

/** Log probabilities of tokens as a list of `logprobs`. */
export const encodeTokens = (tokens: ReadonlyArray<TokenLogprob>): ReadonlyArray<JsonObject> =>
  tokens.map((token) => ({ ...encodeToken(token), top_logprobs: (token.top ?? []).map(encodeToken) }))

/** Sources on the top level of an answer (Perplexity): `search_results` with titles, else `citations`. */
export const decodeSources = (wire: JsonObject): ReadonlyArray<Annotation> => {
  const { citations, search_results: results } = wire
  if (Array.isArray(results)) {
    return results.flatMap((result): ReadonlyArray<Annotation> =>
      isObject(result) && typeof result["url"] === "string"
        ? [{ kind: "citation", url: result["url"], ...present({ title: text(result["title"]), quote: text(result["snippet"]) }) }]
        : []
    )
  }
  return Array.isArray(citations) ? citations.flatMap((url): ReadonlyArray<Annotation> => typeof url === "string" ? [{ kind: "citation", url }] : []) : []
}
