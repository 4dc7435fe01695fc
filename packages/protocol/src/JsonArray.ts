/**
 * A stream as one JSON array, element by element: how Gemini answers streamGenerateContent where nobody asked for server-sent
 * events. The splitter has the interface of the one in Sse.ts: it hands over whole elements only, however the bytes were cut, and
 * their bytes with what stands between them. A body that is one object and no array is one element: replies of errors are.
 */
import { joined } from "./Chunks.ts"
import type { Split, Splitter, WireEvent } from "./Sse.ts"

const quote = 34
const comma = 44
const openBracket = 91
const backslash = 92
const closeBracket = 93
const openBrace = 123
const closeBrace = 125

const emptyBytes = new Uint8Array(0)
const nothing: Split = { bytes: emptyBytes, events: [] }

const isSpace = (byte: number): boolean => byte === 32 || byte === 10 || byte === 13 || byte === 9

/**
 * A splitter for one stream. Every byte is scanned once; at most `maxEventBytes` (default 1 MiB) of an element are held, and a
 * larger one overflows. An element that the stream breaks off inside is never delivered.
 */
export const splitter = (options?: { readonly maxEventBytes?: number }): Splitter => {
  const max = options?.maxEventBytes ?? 1_048_576
  const decoder = new TextDecoder("utf-8")
  /** Bytes since the last element's end. */
  let held: Array<Uint8Array> = []
  /** Pieces of the element that is being read. */
  let element: Array<Uint8Array> = []
  let elementBytes = 0
  let depth = 0
  let isScalar = false
  let isText = false
  let isEscaped = false
  let isListed = false
  let overflowed = false

  /** Whether the byte ends the element that is being read, and whether it is part of it. */
  const closes = (byte: number): "inside" | "outside" | undefined => {
    if (isText) {
      if (isEscaped) isEscaped = false
      else if (byte === backslash) isEscaped = true
      else if (byte === quote) {
        isText = false
        return depth === 0 ? "inside" : undefined
      }
      return undefined
    }
    if (isScalar) return byte === comma || byte === closeBracket || isSpace(byte) ? "outside" : undefined
    if (byte === quote) isText = true
    else if (byte === openBrace || byte === openBracket) depth += 1
    else if (byte === closeBrace || byte === closeBracket) {
      depth -= 1
      return depth === 0 ? "inside" : undefined
    }
    return undefined
  }

  /** Whether a byte between elements begins one. */
  const opens = (byte: number): boolean => {
    if (byte === openBracket && !isListed) {
      isListed = true
      return false
    }
    if (isSpace(byte) || byte === comma || byte === closeBracket) return false
    depth = byte === openBrace || byte === openBracket ? 1 : 0
    isText = byte === quote
    isScalar = depth === 0 && !isText
    return true
  }

  const push = (chunk: Uint8Array): Split => {
    if (overflowed || chunk.length === 0) return nothing
    const events: Array<WireEvent> = []
    let start = element.length > 0 ? 0 : -1
    let boundary = 0
    const close = (end: number): void => {
      events.push({ data: decoder.decode(joined([...element, chunk.subarray(start, end)])) })
      element = []
      elementBytes = 0
      isScalar = false
      start = -1
      boundary = end
    }
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0
      if (start === -1) {
        if (opens(byte)) start = at
        else boundary = at + 1
        continue
      }
      const end = closes(byte)
      if (end === "inside") close(at + 1)
      else if (end === "outside") {
        close(at)
        boundary = at + 1
      }
      if (start !== -1 && elementBytes + at + 1 - start > max) {
        overflowed = true
        break
      }
    }
    const bytes = boundary === 0 ? emptyBytes : joined([...held, chunk.subarray(0, boundary)])
    if (overflowed) return { bytes, events, overflow: true }
    if (boundary > 0) held = []
    if (boundary < chunk.length) held.push(chunk.subarray(boundary))
    if (start !== -1) {
      element.push(chunk.subarray(start))
      elementBytes += chunk.length - start
    }
    return boundary === 0 ? nothing : { bytes, events }
  }

  const end = (): Split => nothing

  return { push, end }
}

/** Writes one array, element by element. */
export interface Writer {
  /** Elements as text, with what separates them from those before. */
  readonly write: (events: ReadonlyArray<WireEvent>) => string
  /** The array's end; an empty array where nothing was written. */
  readonly end: () => string
}

/** A writer for one stream. U+2028 and U+2029 are escaped as in server-sent events. */
export const writer = (): Writer => {
  let isFirst = true
  return {
    write: (events) => {
      let text = ""
      for (const { data } of events) {
        text += `${isFirst ? "[" : ",\r\n"}${data.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")}`
        isFirst = false
      }
      return text
    },
    end: () => isFirst ? "[]" : "]"
  }
}
