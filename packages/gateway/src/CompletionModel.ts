/**
 * A model as a program in the same process asks it: canonical words in, canonical events out. Failures have two levels. What goes
 * wrong before an answer begins fails the outer Effect, and may be asked again; what goes wrong afterwards fails the stream, and
 * may not. Where models come from says CompletionClient.ts.
 */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { CanonicalResponse } from "@sluice/protocol/CanonicalResponse"
import type { GatewayError } from "@sluice/protocol/GatewayError"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"

/** What a model is asked. Which one, and whether it streams, is said by how it is asked. */
export type CompletionRequest = Omit<CanonicalRequest, "model" | "stream">

/** A model that can be asked. */
export interface CompletionModel {
  /** Whose model it is, for logs and spans; the same for all models of a client. */
  readonly name: string
  /** The model's name as the client was asked for it, before aliases and routes. */
  readonly model: string
  /**
   * Asks for an answer as it comes. The outer Effect succeeds with the first event that commits to an answer; a failure of it is
   * a failure of the setup. The stream ends with the answer's end, or fails with what went wrong in the middle. Closing the scope
   * before that cancels the answer, at the provider too. The stream can be run once; an answer that is not read for as long as a
   * client may stall is given up.
   *
   * @example
   * model.stream({ turns: [{ role: "user", parts: [{ type: "text", text: "Hello" }] }] }).pipe(Stream.unwrap, Stream.runCollect)
   */
  readonly stream: (request: CompletionRequest) => Effect.Effect<Stream.Stream<CanonicalEvent, GatewayError>, GatewayError, Scope.Scope>
  /** Asks for a whole answer. Interrupting it cancels it at the provider. */
  readonly generate: (request: CompletionRequest) => Effect.Effect<CanonicalResponse, GatewayError>
}
