/** What a decoder is attacked with: bytes as they would come from the network, and what comes beside them. */

/** The decoders of a dialect. `array` is the stream in the framing of one JSON array, for dialects that have it. */
export type Decoder = "request" | "response" | "stream" | "array" | "error"

/** One input. */
export interface Input {
  readonly bytes: Uint8Array
  /** Where the bytes are cut into network chunks, as ascending offsets; streams only. */
  readonly cuts: ReadonlyArray<number>
  /** How a stream ended behind its bytes. */
  readonly ending: "eof" | "reset"
  /** Status and headers of an error reply. */
  readonly status: number
  readonly headers: { readonly [name: string]: string }
}

/** An input of these bytes, in one piece. */
export const of = (bytes: Uint8Array): Input => ({ bytes, cuts: [], ending: "eof", status: 500, headers: {} })

/** The bytes in chunks. */
export const chunks = ({ bytes, cuts }: Input): ReadonlyArray<Uint8Array> => {
  if (cuts.length === 0) return [bytes]
  const offsets = [0, ...cuts, bytes.length]
  return offsets.slice(1).map((offset, index) => bytes.subarray(offsets[index], offset))
}

/** An input as text, for people and for the list of regressions: invalid UTF-8 is kept as base64. */
export interface Written {
  readonly text?: string
  readonly base64?: string
  readonly cuts?: ReadonlyArray<number>
  readonly ending?: "reset"
  readonly status?: number
  readonly headers?: { readonly [name: string]: string }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
const encoder = new TextEncoder()

/** Writes an input down. */
export const write = (input: Input): Written => {
  const text = decoder.decode(input.bytes)
  const isText = Buffer.compare(encoder.encode(text), input.bytes) === 0
  return {
    ...(isText ? { text } : { base64: Buffer.from(input.bytes).toString("base64") }),
    ...(input.cuts.length === 0 ? {} : { cuts: input.cuts }),
    ...(input.ending === "eof" ? {} : { ending: input.ending }),
    ...(input.status === 500 ? {} : { status: input.status }),
    ...(Object.keys(input.headers).length === 0 ? {} : { headers: input.headers })
  }
}

/** Reads an input that was written down. */
export const read = ({ base64, cuts, ending, headers, status, text }: Written): Input => ({
  bytes: base64 === undefined ? encoder.encode(text ?? "") : new Uint8Array(Buffer.from(base64, "base64")),
  cuts: cuts ?? [],
  ending: ending ?? "eof",
  status: status ?? 500,
  headers: headers ?? {}
})
