/**
 * Server-sent events by the HTML standard, on bytes: line ends may be LF, CR or CRLF, and any of them, and any character, may
 * be split between two network chunks. The splitter hands over whole frames only: their bytes, to be forwarded, and their
 * events, to be decoded. `retry:` lines and comments are legal and silent.
 */
import { joined } from "./Chunks.ts"

/** One event as a codec sees it. `name` is absent for the default `message`. */
export interface WireEvent {
  readonly name?: string
  readonly data: string
}

/** Whole frames found in the bytes so far. */
export interface Split {
  /** The bytes of the frames, unchanged. */
  readonly bytes: Uint8Array
  readonly events: ReadonlyArray<WireEvent>
  /** A frame is larger than allowed; nothing more will be read. */
  readonly overflow?: true
  /** The last frame had no blank line behind it (tolerant end only). */
  readonly unterminated?: true
}

/** Cuts one byte stream into whole frames. */
export interface Splitter {
  readonly push: (chunk: Uint8Array) => Split
  /** The stream is over: a last frame without a blank line is delivered and flagged when tolerant, else discarded as the standard says. */
  readonly end: (options: { readonly tolerant: boolean }) => Split
}

const LF = 10
const CR = 13
const emptyBytes = new Uint8Array(0)
const nothing: Split = { bytes: emptyBytes, events: [] }

/** Parses whole frames of text, line ends already LF. Every character is looked at a fixed number of times, whatever the lines hold. */
const parse = (text: string): Array<WireEvent> => {
  const events: Array<WireEvent> = []
  let name = ""
  let data: string | undefined
  let start = 0
  while (start < text.length) {
    const found = text.indexOf("\n", start)
    const end = found === -1 ? text.length : found
    if (end === start) {
      if (data !== undefined) events.push(name === "" ? { data } : { name, data })
      name = ""
      data = undefined
    } else {
      const line = text.slice(start, end)
      const colon = line.indexOf(":")
      const field = colon === -1 ? line : line.slice(0, colon)
      if (field === "data" || field === "event") {
        const value = colon === -1 ? "" : line.slice(line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1)
        if (field === "event") name = value
        else data = data === undefined ? value : `${data}\n${value}`
      }
    }
    start = end + 1
  }
  return events
}

const byteOrderMark = [0xef, 0xbb, 0xbf]

const startsLikeMark = (bytes: Uint8Array): boolean => bytes.every((byte, index) => byte === byteOrderMark[index])

/**
 * A splitter for one stream. Every byte is scanned once, so a large event that arrives in many chunks costs linear time; at
 * most `maxEventBytes` (default 1 MiB) are held, and a larger event overflows however it was cut.
 */
export const splitter = (options?: { readonly maxEventBytes?: number }): Splitter => {
  const max = options?.maxEventBytes ?? 1_048_576
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
  let held: Array<Uint8Array> = []
  let heldBytes = 0
  let lineIsEmpty = true
  let skipLineFeed = false
  let markIsOpen = true
  let atStart = true
  let overflowed = false

  const toText = (bytes: Uint8Array): string => {
    let text = decoder.decode(bytes)
    if (atStart && bytes.length > 0) {
      atStart = false
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1)
    }
    return text.includes("\r") ? text.replaceAll(/\r\n?/g, "\n") : text
  }

  /** Finds the last blank line of a chunk: the offset behind it (0 when there is none), and whether a frame is too large. */
  const scan = (chunk: Uint8Array): { readonly boundary: number; readonly isOver: boolean } => {
    let boundary = 0
    let from = 0
    let frameStart = -heldBytes
    if (skipLineFeed) {
      skipLineFeed = false
      if (chunk[0] === LF) {
        from = 1
        if (heldBytes === 0) boundary = 1
      }
    }
    if (atStart && heldBytes === 0 && chunk.length > 2 && startsLikeMark(chunk.subarray(0, 3))) from = 3
    let feed = chunk.indexOf(LF, from)
    let carriage = chunk.indexOf(CR, from)
    while (from < chunk.length) {
      if (feed !== -1 && feed < from) feed = chunk.indexOf(LF, from)
      if (carriage !== -1 && carriage < from) carriage = chunk.indexOf(CR, from)
      const at = carriage !== -1 && (feed === -1 || carriage < feed) ? carriage : feed
      if (at === -1) {
        lineIsEmpty = false
        break
      }
      const blank = at === from && lineIsEmpty
      lineIsEmpty = true
      from = at + 1
      if (blank && from - frameStart > max) return { boundary, isOver: true }
      if (at === carriage) {
        if (from === chunk.length) skipLineFeed = true
        else if (chunk[from] === LF) from += 1
      }
      if (blank) {
        boundary = from
        frameStart = from
      }
    }
    return { boundary, isOver: chunk.length - frameStart > max }
  }

  const push = (received: Uint8Array): Split => {
    if (overflowed || received.length === 0) return nothing
    let chunk = received
    if (markIsOpen) {
      chunk = joined([...held, received])
      if (chunk.length < 3 && startsLikeMark(chunk)) {
        held = [chunk]
        heldBytes = chunk.length
        return nothing
      }
      held = []
      heldBytes = 0
      markIsOpen = false
    }
    const { boundary, isOver } = scan(chunk)
    overflowed = isOver
    if (boundary === 0 && !isOver) {
      held.push(chunk)
      heldBytes += chunk.length
      return nothing
    }
    const bytes = boundary === 0 ? emptyBytes : joined([...held, chunk.subarray(0, boundary)])
    const rest = chunk.subarray(isOver ? chunk.length : boundary)
    held = rest.length === 0 ? [] : [rest]
    heldBytes = rest.length
    const events = parse(toText(bytes))
    return isOver ? { bytes, events, overflow: true } : { bytes, events }
  }

  const end = ({ tolerant }: { readonly tolerant: boolean }): Split => {
    if (overflowed || heldBytes === 0 || !tolerant) return nothing
    const bytes = joined(held)
    const events = parse(`${toText(bytes)}\n\n`)
    held = []
    heldBytes = 0
    return events.length === 0 ? nothing : { bytes, events, unterminated: true }
  }

  return { push, end }
}

const oneLine = (text: string): string => /[\r\n\0]/.test(text) ? text.replaceAll(/[\r\n\0]/g, "") : text

/** The two searches are one where nothing is found, which is nearly always. */
const isOneLine = (text: string): boolean => !/[\r\n\u2028\u2029]/.test(text)

/**
 * Writes one event. Line breaks cannot be injected through the name, and U+2028 and U+2029 are escaped because some
 * clients read JSON lines with a pattern that stops there.
 */
export const write = (event: WireEvent): string => {
  if (isOneLine(event.data)) return event.name === undefined ? `data: ${event.data}\n\n` : `event: ${oneLine(event.name)}\ndata: ${event.data}\n\n`
  const escaped = /[\u2028\u2029]/.test(event.data) ? event.data.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029") : event.data
  const data = /[\r\n]/.test(escaped) ? escaped.split(/\r\n?|\n/).join("\ndata: ") : escaped
  return event.name === undefined ? `data: ${data}\n\n` : `event: ${oneLine(event.name)}\ndata: ${data}\n\n`
}

/** Writes several events in one string. */
export const writeAll = (events: ReadonlyArray<WireEvent>): string => {
  let text = ""
  for (const event of events) text += write(event)
  return text
}

/** A comment: the heartbeat that keeps an idle stream alive. */
export const heartbeat = ": ping\n\n"
