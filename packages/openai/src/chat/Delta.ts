/**
 * Reads what one chunk adds to a choice, in the many words of compatible providers, as a list of pieces in the order of a
 * message: thinking, content, refusal, sound. Tool calls need the state of the stream and are read by the decoder.
 */
import type { Sealed } from "@sluice/protocol/CanonicalPart"
import { present } from "@sluice/protocol/Json"
import { isObject, type Json } from "@sluice/protocol/Wire"
import { formOf } from "./Reasoning.ts"
import { id, type ReasoningDetail } from "./Wire.ts"
import type { Delta } from "./WireAnswer.ts"

/** Something a chunk says. `key` tells blocks of one kind apart: another key is another block. */
export interface Piece {
  readonly kind: "text" | "reasoning" | "refusal" | "media"
  readonly key: string
  readonly text: string
  readonly form?: "raw" | "summary"
  readonly signature?: Sealed
  readonly encrypted?: Sealed
  readonly data?: string
  readonly item?: { readonly id: string }
}

const nonEmpty = (value: Json | undefined): string | undefined => typeof value === "string" && value !== "" ? value : undefined

const sealed = (value: string | null | undefined): Sealed | undefined => value === undefined || value === null || value === "" ? undefined : { by: id, value }

const ofDetail = (detail: ReasoningDetail): ReadonlyArray<Piece> => {
  const text = detail.text ?? detail.summary ?? ""
  const signature = sealed(detail.signature)
  const encrypted = sealed(detail.data)
  if (text === "" && signature === undefined && encrypted === undefined) return []
  return [{
    kind: "reasoning",
    key: `${detail.type ?? ""}:${detail.index ?? 0}`,
    text,
    form: formOf(detail),
    ...present({ signature, encrypted })
  }]
}

const thinkingText = (thinking: Json | undefined): string =>
  Array.isArray(thinking)
    ? thinking.map((inner) => isObject(inner) && typeof inner["text"] === "string" ? inner["text"] : "").join("")
    : nonEmpty(thinking) ?? ""

/** Content as a list (Mistral): thinking and text parts. */
const ofBlock = (block: Json): ReadonlyArray<Piece> => {
  if (!isObject(block)) return []
  const text = block["type"] === "thinking" ? thinkingText(block["thinking"]) : nonEmpty(block["text"]) ?? ""
  return text === "" ? [] : [block["type"] === "thinking" ? { kind: "reasoning", key: "", text, form: "raw" } : { kind: "text", key: "", text }]
}

const ofContent = (content: Json | undefined): ReadonlyArray<Piece> => {
  if (typeof content === "string") return content === "" ? [] : [{ kind: "text", key: "", text: content }]
  if (Array.isArray(content)) return content.flatMap(ofBlock)
  // Structured output as an object.
  return isObject(content) ? [{ kind: "text", key: "", text: JSON.stringify(content) }] : []
}

const ofThinking = (delta: Delta): ReadonlyArray<Piece> => {
  const details = (delta.reasoning_details ?? []).flatMap(ofDetail)
  if (details.length > 0) return details
  const text = nonEmpty(delta.reasoning_content) ?? nonEmpty(delta.reasoning)
  return text === undefined ? [] : [{ kind: "reasoning", key: "", text, form: "raw" }]
}

const ofAudio = (delta: Delta): ReadonlyArray<Piece> => {
  const audio = delta.audio
  const data = nonEmpty(audio?.data)
  const transcript = nonEmpty(audio?.transcript)
  const item = nonEmpty(audio?.id)
  if (data === undefined && transcript === undefined && item === undefined) return []
  return [{ kind: "media", key: "", text: transcript ?? "", ...present({ data, item: item === undefined ? undefined : { id: item } }) }]
}

/** What a chunk says, in order. */
export const pieces = (delta: Delta): ReadonlyArray<Piece> => {
  const refusal = nonEmpty(delta.refusal)
  return [
    ...ofThinking(delta),
    ...ofContent(delta.content ?? undefined),
    ...(refusal === undefined ? [] : [{ kind: "refusal" as const, key: "", text: refusal }]),
    ...ofAudio(delta)
  ]
}

/** Whether a chunk says nothing new of a choice: no piece, no call, nothing said about it. */
export const isBlank = (delta: Delta): boolean =>
  pieces(delta).length === 0 && (delta.tool_calls ?? []).length === 0 && !isObject(delta.function_call) && (delta.annotations ?? []).length === 0
