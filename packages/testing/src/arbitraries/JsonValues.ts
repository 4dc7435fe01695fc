/** JSON values, arguments of calls as models write them, and JSON Schemas as callers write them. */
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import type { Draw } from "./Draw.ts"
import * as Texts from "./Texts.ts"

const keys = ["city", "unit", "at", "wire", "type", "id", "ключ", "a b", "constructor", "toString", "x/y~z"] as const

const scalar = (draw: Draw): Json => {
  switch (draw.below(7)) {
    case 1:
      return draw.below(100_000) - 50_000
    case 2:
      return draw.chance(50)
    case 3:
      return null
    case 4:
      return (draw.below(2_000_000) - 1_000_000) / 1024
    case 5:
      return draw.pick([0, 1e21, 9007199254740991, 1e-7, 5e-324])
    default:
      return Texts.anyText(draw)
  }
}

/** Any JSON value, at most `depth` levels deep. */
export const json = (draw: Draw, depth = 3): Json => {
  if (depth <= 0 || draw.chance(50)) return scalar(draw)
  return draw.chance(50) ? draw.list(0, 3, () => json(draw, depth - 1)) : object(draw, depth - 1)
}

/** A JSON object. */
export const object = (draw: Draw, depth = 2): JsonObject =>
  Object.fromEntries(draw.list(0, 3, (index) => [draw.chance(70) ? `key${index}` : draw.pick(keys), json(draw, depth)] as const))

/** The raw text of a function call's arguments: an object, in the layout models use; rarely empty or broken. */
export const callArguments = (draw: Draw): string => {
  switch (draw.below(12)) {
    case 9:
      return JSON.stringify(object(draw), null, 2)
    case 10:
      return draw.pick(["{}", ""])
    case 11:
      return draw.pick(["{}", "{\"city\":\"Par", "not json", "[1]", "null"])
    default:
      return JSON.stringify(object(draw))
  }
}

/** A JSON Schema of an object. */
export const objectSchema = (draw: Draw): JsonObject => {
  const properties = Object.fromEntries(draw.list(0, 3, (index) => [draw.chance(70) ? `p${index}` : draw.pick(keys), propertySchema(draw, 2)] as const))
  return {
    type: "object",
    properties,
    ...(draw.chance(60) ? { required: Object.keys(properties) } : {}),
    ...(draw.chance(40) ? { additionalProperties: false } : {}),
    ...(draw.chance(10) ? { $defs: { x: { type: "string" } } } : {})
  }
}

const propertySchema = (draw: Draw, depth: number): JsonObject => {
  switch (draw.below(depth > 0 ? 5 : 3)) {
    case 1:
      return { type: draw.pick(["number", "integer", "boolean"]), ...(draw.chance(30) ? { description: Texts.text(draw) } : {}) }
    case 2:
      return { enum: draw.list(1, 3, () => Texts.text(draw)) }
    case 3:
      return { type: "array", items: propertySchema(draw, depth - 1) }
    case 4:
      return { anyOf: [propertySchema(draw, depth - 1), { type: "null" }] }
    default:
      return { type: "string", ...(draw.chance(30) ? { description: Texts.anyText(draw) } : {}) }
  }
}
