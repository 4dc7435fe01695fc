/**
 * Takes down one body as it passes: its length and SHA-256, and, where it is to be kept, the text; of a long one only the beginning and
 * the end. Without the text nothing is copied or held.
 */
import { createHash } from "node:crypto"
import type { Body } from "../Ledger.ts"

/** A body being taken down. */
export interface BodyCapture {
  readonly push: (bytes: Uint8Array) => void
  readonly end: () => Body
}

/** Longer bodies are kept in two parts of this many bytes, in bytes. */
const wholeBytes = 1024 * 1024
const partBytes = 8 * 1024

const decoder = new TextDecoder("utf-8")

const text = (chunks: ReadonlyArray<Uint8Array>): string => decoder.decode(Buffer.concat(chunks))

/** The last bytes of some chunks. */
const lastOf = (chunks: ReadonlyArray<Uint8Array>): Buffer => Buffer.concat(chunks).subarray(-partBytes)

/** A body nobody has said anything of. */
export const make = (keepsText: boolean): BodyCapture => {
  const hash = createHash("sha256")
  let bytes = 0
  let head: Buffer | undefined
  let chunks: Array<Uint8Array> = []
  let held = 0

  const hold = (chunk: Uint8Array): void => {
    chunks.push(chunk)
    held += chunk.length
    if (head === undefined ? bytes <= wholeBytes : held <= wholeBytes) return
    const all = Buffer.concat(chunks)
    // Copies: a part of a large chunk would keep the chunk alive
    head ??= Buffer.from(all.subarray(0, partBytes))
    chunks = [Buffer.from(all.subarray(-partBytes))]
    held = partBytes
  }

  return {
    push: (chunk) => {
      bytes += chunk.length
      hash.update(chunk)
      if (keepsText) hold(chunk)
    },
    end: () => ({
      bytes,
      sha256: hash.digest("hex"),
      ...(!keepsText ? {} : head === undefined ? { text: text(chunks) } : { text: text([head]), tail: text([lastOf(chunks)]) })
    })
  }
}
