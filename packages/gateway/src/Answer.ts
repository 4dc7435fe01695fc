/**
 * What an attempt comes to when it succeeds: a stream that has begun, or a whole body. How either reaches the client is the
 * pipeline's business.
 */
import type { AnswerStream } from "./AnswerStream.ts"
import type { UpstreamReply } from "./UpstreamClient.ts"

/** An answer that has begun. */
export type Answer =
  | { readonly _tag: "Streamed"; readonly reply: UpstreamReply; readonly stream: AnswerStream }
  | {
    readonly _tag: "Buffered"
    readonly reply: Pick<UpstreamReply, "headers">
    readonly body: Uint8Array
    /** Headers of the gateway's own that say how the answer came about. */
    readonly marks?: { readonly [name: string]: string }
  }
