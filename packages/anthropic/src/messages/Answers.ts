/**
 * Parts of an answer as blocks of an answer. They differ from the blocks of a request: thinking needs no proof to be shown, and
 * keys that Anthropic's schema requires are written even when they are null.
 */
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { AnswerContext } from "@sluice/protocol/Dialect"
import * as ToolNames from "@sluice/protocol/ToolNames"
import type { JsonObject } from "@sluice/protocol/Wire"
import { drop, fitId, inside, type Place } from "./Crossing.ts"
import { codec } from "./Parts.ts"
import { id } from "./Wire.ts"

/** Where the encoders of an answer stand. */
export const placeOf = (context: AnswerContext): Place => ({
  canonical: "",
  at: "",
  sink: context.sink,
  context: { isAnswer: true, model: "", thinking: undefined, renamed: new Map(), calls: new Map(), flat: ToolNames.flat, allowed: undefined }
})

/** The place of one part of the answer. */
export const partAt = (place: Place, index: number): Place => inside(place, undefined, "choices", 0, "parts", index)

/** Who makes calls in answers that did not come from Anthropic: the model itself. */
export const caller: JsonObject = { type: "direct" }

/** Reports an id that the client gets in another form. */
export const loseId = (callId: string, place: Place): void => {
  const after = fitId(callId)
  if (after === callId) return
  const here = inside(place, undefined, "id")
  place.sink.add({ at: here.at, canonical: here.canonical, reason: "renamed", weight: "hint", before: callId, after })
}

/** A part as a block, over the one it came from; `undefined` where an answer has none for it, which is reported. */
export const blockOf = (part: Part, origin: JsonObject | undefined, place: Place): JsonObject | undefined => {
  if (origin !== undefined) return codec.encode({ ...part, wire: { dialect: id, value: origin } }, place)
  switch (part.type) {
    case "text":
    case "refusal": {
      const block = codec.encode(part, place)
      return block === undefined ? undefined : { citations: null, ...block }
    }
    case "tool-call": {
      loseId(part.id, place)
      const block = codec.encode(part, place)
      return block === undefined ? undefined : { ...block, caller }
    }
    case "foreign":
      // What another provider's own tools did is a hint, as it is in a stream.
      return part.dialect === id ? codec.encode(part, place) : drop(place, part, "hint")
    case "reasoning": {
      if (part.encrypted?.by === id || part.signature?.by === id) return codec.encode(part, place)
      if (part.encrypted !== undefined || part.signature !== undefined) drop(inside(place, undefined, "signature"), part.signature ?? part.encrypted, "hint")
      return part.text === "" ? undefined : { type: "thinking", thinking: part.text, signature: "" }
    }
    default:
      return drop(place, part, "hint")
  }
}
