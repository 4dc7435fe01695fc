/**
 * Undoes the content coding of a reply while it streams. The gateway asks for identity, so this runs only for providers and
 * proxies that compress anyway. Output is held back with the taker, and bounded, because a small body may decode to a huge
 * one. It knows nothing of HTTP connections.
 */
import type { Transform } from "node:stream"
import * as Zlib from "node:zlib"

/** The codings that can be undone. */
export type Coding = "gzip" | "deflate" | "br" | "zstd"

/** The coding a `content-encoding` header names: `undefined` for none, `unknown` for one, or a stack of them, that cannot be undone. */
export const codingOf = (header: string | undefined): Coding | "unknown" | undefined => {
  const name = header?.trim().toLowerCase() ?? ""
  if (name === "" || name === "identity") return undefined
  if (name === "x-gzip") return "gzip"
  return name === "gzip" || name === "deflate" || name === "br" || name === "zstd" ? name : "unknown"
}

/** Where decoded bytes go. */
export interface DecoderSink {
  /** Takes decoded bytes; `false` holds the decoder until `resume`. */
  readonly push: (chunk: Uint8Array) => boolean
  /** Encoded bytes may be written again. */
  readonly drained: () => void
  /** Everything was decoded, or the coding broke or grew beyond the bound: then `problem` says so and nothing follows. */
  readonly ended: (problem: string | undefined) => void
}

/** A running decoder. */
export interface Decoder {
  /** Takes encoded bytes; `false` asks to wait for `drained`. */
  readonly write: (chunk: Uint8Array) => boolean
  /** No more encoded bytes come. A coding that is not complete by then is a problem. */
  readonly end: () => void
  /** Goes on after `push` said `false`. */
  readonly resume: () => void
  /** Frees the decoder; nothing is called any more. */
  readonly destroy: () => void
}

/** A decoder of one body that gives at most `maxBytes`. */
export const make = (coding: Coding, maxBytes: number, sink: DecoderSink): Decoder => {
  let stream: Transform | undefined
  let decoded = 0
  let over = false

  const finish = (problem: string | undefined) => {
    if (over) return
    over = true
    stream?.destroy()
    sink.ended(problem)
  }

  const start = (first: Uint8Array): Transform => {
    const transform = transformOf(coding, first)
    transform.on("data", (chunk: Uint8Array) => {
      if (over) return
      decoded += chunk.length
      if (decoded > maxBytes) finish(`the ${coding} body decodes to more than ${maxBytes} bytes`)
      else if (!sink.push(chunk)) transform.pause()
    })
    transform.on("drain", () => over || sink.drained())
    transform.on("end", () => finish(undefined))
    transform.on("error", () => finish(`the body is not valid ${coding}`))
    return transform
  }

  return {
    write: (chunk) => {
      if (over || chunk.length === 0) return true
      stream ??= start(chunk)
      return stream.write(chunk)
    },
    // A reply may name a coding and have no body at all
    end: () => stream === undefined ? finish(undefined) : void stream.end(),
    resume: () => void stream?.resume(),
    destroy: () => {
      over = true
      stream?.destroy()
    }
  }
}

// internal

/** Decoders that give out what they have at every write, for a stream must not wait for a block to fill. */
const transformOf = (coding: Coding, first: Uint8Array): Transform => {
  const flush = { flush: Zlib.constants.Z_SYNC_FLUSH }
  switch (coding) {
    case "gzip":
      return Zlib.createGunzip(flush)
    case "br":
      return Zlib.createBrotliDecompress({ flush: Zlib.constants.BROTLI_OPERATION_FLUSH })
    case "zstd":
      return Zlib.createZstdDecompress({ flush: Zlib.constants.ZSTD_e_flush })
    case "deflate":
      // Some servers send raw deflate under this name (RFC 9110, 8.4.1.2); the low four bits of a zlib header are 8
      return ((first[0] ?? 0) & 0x0f) === 8 ? Zlib.createInflate(flush) : Zlib.createInflateRaw(flush)
  }
}
