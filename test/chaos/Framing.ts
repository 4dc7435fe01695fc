/** Where an HTTP body ends, and what it is without its framing: read off the wire by a client that shares nothing with the gateway. */

/** Reads one body, piece by piece; one character is one byte. */
export interface Framing {
  readonly take: (text: string) => void
  /** Bytes of the body itself. */
  readonly payload: () => number
  /** Whether it has come to its framed end. */
  readonly isWhole: () => boolean
}

type OnPayload = (text: string) => void

const withLength = (length: number, onPayload: OnPayload): Framing => {
  let payload = 0
  const take = (text: string): void => {
    payload += text.length
    onPayload(text)
  }
  return { take, payload: () => payload, isWhole: () => payload >= length }
}

const chunked = (onPayload: OnPayload): Framing => {
  let payload = 0
  let left = 0
  let line = ""
  let isLast = false
  let isWhole = false
  const takeLine = (): void => {
    const size = line.trim()
    line = ""
    if (isLast) isWhole = true
    // The line behind a chunk's data is empty
    else if (size !== "") {
      left = Number.parseInt(size, 16)
      isLast = left === 0
    }
  }
  return {
    take: (text) => {
      let at = 0
      while (at < text.length && !isWhole) {
        if (left > 0) {
          const taken = Math.min(left, text.length - at)
          left -= taken
          payload += taken
          onPayload(text.slice(at, at + taken))
          at += taken
          continue
        }
        const end = text.indexOf("\n", at)
        line += text.slice(at, end < 0 ? text.length : end + 1)
        at = end < 0 ? text.length : end + 1
        if (end >= 0) takeLine()
      }
    },
    payload: () => payload,
    isWhole: () => isWhole
  }
}

/** The framing a head announces; a body without any never counts as whole. `onPayload` gets the body itself. */
export const of = (head: string, onPayload: OnPayload = () => {}): Framing => {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length !== undefined) return withLength(Number(length), onPayload)
  return /\r\ntransfer-encoding: *chunked/i.test(head) ? chunked(onPayload) : withLength(Number.POSITIVE_INFINITY, onPayload)
}
