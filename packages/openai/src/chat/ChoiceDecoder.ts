/**
 * What one choice of an answer says, as events: content, calls, citations and log probabilities of a chunk's delta, or of a
 * whole message read as one delta, and the end of the choice. When a choice may end is decided in EventDecoder.ts.
 */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Finish as CanonicalFinish } from "@sluice/protocol/CanonicalFinish"
import { present } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Annotations from "./Annotations.ts"
import * as CallDecoder from "./CallDecoder.ts"
import { type Piece, pieces } from "./Delta.ts"
import * as Finish from "./Finish.ts"
import type { ChunkChoice, Delta, ToolCallDelta } from "./WireAnswer.ts"

interface OpenBlock {
  readonly kind: Piece["kind"]
  readonly key: string
  readonly index: number
}

/** A choice under way. */
export interface Choice extends CallDecoder.Calls {
  readonly open: OpenBlock | undefined
  /** The block of the sound, which stays open until the choice ends: a message has one. */
  readonly media: number | undefined
  /** The latest text block: what citations are about, even where it has ended. */
  readonly text: number | undefined
  /** The finish the provider stated, until it is told. */
  readonly stated: CanonicalFinish | undefined
  /** The model has refused, in words. */
  readonly refused: boolean
  readonly finished: boolean
}

/** A choice of which nothing was said yet. */
export const unseen: Choice = { calls: [], started: 0, open: undefined, media: undefined, text: undefined, stated: undefined, refused: false, finished: false }

const closeOpen = (choice: Choice, index: number, events: Array<CanonicalEvent>): Choice => {
  if (choice.open === undefined) return choice
  events.push({ type: "block-end", choice: index, index: choice.open.index })
  return { ...choice, open: undefined }
}

const addMedia = (choice: Choice, { data, item, text }: Piece, index: number, events: Array<CanonicalEvent>): Choice => {
  const block = choice.media ?? choice.started
  if (choice.media === undefined) events.push({ type: "block-start", choice: index, index: block, kind: "media", ...present({ item }) })
  if (data !== undefined || text !== "") {
    events.push({ type: "media-delta", choice: index, index: block, ...present({ data, transcript: text === "" ? undefined : text }) })
  }
  return choice.media === undefined ? { ...choice, media: block, started: choice.started + 1 } : choice
}

const addPiece = (choice: Choice, piece: Piece, index: number, events: Array<CanonicalEvent>): Choice => {
  if (piece.kind === "media") return addMedia(choice, piece, index, events)
  let current = choice
  if (choice.open?.kind !== piece.kind || choice.open.key !== piece.key) {
    current = closeOpen(choice, index, events)
    const open = { kind: piece.kind, key: piece.key, index: current.started }
    events.push({ type: "block-start", choice: index, index: open.index, kind: piece.kind, ...present({ form: piece.form }) })
    current = {
      ...current,
      open,
      started: current.started + 1,
      text: piece.kind === "text" ? open.index : current.text,
      refused: current.refused || piece.kind === "refusal"
    }
  }
  const at = { choice: index, index: current.open?.index ?? 0 }
  if (piece.text !== "") events.push({ type: piece.kind === "reasoning" ? "reasoning-delta" : "text-delta", ...at, text: piece.text })
  if (piece.signature !== undefined) events.push({ type: "signature", ...at, signature: piece.signature })
  if (piece.encrypted !== undefined) events.push({ type: "encrypted", ...at, encrypted: piece.encrypted })
  return current
}

const addCalls = (choice: Choice, delta: Delta, index: number, events: Array<CanonicalEvent>): Choice => {
  let current = choice
  const close = (): void => {
    current = closeOpen(current, index, events)
  }
  const add = (call: ToolCallDelta): void => {
    const next = CallDecoder.step(current, call, index, events, close)
    if (next !== current) current = { ...current, calls: next.calls, started: next.started }
  }
  for (const call of delta.tool_calls ?? []) add(call)
  const legacy = delta.function_call
  if (isObject(legacy)) {
    // A deprecated function call has no id: its name serves, as in requests.
    const call = { index: 0, function: legacy, ...(typeof legacy.name === "string" && legacy.name !== "" ? { id: `call_${legacy.name}` } : {}) }
    add(call)
  }
  return current
}

/** Adds what a chunk says of a choice; the very same choice where it only continues an open block. */
export const addChoice = (choice: Choice, wire: ChunkChoice, index: number, events: Array<CanonicalEvent>): Choice => {
  let current = choice
  const delta = wire.delta
  if (isObject(delta)) {
    for (const piece of pieces(delta)) current = addPiece(current, piece, index, events)
    for (const annotation of delta.annotations ?? []) {
      const at = current.text === undefined ? { choice: index } : { choice: index, index: current.text }
      events.push({ type: "annotation", ...at, annotation: Annotations.decodeAnnotation(annotation) })
    }
    if (isObject(delta.function_call) || (delta.tool_calls !== undefined && delta.tool_calls !== null)) current = addCalls(current, delta, index, events)
  }
  if (isObject(wire.logprobs)) {
    for (const annotation of Annotations.decodeLogprobs(wire.logprobs)) events.push({ type: "annotation", choice: index, annotation })
  }
  return current
}

/** Closes a choice of the answer with this id: its calls get what they lack, its blocks end, its finish is told. */
export const finishChoice = (
  choice: Choice,
  index: number,
  finish: CanonicalFinish,
  events: Array<CanonicalEvent>,
  answer: string | undefined
): Choice => {
  let current = choice
  const close = (): void => {
    current = closeOpen(current, index, events)
  }
  const { calls } = CallDecoder.finish(current, answer, index, events, close)
  close()
  if (current.media !== undefined) events.push({ type: "block-end", choice: index, index: current.media })
  for (const { block } of calls) if (block !== undefined) events.push({ type: "block-end", choice: index, index: block })
  events.push({ type: "finish", choice: index, ...Finish.settled(finish, { calls: calls.length > 0, refusal: choice.refused }) })
  return { ...unseen, calls: [], finished: true }
}

/** Usage of a chunk, wherever its provider puts it: on top, in `x_groq` (Groq), in the choice (Moonshot). */
export const usageOf = (wire: JsonObject): Json | undefined => {
  if (isObject(wire["usage"])) return wire["usage"]
  const groq = wire["x_groq"]
  if (isObject(groq) && isObject(groq["usage"])) return groq["usage"]
  const choices = wire["choices"]
  const first = Array.isArray(choices) ? choices[0] : undefined
  return isObject(first) && isObject(first["usage"]) ? first["usage"] : undefined
}

/** Text that says something. */
export const nonEmpty = (value: Json | undefined): string | undefined => typeof value === "string" && value !== "" ? value : undefined

/** The facts of the answer's beginning. */
export const startOf = (wire: JsonObject): CanonicalEvent => ({
  type: "start",
  ...present({
    id: nonEmpty(wire["id"]),
    model: nonEmpty(wire["model"]),
    created: typeof wire["created"] === "number" ? wire["created"] : undefined
  })
})
