/** How closely the models of OpenAI's service are asked to look at an image. Used by the dialects of this package only. */
import type { MediaPart } from "@sluice/protocol/CanonicalPart"
import * as Fields from "@sluice/protocol/Fields"
import type { Place } from "../chat/Crossing.ts"

/** The words of chat completions (openapi: ChatCompletionRequestMessageContentPartImage). */
export const chatDetails: ReadonlySet<string> = new Set(["auto", "low", "high"])

/** The words of responses (openapi: ImageDetail). */
export const responsesDetails: ReadonlySet<string> = new Set(["auto", "low", "high", "original"])

/** The word for an image that came from elsewhere: the nearest to `original` is `high`; other words are dropped, and said to be. */
export const encodeDetail = (part: MediaPart, known: ReadonlySet<string>, place: Place): string | undefined => {
  const { detail } = part
  if (detail === undefined || place.context.isOwn || known.has(detail)) return detail
  const after = detail === "original" ? "high" : undefined
  Fields.lose(place, part, "detail", {
    reason: after === undefined ? "dropped" : "approximated",
    weight: "hint",
    before: detail,
    ...(after === undefined ? {} : { after })
  })
  return after
}
