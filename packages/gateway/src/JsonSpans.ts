/**
 * Where the top-level keys of a JSON object stand in its text, so that the byte lane can replace the model's name without
 * touching anything else, and so that a body that says a key twice is refused (two readers could disagree about it).
 * Works on text that `JSON.parse` has already accepted as an object.
 */
import type { Json } from "@sluice/protocol/Wire"

/** The place of one top-level member: its value is `text.slice(from, to)`. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** The members of an object's text. */
export interface Spans {
  readonly members: ReadonlyMap<string, Span>
  /** The first key that stands there twice. */
  readonly duplicate: string | undefined
  /** Offset of the closing brace. */
  readonly close: number
}

const QUOTE = 34
const BACKSLASH = 92

/** Offset behind the string that starts at `from`. */
const behindString = (text: string, from: number): number => {
  let end = text.indexOf("\"", from + 1)
  while (end !== -1) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end + 1
    end = text.indexOf("\"", end + 1)
  }
  return text.length
}

const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9

const behindSpace = (text: string, from: number): number => {
  let at = from
  while (isSpace(text.charCodeAt(at))) at++
  return at
}

/** Offset behind the value that starts at `from`. */
const behindValue = (text: string, from: number): number => {
  const first = text.charCodeAt(from)
  if (first === QUOTE) return behindString(text, from)
  if (first !== 123 && first !== 91) {
    let at = from
    for (let code = text.charCodeAt(at); at < text.length && code !== 44 && code !== 125 && code !== 93 && !isSpace(code); code = text.charCodeAt(at)) at++
    return at
  }
  let depth = 0
  let at = from
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = behindString(text, at)
      continue
    }
    if (code === 123 || code === 91) depth++
    else if (code === 125 || code === 93) {
      depth--
      if (depth === 0) return at + 1
    }
    at++
  }
  return at
}

/** Finds the top-level members of an object's text. */
export const scan = (text: string): Spans => {
  const members = new Map<string, Span>()
  let duplicate: string | undefined
  let at = behindSpace(text, text.indexOf("{") + 1)
  while (text.charCodeAt(at) === QUOTE) {
    const behindKey = behindString(text, at)
    const literal = text.slice(at + 1, behindKey - 1)
    // A key with escapes is decoded, so that "mod\u0065l" is the same key as "model".
    const key: string = literal.includes("\\") ? JSON.parse(`"${literal}"`) : literal
    const from = behindSpace(text, behindSpace(text, behindKey) + 1)
    const to = behindValue(text, from)
    if (members.has(key)) duplicate ??= key
    members.set(key, { from, to })
    at = behindSpace(text, to)
    if (text.charCodeAt(at) === 44) at = behindSpace(text, at + 1)
  }
  return { members, duplicate, close: at }
}

/** The text with some top-level members set; every other byte stays as it was. */
export const rewrite = (text: string, spans: Spans, members: ReadonlyMap<string, Json>): string => {
  const present = [...members].flatMap(([key, value]) => {
    const span = spans.members.get(key)
    return span === undefined ? [] : [{ span, value }]
  }).sort((left, right) => right.span.from - left.span.from)
  const added = [...members].filter(([key]) => !spans.members.has(key)).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
  let result = text
  if (added.length > 0) result = `${result.slice(0, spans.close)}${spans.members.size > 0 ? "," : ""}${added.join(",")}${result.slice(spans.close)}`
  for (const { span, value } of present) result = result.slice(0, span.from) + JSON.stringify(value) + result.slice(span.to)
  return result
}
