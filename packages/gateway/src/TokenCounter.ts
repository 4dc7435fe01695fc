/**
 * Who counts the tokens of a prompt where the provider does not: a reference with a default, which a gateway may replace by one
 * that knows its models better. Not used where a provider counts.
 *
 * @example
 * Layer.succeed(TokenCounter)({ count: (request) => Effect.succeed({ input: JSON.stringify(request.turns).length / 4 }) })
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { GatewayError } from "@sluice/protocol/GatewayError"
import type { TokenCount } from "@sluice/protocol/TokenCount"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as BpeCounter from "./tokenCounter/BpeCounter.ts"

/** Counts the tokens of a request's prompt; the request names the provider's model. */
export interface TokenCounter {
  readonly count: (request: CanonicalRequest) => Effect.Effect<TokenCount, GatewayError>
}

/** The counter in use; a byte-pair encoding of OpenAI's models unless another is provided. */
export const TokenCounter = Context.Reference<TokenCounter>("@sluice/gateway/TokenCounter", { defaultValue: () => ({ count: BpeCounter.count }) })
