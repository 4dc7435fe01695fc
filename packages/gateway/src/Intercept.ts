/**
 * Runs interceptors over a request, in order. The request is decoded only if there is one that wants it, and only a request
 * that really differs leaves the byte lane.
 */
import { same } from "@sluice/protocol/Equality"
import type { GatewayError } from "@sluice/protocol/GatewayError"
import type { Asked } from "@sluice/protocol/Question"
import * as Effect from "effect/Effect"
import type { Inbound } from "./Inbound.ts"
import type { AttemptChange } from "./Interceptor.ts"
import * as ShortCircuit from "./ShortCircuit.ts"
import type { Hook } from "./Work.ts"

const isChange = <Q extends Asked>(made: Q | AttemptChange<Q>): made is AttemptChange<Q> => "_tag" in made && made._tag === "AttemptChange"

/** What the hooks made of the request, which is `changed` or the client's own; `undefined` when it still is the client's own. */
export const run = Effect.fnUntraced(function*<Q extends Asked, C>(
  inbound: Inbound<Q>,
  changed: Q | undefined,
  hooks: ReadonlyArray<Hook<Q, C>>,
  context: C
): Effect.fn.Return<Q | undefined, GatewayError> {
  const own = yield* Effect.fromResult(inbound.request())
  let request = changed ?? own
  for (const hook of hooks) {
    const made = yield* Effect.mapError(hook(request, context), ShortCircuit.toError)
    request = isChange(made) ? made.request ?? request : made
  }
  return request === own || same(request, own) ? undefined : request
})
