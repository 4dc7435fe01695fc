/**
 * Citations of text blocks and the canonical annotation. Only a citation that Anthropic issued can be written back: its kinds
 * carry document indexes and encrypted proofs that nobody else can make.
 */
import type { Annotation, Citation } from "@sluice/protocol/CanonicalAnnotation"
import { same } from "@sluice/protocol/Equality"
import { patched } from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { id } from "./Wire.ts"

const text = (value: Json | undefined): string | undefined => typeof value === "string" ? value : undefined

/** One citation in canonical words. Its offsets count the document, not the block's text, and stay in the native value. */
export const decode = (wire: JsonObject): Citation =>
  present({
    kind: "citation" as const,
    url: text(wire["url"]) ?? text(wire["source"]),
    title: text(wire["title"]) ?? text(wire["document_title"]),
    quote: text(wire["cited_text"]),
    native: { dialect: id, value: wire }
  })

const edits = (citation: Citation, wire: JsonObject): JsonObject =>
  patched(wire, {
    [Object.hasOwn(wire, "source") ? "source" : "url"]: citation.url,
    [Object.hasOwn(wire, "document_title") ? "document_title" : "title"]: citation.title,
    cited_text: citation.quote
  })

/** The wire value of an annotation; `undefined` where Anthropic has none for it. */
export const encode = (annotation: Annotation): JsonObject | undefined => {
  if (annotation.kind !== "citation" || annotation.native?.dialect !== id || !isObject(annotation.native.value)) return undefined
  const wire = annotation.native.value
  return same(decode(wire), annotation) ? wire : edits(annotation, wire)
}
