/**
 * Reads a body to its end, within bounds: for answers that are JSON, error bodies, and what is asked beside exchanges. It knows no
 * status and no content type.
 */
import { joined } from "@sluice/protocol/Chunks"
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Effect from "effect/Effect"
import type { ByteSource } from "../ByteSource.ts"

/** Reads a body whole; too much of it is a failure, a reset is a cut, and so is what `onBytes` says of the bytes that came. */
export const readAll = (source: ByteSource, limit: number, onBytes: (count: number) => GatewayError | undefined): Effect.Effect<Uint8Array, GatewayError> => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  const more: Effect.Effect<Uint8Array, GatewayError> = Effect.suspend(() => {
    for (const chunk of source.take()) {
      chunks.push(chunk)
      size += chunk.length
      const refused = onBytes(chunk.length)
      if (refused !== undefined) return refused
    }
    if (size > limit) return fail({ class: "protocol-violation", message: `The provider's answer is larger than ${limit} bytes.` })
    const ended = source.ended()
    if (ended === undefined) return Effect.flatMap(source.await, () => more)
    return ended._tag === "Eof"
      ? Effect.succeed(joined(chunks))
      : fail({ class: "transient", message: `The provider closed the connection in the middle of its answer: ${ended.message}` })
  })
  return more
}
