/**
 * The last chunks of a stream that were sent, by reference: at most 64 of them and 1 MiB together. One list that lives as long as the
 * stream; nothing is copied.
 */

/** Chunks that are kept at most. */
export const maxChunks = 64

/** Bytes that are kept at most. */
export const maxBytes = 1024 * 1024

/** What was sent so far, as far as it is kept. */
export interface History {
  /** Oldest first; the same list every time, so that it shows what is sent later too. */
  readonly chunks: ReadonlyArray<Uint8Array>
  readonly add: (chunk: Uint8Array) => void
}

/** Nothing was sent. */
export const make = (): History => {
  const chunks: Array<Uint8Array> = []
  let bytes = 0
  return {
    chunks,
    add: (chunk) => {
      chunks.push(chunk)
      bytes += chunk.length
      while (chunks.length > maxChunks || bytes > maxBytes) bytes -= chunks.shift()?.length ?? bytes
    }
  }
}
