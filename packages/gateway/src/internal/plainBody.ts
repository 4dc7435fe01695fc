/**
 * A JSON body under the content type of events: some providers report a failure that way inside a reply of status 200. It is known by
 * its first visible character, with which no line of an event stream begins.
 */
import { joined } from "@sluice/protocol/Chunks"

const brace = 0x7b
const bracket = 0x5b
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** Whether bytes begin as JSON does; `undefined` where nothing visible has come. */
export const beginsAsJson = (bytes: Uint8Array): boolean | undefined => {
  const first = bytes.find((byte) => !isSpace(byte))
  return first === undefined ? undefined : first === brace || first === bracket
}

/** Bytes that may still turn out to be a JSON body. */
export interface PlainBody {
  /** Takes in what came. Nothing is kept once it is known to be events, or too long. */
  readonly push: (chunk: Uint8Array) => void
  /** All that came, where it began as JSON. */
  readonly bytes: () => Uint8Array | undefined
  /** It is no JSON body after all. */
  readonly forget: () => void
}

/** Keeps at most `limit` bytes. */
export const make = (limit: number): PlainBody => {
  let kept: Array<Uint8Array> | undefined = []
  let size = 0
  let isJson = false
  return {
    push: (chunk) => {
      if (kept === undefined) return
      const begins = isJson ? true : beginsAsJson(chunk)
      size += chunk.length
      if (begins === false || size > limit) kept = undefined
      else kept.push(chunk)
      isJson ||= begins === true
    },
    bytes: () => isJson && kept !== undefined ? joined(kept) : undefined,
    forget: () => {
      kept = undefined
    }
  }
}
