/** How both protocols of OpenAI's service write a service tier. Used by the dialects of this package only. */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import * as Fields from "@sluice/protocol/Fields"
import type { Place } from "../chat/Crossing.ts"

const official: ReadonlySet<string> = new Set(["auto", "default", "flex", "scale", "priority", "fast"])

/** Tiers of other providers are dropped, and said to be; inside the dialect they are the provider's own business. */
export const encodeServiceTier = (request: CanonicalRequest, place: Place): { readonly service_tier?: string | undefined } => {
  const tier = request.serviceTier
  if (tier === undefined || place.context.isOwn || official.has(tier)) return { service_tier: tier }
  Fields.lose(place, request, "serviceTier", { reason: "dropped", weight: "hint", before: tier })
  return {}
}
