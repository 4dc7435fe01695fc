/**
 * The word of an extension or interceptor that ends an exchange with a reply of its own: no provider is asked, or no further one.
 * A part fails with it; the pipeline sends the reply, and the ledger says whose it was. A refusal in the client's own dialect is a
 * `GatewayError` instead, with which every stage may fail too.
 *
 * @example
 * admit: () => isHoliday ? ShortCircuit.reply({ status: 503, headers: { "retry-after": "3600" }, body: "Closed." }) : Effect.void
 */
import type { Frame } from "@sluice/protocol/CanonicalEvent"
import * as Frames from "@sluice/protocol/CanonicalEvent"
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as Data from "effect/Data"

/** A reply as it goes over HTTP. */
export interface Reply {
  /** 200 to 599; anything else is sent as 403. */
  readonly status: number
  readonly headers?: { readonly [name: string]: string }
  /** Text and bytes as they are, an object as JSON; absent = an empty body. */
  readonly body?: string | Uint8Array | JsonObject
}

/** An answer in canonical words, which every client reads in its own dialect, streamed where it asked for a stream. */
export interface CanonicalAnswer {
  /** A legal sequence that ends with `end`. */
  readonly frames: ReadonlyArray<Frame>
  readonly headers?: { readonly [name: string]: string }
}

/** Ends an exchange; fail with it. */
export class ShortCircuit extends Data.TaggedError("ShortCircuit")<{
  readonly with: ({ readonly _tag: "Reply" } & Reply) | ({ readonly _tag: "Answer" } & CanonicalAnswer)
}> {}

/** What a stage may fail with: a reply of its own, or a refusal in the client's dialect. Neither is a fault of the part. */
export type Stop = GatewayError | ShortCircuit

/** Status, headers and body. The ledger files it as `Denied` by the part. */
export const reply = (reply: Reply): ShortCircuit => new ShortCircuit({ with: { _tag: "Reply", ...reply } })

/** An answer in place of a provider's. The ledger files it as `Cached` by the part. */
export const answer = (answer: CanonicalAnswer): ShortCircuit => new ShortCircuit({ with: { _tag: "Answer", ...answer } })

/** An answer that says one text. */
export const text = (said: string, facts: { readonly model?: string } = {}): ShortCircuit =>
  answer({
    frames: [
      Frames.frame(
        { type: "start", ...facts },
        { type: "block-start", choice: 0, index: 0, kind: "text" },
        { type: "text-delta", choice: 0, index: 0, text: said },
        { type: "block-end", choice: 0, index: 0 },
        { type: "finish", choice: 0, reason: "stop" },
        { type: "end" }
      )
    ]
  })

/** A stop as a refusal in the client's dialect, for where no reply of another making can be sent any more. */
export const toError = (stop: Stop): GatewayError => {
  if (stop._tag === "GatewayError") return stop
  const { with: given } = stop
  return fail(
    given._tag === "Reply"
      ? { class: "denied", message: typeof given.body === "string" && given.body !== "" ? given.body : "The request was refused.", status: given.status }
      : { class: "denied", message: "The request was answered in another way." }
  )
}
