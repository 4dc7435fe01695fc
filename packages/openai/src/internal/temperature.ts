/** How both protocols of OpenAI's service write a temperature. Used by the dialects of this package only. */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import * as Fields from "@sluice/protocol/Fields"
import type { Place } from "../chat/Crossing.ts"

/** From 0 to 2 (specification of `temperature`); inside the dialect whatever was said is the provider's business. */
export const encodeTemperature = (request: CanonicalRequest, place: Place): { readonly temperature: number | undefined } => {
  const before = request.temperature
  if (before === undefined || place.context.isOwn) return { temperature: before }
  const after = Math.min(2, Math.max(0, before))
  if (after !== before) Fields.lose(place, request, "temperature", { reason: "approximated", weight: "hint", before, after })
  return { temperature: after }
}
