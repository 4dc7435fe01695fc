/**
 * Disturbs wire values: unknown keys that a codec must keep, wrong values that it must refuse politely, cuts that it must not
 * notice. The disturbances are data, drawn beforehand, so that they shrink with the value they are applied to.
 */
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import type { Draw } from "../arbitraries/Draw.ts"
import * as JsonValues from "../arbitraries/JsonValues.ts"

/** One disturbance: of the `nth` place that fits, in the order of the text. */
export interface Disturbance {
  readonly nth: number
  readonly key: string
  readonly value: Json
}

/** Up to `most` disturbances. */
export const draw = (draw: Draw, most: number): ReadonlyArray<Disturbance> =>
  draw.list(0, most, (index) => ({ nth: draw.below(1000), key: draw.pick(["x_unknown", "vendor", "a/b", "ключ"]) + index, value: JsonValues.json(draw, 2) }))

/** Records with the caller's own keys: an unknown key there is no unknown field. */
const records = new Set(["metadata", "logit_bias"])

const objectsIn = (value: Json): ReadonlyArray<JsonObject> => {
  if (Array.isArray(value)) return value.flatMap(objectsIn)
  if (!isObject(value)) return []
  return [value, ...Object.entries(value).flatMap(([key, inner]) => records.has(key) ? [] : objectsIn(inner))]
}

const replaced = (value: Json, target: unknown, make: (target: Json) => Json): Json => {
  if (value === target) return make(value)
  if (Array.isArray(value)) return value.map((inner) => replaced(inner, target, make))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaced(inner, target, make)]))
}

/** The value with unknown keys in some of its objects. The value must be fresh JSON, in which no object occurs twice. */
export const withUnknownKeys = (value: Json, disturbances: ReadonlyArray<Disturbance>): Json =>
  disturbances.reduce((current, { nth, key, value }) => {
    const objects = objectsIn(current)
    const target = objects[nth % Math.max(1, objects.length)]
    return target === undefined ? current : replaced(current, target, (found) => isObject(found) ? { ...found, [key]: value } : found)
  }, value)

/** The value with keys taken away or given another value: what a broken or hostile sender could say. */
export const broken = (value: Json, disturbances: ReadonlyArray<Disturbance>): Json =>
  disturbances.reduce((current, { nth, value }) => {
    const places = objectsIn(current).flatMap((object) => Object.keys(object).map((key) => ({ object, key })))
    const place = places[nth % Math.max(1, places.length)]
    if (place === undefined) return value
    return replaced(current, place.object, (found) => {
      if (!isObject(found)) return found
      const { [place.key]: old, ...rest } = found
      if (nth % 3 === 0 && old !== undefined) return rest
      return { ...found, [place.key]: value }
    })
  }, value)

/** Offsets as shares of the whole, in thousandths: where to cut bytes or a list. */
export const cuts = (draw: Draw, most: number): ReadonlyArray<number> => draw.list(0, most, () => draw.below(1001))

/** Bytes in pieces. */
export const cutBytes = (bytes: Uint8Array, shares: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const offsets = [0, ...shares.map((share) => Math.floor(share * bytes.length / 1000)).toSorted((left, right) => left - right), bytes.length]
  return offsets.slice(1).map((offset, index) => bytes.subarray(offsets[index], offset))
}
