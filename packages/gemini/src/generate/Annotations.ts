/**
 * What answers say beside their content: citations, grounding, log probabilities, safety ratings. Gemini's offsets count bytes of
 * an answer that a stream does not keep, so that citations have the quoted words and, inside the dialect, the native value.
 */
import type { Annotation, Citation, Logprobs, NativeAnnotation, TokenLogprob } from "@sluice/protocol/CanonicalAnnotation"
import { present } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { type Candidate, id } from "./Wire.ts"

const text = (value: Json | undefined): string | undefined => typeof value === "string" && value !== "" ? value : undefined

const objects = (value: Json | undefined): ReadonlyArray<JsonObject> => Array.isArray(value) ? value.filter(isObject) : []

const cited = (citation: JsonObject): Citation =>
  present({ kind: "citation" as const, url: text(citation["uri"]), title: text(citation["title"]), native: { dialect: id, value: citation } })

/** One citation for every support that rests on a source with an address. */
const grounded = (grounding: JsonObject): ReadonlyArray<Citation> => {
  const chunks = Array.isArray(grounding["groundingChunks"]) ? grounding["groundingChunks"] : []
  return objects(grounding["groundingSupports"]).flatMap((support) => {
    const segment = isObject(support["segment"]) ? support["segment"] : {}
    const indices = Array.isArray(support["groundingChunkIndices"]) ? support["groundingChunkIndices"] : []
    return indices.flatMap((index: Json): ReadonlyArray<Citation> => {
      const chunk = typeof index === "number" ? chunks[index] : undefined
      const source = isObject(chunk) ? Object.values(chunk).find(isObject) : undefined
      const url = text(source?.["uri"])
      return url === undefined ? [] : [present({ kind: "citation" as const, url, title: text(source?.["title"]), quote: text(segment["text"]) })]
    })
  })
}

const decodeToken = (wire: JsonObject): TokenLogprob => ({
  token: text(wire["token"]) ?? "",
  logprob: typeof wire["logProbability"] === "number" ? wire["logProbability"] : 0
})

const decodeLogprobs = (wire: JsonObject): ReadonlyArray<Logprobs> => {
  const top = objects(wire["topCandidates"])
  const tokens = objects(wire["chosenCandidates"]).map((token, index): TokenLogprob => {
    const others = top[index]
    return { ...decodeToken(token), ...(others === undefined ? {} : { top: objects(others["candidates"]).map(decodeToken) }) }
  })
  return tokens.length === 0 ? [] : [{ kind: "logprobs", of: "text", tokens }]
}

/** What is said about the text of a candidate. */
export const citationsOf = (wire: Candidate): ReadonlyArray<Citation> => [
  ...objects(wire.citationMetadata?.["citationSources"] ?? wire.citationMetadata?.["citations"]).map(cited),
  ...(isObject(wire.groundingMetadata) ? grounded(wire.groundingMetadata) : [])
]

const native = (kind: NativeAnnotation["kind"], name: string, value: Json | null | undefined): ReadonlyArray<Annotation> =>
  value === undefined || value === null || (isObject(value) && Object.keys(value).length === 0) ? [] : [{ kind, dialect: id, name, value }]

/** What is said about a candidate as a whole. */
export const aboutCandidate = (wire: Candidate): ReadonlyArray<Annotation> => [
  ...native("grounding", "groundingMetadata", wire.groundingMetadata),
  ...native("grounding", "urlContextMetadata", wire.urlContextMetadata),
  ...native("safety", "safetyRatings", wire.safetyRatings),
  ...(isObject(wire.logprobsResult) ? decodeLogprobs(wire.logprobsResult) : [])
]

/** The ratings of the prompt, which belong to no candidate. */
export const aboutPrompt = (ratings: ReadonlyArray<Json> | null | undefined): ReadonlyArray<Annotation> =>
  native("safety", "promptFeedback", ratings === undefined || ratings === null ? undefined : { safetyRatings: ratings })

/** The keys of a candidate that say annotations; later ones of a kind replace earlier ones, citations and tokens are added. */
export interface Keys {
  readonly [key: string]: Json
}

const sources = (keys: Keys): ReadonlyArray<Json> => {
  const metadata = keys["citationMetadata"]
  const list = isObject(metadata) ? metadata["citationSources"] : undefined
  return Array.isArray(list) ? list : []
}

const encodeToken = ({ logprob, token }: TokenLogprob): JsonObject => ({ token, logProbability: logprob })

const tokensIn = (keys: Keys, name: string): ReadonlyArray<Json> => {
  const result = keys["logprobsResult"]
  const list = isObject(result) ? result[name] : undefined
  return Array.isArray(list) ? list : []
}

/** The keys with one annotation more; the same keys where Gemini cannot say it. */
export const add = (keys: Keys, annotation: Annotation): Keys => {
  switch (annotation.kind) {
    case "citation": {
      const own = annotation.native?.dialect === id && isObject(annotation.native.value) ? annotation.native.value : undefined
      if (own === undefined && annotation.url === undefined) return keys
      return { ...keys, citationMetadata: { citationSources: [...sources(keys), own ?? { uri: annotation.url ?? "" }] } }
    }
    case "logprobs":
      return {
        ...keys,
        logprobsResult: {
          chosenCandidates: [...tokensIn(keys, "chosenCandidates"), ...annotation.tokens.map(encodeToken)],
          topCandidates: [...tokensIn(keys, "topCandidates"), ...annotation.tokens.map(({ top }) => ({ candidates: (top ?? []).map(encodeToken) }))]
        }
      }
    default:
      return annotation.dialect === id ? { ...keys, [annotation.name]: annotation.value } : keys
  }
}
