/** What a block of an answer holds between its start and its end, planned ahead so that its pieces make sense together. */
import type { BlockKind, BlockStartEvent, CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import * as Collect from "@sluice/protocol/Collect"
import { present } from "@sluice/protocol/Json"
import type { Draw } from "./Draw.ts"
import * as JsonValues from "./JsonValues.ts"
import * as Parts from "./Parts.ts"
import * as Texts from "./Texts.ts"
import type { Vocabulary } from "./Vocabulary.ts"

/** Place of a block. */
export interface At {
  readonly choice: number
  readonly index: number
}

/** A block about to start and the events that will follow, its end included. */
export interface Plan {
  readonly start: BlockStartEvent
  readonly rest: ReadonlyArray<CanonicalEvent>
}

const deltas = (draw: Draw, type: "text-delta" | "reasoning-delta" | "tool-arguments-delta", at: At, text: string): ReadonlyArray<CanonicalEvent> =>
  Texts.pieces(draw, text).map((piece) => ({ type, ...at, text: piece }))

const mediaDeltas = (draw: Draw, at: At): ReadonlyArray<CanonicalEvent> => {
  const mime = draw.pick(["audio/wav", "image/png", "video/mp4"])
  return draw.list(1, 3, () => ({
    type: "media-delta" as const,
    ...at,
    mime,
    ...present({ data: draw.pick(["AAAA", "BBBB"]), transcript: mime === "audio/wav" ? draw.maybe(50, () => Texts.text(draw)) : undefined })
  }))
}

const inside = (draw: Draw, kind: BlockKind, isCustom: boolean, at: At, vocabulary: Vocabulary): ReadonlyArray<CanonicalEvent> => {
  switch (kind) {
    case "text":
      return deltas(draw, "text-delta", at, Texts.anyText(draw))
    case "refusal":
      return deltas(draw, "text-delta", at, Texts.text(draw))
    case "reasoning":
      if (vocabulary.seals && draw.chance(15)) return [{ type: "encrypted", ...at, encrypted: Parts.seal(draw, vocabulary) }]
      return [
        ...deltas(draw, "reasoning-delta", at, Texts.text(draw)),
        ...(vocabulary.seals && draw.chance(60) ? [{ type: "signature" as const, ...at, signature: Parts.seal(draw, vocabulary) }] : [])
      ]
    case "tool-call":
      return deltas(draw, "tool-arguments-delta", at, isCustom ? Texts.text(draw) : JsonValues.callArguments(draw))
    case "media":
      return mediaDeltas(draw, at)
    default:
      return []
  }
}

const kinds = ["text", "text", "text", "tool-call", "tool-call", "tool-call", "reasoning", "reasoning", "refusal", "media", "own"] as const

/** Plans a block that starts at this place. */
export const plan = (draw: Draw, at: At, vocabulary: Vocabulary): Plan => {
  const drawn = draw.pick(kinds)
  const own = drawn === "own" ? vocabulary.blocks[draw.below(vocabulary.blocks.length)] : undefined
  const kind: BlockKind = own?.kind ?? (drawn === "own" ? "text" : drawn)
  const isCustom = kind === "tool-call" && draw.chance(8)
  const start: BlockStartEvent = {
    type: "block-start",
    ...at,
    kind,
    ...(kind === "tool-call" ? { call: { kind: isCustom ? "custom" : "function", id: Texts.callId(draw), name: Texts.toolName(draw) } } : {}),
    ...(kind === "reasoning" ? { form: draw.chance(15) ? "summary" as const : "raw" as const } : {}),
    ...(own?.native === undefined ? {} : { native: own.native })
  }
  const events = inside(draw, kind, isCustom, at, vocabulary)
  const restated = draw.chance(6) ? Collect.collect([start, ...events]).choices[0]?.parts[at.index]?.part : undefined
  return { start, rest: [...events, { type: "block-end", ...at, ...(restated === undefined ? {} : { final: restated }) }] }
}
