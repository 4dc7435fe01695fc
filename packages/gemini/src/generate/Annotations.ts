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

/** Whether an annotation is what a whole answer can say: the ratings of its prompt. */
export const isAboutPrompt = (annotation: Annotation): boolean => annotation.kind === "safety" && annotation.name === "promptFeedback"

const encodeToken = ({ logprob, token }: TokenLogprob): JsonObject => ({ token, logProbability: logprob })

const sourceOf = (citation: Citation): JsonObject | undefined => {
  if (citation.native?.dialect === id && isObject(citation.native.value)) return citation.native.value
  return citation.url === undefined ? undefined : { uri: citation.url }
}

/** Whether Gemini has a word for an annotation. */
export const isSayable = (annotation: Annotation): boolean => {
  switch (annotation.kind) {
    case "citation":
      return sourceOf(annotation) !== undefined
    case "logprobs":
      return annotation.of === "text"
    default:
      return annotation.dialect === id
  }
}

/** The keys of a candidate that say annotations; of native ones the last of a name stands. */
export const encode = (annotations: ReadonlyArray<Annotation>): JsonObject => {
  const sources = annotations.flatMap((annotation) => annotation.kind === "citation" ? [sourceOf(annotation) ?? {}] : [])
  const tokens = annotations.flatMap((annotation) => annotation.kind === "logprobs" ? annotation.tokens : [])
  return {
    ...(sources.length === 0 ? {} : { citationMetadata: { citationSources: sources } }),
    ...(tokens.length === 0
      ? {}
      : {
        logprobsResult: { chosenCandidates: tokens.map(encodeToken), topCandidates: tokens.map(({ top }) => ({ candidates: (top ?? []).map(encodeToken) })) }
      }),
    ...Object.fromEntries(
      annotations.flatMap((annotation) =>
        annotation.kind === "citation" || annotation.kind === "logprobs" ? [] : [[annotation.name, annotation.value] as const]
      )
    )
  }
}
