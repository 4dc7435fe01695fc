/**
 * Collects the bytes a client is sent, while they pass, as long as they are not too many. Signs of life between the pieces of a
 * stream are not part of an answer and never come here.
 */

/** The bytes of one answer. */
export interface Capture {
  readonly push: (bytes: Uint8Array) => void
  /** Keeps nothing of this answer any more: it counts as too much. */
  readonly giveUp: () => void
  /** What came, in pieces that end where something that was pushed ended; `undefined` where it was too much. */
  readonly pieces: () => ReadonlyArray<Uint8Array> | undefined
}

/** Smaller pieces are put together: a stream of single words would else carry more lengths than words. */
const pieceBytes = 4096

/** Collects up to `limit` bytes. Holds on to what is pushed without copying it until {@link Capture.pieces}. */
export const make = (limit: number): Capture => {
  let chunks: Array<Uint8Array> = []
  let bytes = 0
  return {
    push: (chunk) => {
      bytes += chunk.length
      if (bytes <= limit) chunks.push(chunk)
      else chunks = []
    },
    giveUp: () => {
      bytes = Number.POSITIVE_INFINITY
      chunks = []
    },
    pieces: () => {
      if (bytes > limit) return undefined
      const pieces: Array<Uint8Array> = []
      let gathered: Array<Uint8Array> = []
      let size = 0
      for (const chunk of chunks) {
        gathered.push(chunk)
        size += chunk.length
        if (size < pieceBytes) continue
        pieces.push(Buffer.concat(gathered))
        gathered = []
        size = 0
      }
      return size === 0 ? pieces : [...pieces, Buffer.concat(gathered)]
    }
  }
}
