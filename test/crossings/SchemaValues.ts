/** Random JSON Schemas as clients write them: references, cycles, unions, conditions, and properties named like keywords. */
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import type { Draw } from "../../packages/testing/src/arbitraries/Draw.ts"

const names = [
  "a",
  "b",
  "type",
  "properties",
  "$ref",
  "items",
  "anyOf",
  "enum",
  "pattern",
  "required",
  "$id",
  "const",
  "encrypted",
  "a/b~c",
  "ünï",
  ""
] as const

const types = ["string", "integer", "number", "boolean", "object", "array"] as const

const scalar = (draw: Draw): Json => draw.pick<Json>(["x", 1, 9_007_199_254_740_991, true, null, "", 1.5])

const keywords = (draw: Draw, depth: number): JsonObject => {
  const all: { [key: string]: Json } = {}
  const say = (percent: number, key: string, make: () => Json): void => {
    if (draw.chance(percent)) all[key] = make()
  }
  say(70, "type", () => draw.chance(25) ? [...new Set([draw.pick(types), ...draw.list(0, 2, () => draw.pick([...types, "null"] as const))])] : draw.pick(types))
  say(20, "description", () => "what it is")
  say(15, "enum", () => draw.list(1, 3, () => scalar(draw)))
  say(10, "const", () => scalar(draw))
  say(10, "format", () => draw.pick(["date-time", "uri", "int32"]))
  say(10, "minLength", () => 1)
  say(10, "minimum", () => 3)
  say(10, "exclusiveMaximum", () => 10)
  say(10, "pattern", () => "^a")
  say(10, "default", () => scalar(draw))
  say(10, "additionalProperties", () => draw.pick<Json>([false, true, { type: "string" }]))
  if (depth === 0) return all
  const inner = () => schema(draw, depth - 1)
  say(50, "properties", () => Object.fromEntries(draw.list(0, 3, () => [draw.pick(names), draw.chance(5) ? true : inner()] as const)))
  say(30, "required", () => draw.list(0, 3, () => draw.pick(names)))
  say(25, "items", () => draw.chance(20) ? draw.list(0, 2, inner) : inner())
  say(8, "prefixItems", () => draw.list(1, 2, inner))
  for (const key of ["anyOf", "oneOf"]) say(12, key, () => [...draw.list(1, 3, inner), ...draw.list(0, 1, () => ({ type: "null" }))])
  say(12, "allOf", () => draw.list(1, 3, inner))
  for (const key of ["then", "else"]) say(5, key, inner)
  return all
}

const schema = (draw: Draw, depth: number): JsonObject =>
  draw.chance(12)
    ? { $ref: `#/$defs/${draw.pick(["d0", "d1", "d2", "nowhere"])}`, ...draw.maybe(30, () => ({ description: "beside" })) }
    : keywords(draw, depth)

/** A schema with three definitions that may refer to themselves and each other. */
export const anySchema = (draw: Draw): JsonObject => {
  const whole = schema(draw, 3)
  return { ...whole, $defs: Object.fromEntries([0, 1, 2].map((index) => [`d${index}`, schema(draw, 2)])) }
}

const listed = (value: Json | undefined): ReadonlyArray<Json> => Array.isArray(value) ? value : value === undefined ? [] : [value]

const always = ["items", "prefixItems", "anyOf", "oneOf", "allOf"]

/** Keywords of what holds under a condition. */
export const conditions = ["then", "else"]

/** The names of all properties a schema speaks of, through whatever holds beside it and whatever it refers to; `besides` names more keywords to look under. */
export const namesIn = (root: JsonObject, besides: ReadonlyArray<string> = conditions): ReadonlySet<string> => {
  const found = new Set<string>()
  const seen = new Set<Json>()
  const visit = (value: Json | undefined): void => {
    if (!isObject(value) || seen.has(value)) return
    seen.add(value)
    const { $ref: reference, properties } = value
    const definitions = root["$defs"]
    if (typeof reference === "string" && isObject(definitions)) visit(definitions[reference.slice("#/$defs/".length)])
    if (isObject(properties)) {
      for (const [name, inner] of Object.entries(properties)) {
        found.add(name)
        visit(inner)
      }
    }
    for (const key of [...always, ...besides]) for (const inner of listed(value[key])) visit(inner)
  }
  visit(root)
  return found
}
