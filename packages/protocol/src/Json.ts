/**
 * The boundary between text and JSON values: the one place where `JSON.parse` may throw, and where nesting is bounded
 * (`JSON.parse` accepts millions of levels that `JSON.stringify` cannot write again).
 */
import * as Result from "effect/Result"
import { isObject, type Json } from "./Wire.ts"

/** Text that is not JSON, or nests too deep: why, in words. */
export interface NotJson {
  readonly message: string
}

/**
 * Deepest nesting that is read. What is deeper cannot be written again, and would break whatever walks over it; no request or
 * answer comes near it.
 */
export const maxNesting = 256

/** What `JSON.parse` tells a reviver of a value: the text it came from. */
interface Origin {
  readonly source?: string
}

type Reviver = (key: string, value: Json, origin?: Origin) => Json

/** Parses text. Deeper nesting than {@link maxNesting} is refused. */
export const parse = (text: string): Result.Result<Json, NotJson> => parseWith(text, undefined)

const manyDigits = /\d{16}/

/** Whether text has so many digits in a row that it may hold a number that is rounded: a look that costs less than reading. */
export const mayRound = (text: string): boolean => manyDigits.test(text)

/** Whether text is a whole number that JavaScript rounds: one beyond 2^53 that is not written again as it was. */
export const isRounded = (source: string): boolean => /^-?\d{16,}$/.test(source) && String(Number(source)) !== source

const rawJson: unknown = Reflect.get(JSON, "rawJSON")

/** A number as the text it came from: `JSON.stringify` writes it so. Platforms without `JSON.rawJSON` round. */
const exactly: Reviver = (_, value, origin) =>
  typeof value === "number" && origin?.source !== undefined && typeof rawJson === "function" && isRounded(origin.source)
    ? Reflect.apply(rawJson, JSON, [origin.source])
    : value

/**
 * Parses text whose numbers are only passed on: whole numbers that JavaScript would round become values that are written again digit
 * for digit, and are good for nothing else. For answers and arguments, whose ids must not change.
 */
export const parseExact = (text: string): Result.Result<Json, NotJson> => parseWith(text, mayRound(text) ? exactly : undefined)

const parseWith = (text: string, reviver: Reviver | undefined): Result.Result<Json, NotJson> => {
  // JSON.parse has no other way to refuse; the exception ends here.
  try {
    const value: Json = JSON.parse(text, reviver)
    // A level takes two characters at least: short texts need no look.
    return text.length > 2 * maxNesting && nestsDeeper(text, maxNesting)
      ? Result.fail({ message: `it nests deeper than ${maxNesting} levels` })
      : Result.succeed(value)
  } catch (error) {
    return Result.fail({ message: error instanceof Error ? error.message : String(error) })
  }
}

/** Parses a tool call's arguments, as {@link parseExact} does; empty text means no arguments. `undefined` when the text is not a JSON object. */
export const parseArguments = (text: string): { readonly [key: string]: Json } | undefined => {
  if (text.trim() === "") return {}
  const parsed = parseExact(text)
  return Result.isSuccess(parsed) && isObject(parsed.success) ? parsed.success : undefined
}

/** Whether a value nests deeper than `limit` levels. */
export const isDeeperThan = (value: Json, limit: number): boolean => {
  const pending: Array<readonly [Json, number]> = [[value, 1]]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [inner, depth] = next
    if (typeof inner !== "object" || inner === null) continue
    if (depth > limit) return true
    for (const child of Object.values(inner)) pending.push([child, depth + 1])
  }
  return false
}

/** An object type whose possibly undefined keys are optional instead. */
export type Present<T> =
  & { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] }
  & { readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> }

/** The object without its undefined keys: how optional fields are written in one expression, absent and not undefined. */
export const present = <const T extends object>(value: T): Present<T> => {
  const keys = Object.keys(value)
  const kept: { [key: string]: unknown } = {}
  for (const key of keys) {
    const inner: unknown = Reflect.get(value, key)
    if (inner !== undefined) kept[key] = inner
  }
  // Only undefined keys were left out, which is what the type says.
  return kept as Present<T>
}

const QUOTE = 34
const BACKSLASH = 92
const LOWER_U = 117
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125

/** Whether JSON text nests deeper than a limit, without a walk over its value: strings are skipped as a whole. */
const nestsDeeper = (text: string, limit: number): boolean => {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      depth += 1
      if (depth > limit) return true
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth -= 1
  }
  return false
}

/** The offset of the quote that closes the string opened at `from`; a quote behind an odd number of backslashes closes nothing. */
const endOfString = (text: string, from: number): number => {
  for (let end = text.indexOf("\"", from + 1); end !== -1; end = text.indexOf("\"", end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1
    if (slashes % 2 === 0) return end
  }
  return text.length
}

/**
 * The length, in UTF-16 units, of the JSON string whose opening quote stands at `from`, as `JSON.parse` would give it; 0 where
 * no quote stands there. For those who count content without parsing it.
 */
export const stringLength = (text: string, from: number): number => {
  if (text.charCodeAt(from) !== QUOTE) return 0
  let length = 0
  for (let at = from + 1; at < text.length; length++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return length
    at += code !== BACKSLASH ? 1 : text.charCodeAt(at + 1) === LOWER_U ? 6 : 2
  }
  return length
}
