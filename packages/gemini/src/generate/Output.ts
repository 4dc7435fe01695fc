/**
 * The form of the answer: `responseMimeType` with one of the schema keys. JSON without a schema is `application/json` alone; other
 * types (`text/x.enum`) have no canonical form and stay on the wire.
 */
import type { CanonicalRequest, ResponseFormat } from "@sluice/protocol/CanonicalRequest"
import type * as Fields from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import type { JsonObject } from "@sluice/protocol/Wire"
import { type Crossing, drop, fieldOf, inside, type Place } from "./Crossing.ts"
import * as Keys from "./Keys.ts"
import * as Schemas from "./Schemas.ts"
import { encodeSchema } from "./Tools.ts"
import type * as Wire from "./Wire.ts"

type Config = Partial<Wire.GenerationConfig>

const jsonKeys = ["responseJsonSchema", "_responseJsonSchema"] as const

const schemaOf = (wire: Config): JsonObject | undefined => {
  const own = Keys.read(wire, "responseSchema")
  return Keys.read(wire, "responseJsonSchema") ?? Keys.read(wire, "_responseJsonSchema") ?? (own === undefined ? undefined : Schemas.decodeObject(own))
}

const decode = (wire: Config): ResponseFormat | undefined => {
  const schema = schemaOf(wire)
  switch (Keys.read(wire, "responseMimeType")) {
    case "application/json":
      return schema === undefined ? { type: "json" } : { type: "json-schema", schema }
    case "text/plain":
      return { type: "text" }
    default:
      return undefined
  }
}

/** What a form says that Gemini has no word for: its name, its description, and that it is strict, which Gemini always is. */
const loseFacts = (format: ResponseFormat, place: Place): void => {
  if (format.type !== "json-schema") return
  for (const key of ["name", "description", "strict"] as const) {
    if (format[key] !== undefined) drop(inside(place, undefined, key), format[key], "hint")
  }
}

/** The row of `responseFormat`. */
export const format: Fields.Field<CanonicalRequest, Wire.GenerationConfig, Crossing> = {
  of: ["responseFormat"],
  keys: Keys.spelled("responseMimeType", "responseSchema", ...jsonKeys),
  get: (wire) => present({ responseFormat: decode(wire) }),
  put: (request, wire, place) => {
    const after = request.responseFormat
    const gone: Fields.Patch = Object.fromEntries(["responseSchema", ...jsonKeys].map((key) => [Keys.nameIn(wire, key), undefined]))
    const mime = Keys.nameIn(wire, "responseMimeType")
    if (after === undefined) return { ...gone, [mime]: undefined }
    const here = fieldOf(place, request, "responseFormat")
    loseFacts(after, here)
    if (after.type !== "json-schema") return { ...gone, [mime]: after.type === "text" ? "text/plain" : "application/json" }
    const keys = { own: Keys.nameIn(wire, "responseSchema"), json: Keys.nameIn(wire, "responseJsonSchema") }
    return { ...gone, [mime]: "application/json", ...encodeSchema(after.schema, keys, inside(here, undefined, "schema")) }
  }
}
