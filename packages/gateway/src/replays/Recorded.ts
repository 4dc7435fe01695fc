/**
 * An answer as it is kept to be given again: status, the headers that are its own, and the bytes as the client got them, cut where
 * they were written, so that a stream is given as a stream whose pieces end where events end.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** An answer that can be given again. */
export interface Recorded {
  readonly status: number
  readonly contentType: string
  /** The gateway's own headers about the answer; not those that name the exchange. */
  readonly headers: { readonly [name: string]: string }
  readonly isStream: boolean
  readonly pieces: ReadonlyArray<Uint8Array>
  /** The exchange that was executed. */
  readonly exchange: string
  /** What it cost, as decimal US dollars; absent = no price known. */
  readonly costUsd?: string
}

const Head = Schema.Struct({
  status: Schema.Int,
  contentType: Schema.String,
  headers: Schema.Record(Schema.String, Schema.String),
  isStream: Schema.Boolean,
  /** Lengths of the pieces, in bytes. */
  pieces: Schema.Array(Schema.Int),
  exchange: Schema.String,
  costUsd: Schema.optionalKey(Schema.String)
})

const readHead = Schema.decodeUnknownOption(Schema.fromJsonString(Head))

const lengthBytes = 4

/** An answer as one run of bytes. */
export const toBytes = ({ pieces, ...facts }: Recorded): Uint8Array => {
  const head = Buffer.from(JSON.stringify({ ...facts, pieces: pieces.map((piece) => piece.length) } satisfies typeof Head.Type))
  const length = Buffer.alloc(lengthBytes)
  length.writeUInt32BE(head.length)
  return Buffer.concat([length, head, ...pieces])
}

/** The answer in a run of bytes; none where it is not one. */
export const fromBytes = (bytes: Uint8Array): Option.Option<Recorded> => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length < lengthBytes) return Option.none()
  const start = lengthBytes + buffer.readUInt32BE(0)
  return Option.flatMap(readHead(buffer.subarray(lengthBytes, start).toString("utf8")), ({ pieces: lengths, ...facts }) => {
    const pieces: Array<Uint8Array> = []
    let at = start
    for (const length of lengths) pieces.push(buffer.subarray(at, at += length))
    return at === buffer.length ? Option.some({ ...facts, pieces }) : Option.none()
  })
}
