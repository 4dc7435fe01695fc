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

const nonEmpty = (value: Json | null | undefined): string | undefined => typeof value === "string" && value !== "" ? value : undefined

const sealed = (value: string | null | undefined): Sealed | undefined => value === undefined || value === null || value === "" ? undefined : { by: id, value }

const addDetail = (detail: ReasoningDetail, into: Array<Piece>): void => {
  const text = detail.text ?? detail.summary ?? ""
  const signature = sealed(detail.signature)
  const encrypted = sealed(detail.data)
  if (text === "" && signature === undefined && encrypted === undefined) return
  into.push({
    kind: "reasoning",
    key: `${detail.type ?? ""}:${detail.index ?? 0}`,
    text,
    form: formOf(detail),
    ...present({ signature, encrypted })
  })
}

const addThinking = (delta: Delta, into: Array<Piece>): void => {
  for (const detail of delta.reasoning_details ?? []) addDetail(detail, into)
  if (into.length > 0) return
  const text = nonEmpty(delta.reasoning_content) ?? nonEmpty(delta.reasoning)
  if (text !== undefined) into.push({ kind: "reasoning", key: "", text, form: "raw" })
}

const thinkingText = (thinking: Json | undefined): string =>
  Array.isArray(thinking)
    ? thinking.map((inner) => isObject(inner) && typeof inner["text"] === "string" ? inner["text"] : "").join("")
    : nonEmpty(thinking) ?? ""

/** A part of content as a list (Mistral): thinking or text. */
const addBlock = (block: Json, into: Array<Piece>): void => {
  if (!isObject(block)) return
  const isThinking = block["type"] === "thinking"
  const text = isThinking ? thinkingText(block["thinking"]) : nonEmpty(block["text"]) ?? ""
  if (text !== "") into.push(isThinking ? { kind: "reasoning", key: "", text, form: "raw" } : { kind: "text", key: "", text })
}

const addContent = (content: Json | null | undefined, into: Array<Piece>): void => {
  if (typeof content === "string") {
    if (content !== "") into.push({ kind: "text", key: "", text: content })
  } else if (Array.isArray(content)) {
    for (const block of content) addBlock(block, into)
  } else if (isObject(content)) into.push({ kind: "text", key: "", text: JSON.stringify(content) }) // structured output as an object
}

const addAudio = (audio: NonNullable<Delta["audio"]>, into: Array<Piece>): void => {
  const data = nonEmpty(audio.data)
  const transcript = nonEmpty(audio.transcript)
  const item = nonEmpty(audio.id)
  if (data === undefined && transcript === undefined && item === undefined) return
  into.push({ kind: "media", key: "", text: transcript ?? "", ...present({ data, item: item === undefined ? undefined : { id: item } }) })
}

/** What a chunk says, in order. */
export const pieces = (delta: Delta): ReadonlyArray<Piece> => {
  const found: Array<Piece> = []
  addThinking(delta, found)
  addContent(delta.content, found)
  const refusal = nonEmpty(delta.refusal)
  if (refusal !== undefined) found.push({ kind: "refusal", key: "", text: refusal })
  if (isObject(delta.audio)) addAudio(delta.audio, found)
  return found
}

/** Whether a chunk says nothing new of a choice: no piece, no call, nothing said about it. */
export const isBlank = (delta: Delta): boolean =>
  pieces(delta).length === 0 && (delta.tool_calls ?? []).length === 0 && !isObject(delta.function_call) && (delta.annotations ?? []).length === 0
