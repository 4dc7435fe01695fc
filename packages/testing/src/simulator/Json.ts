/**
 * Reading of untrusted JSON by hand: the one parser that cannot throw and small readers that answer
 * `undefined` instead of failing. Used by every provider of the simulator; deliberately no Schema, so
 * that the simulator and the dialects it attacks share no code.
 */

/** A JSON object as the wire gives it: any key may be missing, any value of any type. */
export type JsonObject = Readonly<Record<string, unknown>>

/** The answer of `parseJson` to text that is not JSON. */
export const notJson: unique symbol = Symbol("not JSON")

/** Parses JSON text; `notJson` where it is none. The one try/catch of the simulator: JSON.parse reports by throwing. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return notJson
  }
}

/** Whether the value is a JSON object (no array, no null). */
export const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value)

/** The value when it is a JSON object, else an empty one: for reading on after the type was checked or does not matter. */
export const objectOf = (value: unknown): JsonObject => isObject(value) ? value : {}

/** The value when it is an array, else an empty one. */
export const arrayOf = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []

/** The value when it is a string, else the empty string. */
export const stringOf = (value: unknown): string => typeof value === "string" ? value : ""

/** The value when it is a finite number, else undefined. */
export const numberOf = (value: unknown): number | undefined => typeof value === "number" && Number.isFinite(value) ? value : undefined

/** Whether a key is present with a value other than null: providers treat null as absent. */
export const isPresent = (value: unknown): boolean => value !== undefined && value !== null
