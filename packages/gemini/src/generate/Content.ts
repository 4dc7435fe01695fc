/**
 * Rows that any part of a content has: its signature. The bypass that Gemini's own clients write instead of a signature
 * (documentation: thought signatures) proves nothing and is none.
 */
import type { Sealed } from "@sluice/protocol/CanonicalPart"
import * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import type { Node } from "@sluice/protocol/Wire"
import type { Crossing } from "./Crossing.ts"
import * as Keys from "./Keys.ts"
import * as Wire from "./Wire.ts"

/** What a call without a signature carries where one is required. */
export const bypass = "skip_thought_signature_validator"

const bypasses: ReadonlySet<string> = new Set([bypass, "context_engineering_is_the_way_to_go"])

interface Signed extends Node {
  readonly signature?: Sealed
}

/** The signature that a wire value is; `undefined` where it proves nothing. */
export const sealedOf = (value: string | null | undefined): Sealed | undefined =>
  value === undefined || value === null || value === "" || bypasses.has(value) ? undefined : { by: Wire.id, value }

/** The row of `thoughtSignature`. */
export const signature = <N extends Signed>(): Fields.Field<N, Wire.Part, Crossing> => ({
  of: ["signature"],
  keys: Keys.spelled("thoughtSignature"),
  // The row is for any part with a signature; the compiler cannot see that Partial<N> has one.
  get: (wire) => present({ signature: sealedOf(Keys.read(wire, "thoughtSignature")) }) as Partial<N>,
  put: (part, wire, place) => {
    const before = part.signature
    if (before !== undefined && before.by !== Wire.id) Fields.lose(place, part, "signature", { reason: "dropped", weight: "hint", before })
    return { [Keys.nameIn(wire, "thoughtSignature")]: before?.by === Wire.id ? before.value : undefined }
  }
})
