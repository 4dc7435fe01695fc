/**
 * A question: something a model service is asked that has one whole answer, beside generating: how many tokens a prompt has,
 * what the vectors of texts are. Its codec is pure and works in both directions, as those of requests and answers do; nothing
 * here is streamed.
 */
import type * as Result from "effect/Result"
import type { EncodedRequest, RequestInput } from "./Dialect.ts"
import type { Failure } from "./GatewayError.ts"
import type { DialectId, Json, JsonObject, Node } from "./Wire.ts"

/** What every question has in common. */
export interface Asked extends Node {
  readonly model: string
}

/** A question in the words of one protocol. */
export interface EncodedQuestion extends EncodedRequest {
  /** Which of the protocol's endpoints for this it is meant for, where there are several; see `Endpoint.variant`. */
  readonly variant?: string
}

/** What the encoder of an answer needs to know of the exchange. */
export interface QuestionContext<Q> {
  /** The question as the client asked it. */
  readonly question: Q
  /** Tokens the question has by estimate, for answers that must state a number the provider did not. */
  readonly estimatedInput: number
}

/** How one protocol asks a question `Q` and answers it with `A`. */
export interface Question<Q extends Asked, A> {
  /** The name of the wire form. Between two dialects that have it in common, bodies are passed on as they are. */
  readonly id: DialectId
  readonly request: {
    /** A body in canonical words; a failure of class `bad-request` names the offending path in `param`. */
    readonly decode: (input: RequestInput) => Result.Result<Q, Failure>
    /** What `decode` would refuse, without decoding. */
    readonly check: (input: RequestInput) => Failure | undefined
    /** Always succeeds: what cannot be carried is a loss, and the caller judges losses of weight `meaning`. */
    readonly encode: (question: Q) => EncodedQuestion
  }
  readonly response: {
    /** A body that is no answer to this question is a failure of class `protocol-violation`. */
    readonly decode: (body: Json) => Result.Result<A, Failure>
    /** An answer that this protocol has no words for is a failure. */
    readonly encode: (answer: A, context: QuestionContext<Q>) => Result.Result<JsonObject, Failure>
  }
}
