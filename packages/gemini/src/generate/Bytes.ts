/**
 * What the byte lane asks of an event without decoding it. Every chunk of Gemini states the usage so far, and nothing in a chunk
 * tells whether it continues a part or begins one, so that each is decoded. Nothing is asked for, nothing hidden, nothing ends a stream.
 */
import type { WireEvent } from "@sluice/protocol/Sse"

/** No chunk can be counted without being decoded. */
export const deltaLength = (): number | undefined => undefined

/** A stream ends where its bytes do. */
export const terminal: ReadonlyArray<WireEvent> = []
