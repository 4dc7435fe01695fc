/**
 * Runs interceptors over a request, in order. The request is decoded only if there is one that wants it, and only a request
 * that really differs leaves the byte lane.
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import { same } from "@sluice/protocol/Equality"
import type { GatewayError } from "@sluice/protocol/GatewayError"
import * as Effect from "effect/Effect"
import type { Inbound } from "./Inbound.ts"

/** What the hooks made of the request, which is `changed` or the client's own; `undefined` when it still is the client's own. */
export const run = Effect.fnUntraced(function*<C>(
  inbound: Inbound,
  changed: CanonicalRequest | undefined,
  hooks: ReadonlyArray<(request: CanonicalRequest, context: C) => Effect.Effect<CanonicalRequest, GatewayError>>,
  context: C
): Effect.fn.Return<CanonicalRequest | undefined, GatewayError> {
  const own = yield* Effect.fromResult(inbound.request())
  let request = changed ?? own
  for (const hook of hooks) request = yield* hook(request, context)
  return request === own || same(request, own) ? undefined : request
})
