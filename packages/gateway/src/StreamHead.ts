/**
 * The head of a streamed answer: what is known of the exchange, and what the interceptors of chunks make of it. They are shown it here,
 * once, before it goes to the client; after that no header can be changed.
 */
import * as Framing from "@sluice/protocol/Framing"
import type { GatewayError } from "@sluice/protocol/GatewayError"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { contextOf, type Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import type { Headers } from "./HeaderChange.ts"
import * as Reply from "./Reply.ts"
import * as ChunkRun from "./stages/ChunkRun.ts"

/** A head as a response takes it. */
export interface StreamHead {
  readonly contentType: string
  readonly headers: Headers
}

/** Makes the head, and starts the chunk stages where there are any; fails where one that must not fail does. */
export const make = (gateway: Gateway, exchange: Exchange, headers: Headers): Effect.Effect<StreamHead, GatewayError> =>
  Effect.suspend(() => {
    const { contentType } = Framing.writer(exchange.framing)
    const plain = { ...headers, ...Reply.unbuffered }
    const { chunks } = gateway.hooks
    if (chunks.length === 0) return Effect.succeed({ contentType, headers: plain })
    const place = { gateway, exchange, step: "interceptor" }
    const run = ChunkRun.start(place, chunks, contextOf(exchange), { status: 200, headers: { "content-type": contentType, ...plain } })
    if (Result.isFailure(run)) return Effect.fail(run.failure)
    exchange.chunks = run.success
    const { "content-type": type = contentType, ...rest } = run.success.headers
    return Effect.succeed({ contentType: type, headers: rest })
  })
