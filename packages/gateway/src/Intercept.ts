/**
 * Runs interceptors over a request, in order. The request is decoded only if there is one that wants it, and only a request
 * that really differs leaves the byte lane.
 */
import { same } from "@sluice/protocol/Equality"
import type { Asked } from "@sluice/protocol/Question"
import * as Effect from "effect/Effect"
import type { HeaderChange } from "./HeaderChange.ts"
import type { Installed } from "./Hooks.ts"
import type { Inbound } from "./Inbound.ts"
import type { AttemptChange } from "./Interceptor.ts"
import type { Outbound } from "./Outbound.ts"
import * as PartCall from "./PartCall.ts"
import type { Stop } from "./ShortCircuit.ts"
import type { Hook } from "./Work.ts"

/** What the hooks made of a request. */
export interface Intercepted<Q> {
  /** The request, which is the one before or another one; `undefined` when it still is the client's own. */
  readonly changed: Q | undefined
  /** Changes of the headers that go upstream, in order. */
  readonly headers: ReadonlyArray<HeaderChange>
  /** What is sent in place of the encoded request. */
  readonly body: string | Uint8Array | undefined
}

const isChange = <Q extends Asked>(made: Q | AttemptChange<Q>): made is AttemptChange<Q> => "_tag" in made && made._tag === "AttemptChange"

/** Runs the hooks over `changed`, or over the client's own request where nothing has changed it. */
export const run = Effect.fnUntraced(function*<Q extends Asked, C>(
  place: PartCall.Place,
  inbound: Inbound<Q>,
  changed: Q | undefined,
  hooks: ReadonlyArray<Installed<Hook<Q, C>>>,
  context: C
): Effect.fn.Return<Intercepted<Q>, Stop> {
  const own = yield* Effect.fromResult(inbound.request())
  let request = changed ?? own
  const headers: Array<HeaderChange> = []
  let body: string | Uint8Array | undefined
  for (const hook of hooks) {
    const before = request
    const made = yield* PartCall.run(place, hook, (change) => change(before, context), before)
    if (!isChange(made)) {
      request = made
      continue
    }
    request = made.request ?? before
    if (made.headers !== undefined) headers.push(made.headers)
    body = made.body ?? body
  }
  return { changed: request === own || same(request, own) ? undefined : request, headers, body }
})

/** What a target is sent, with what the hooks want beside another request. */
export const sent = <Q>(outbound: Outbound, { body, headers }: Intercepted<Q>): Outbound =>
  headers.length === 0 && body === undefined ? outbound : { ...outbound, changes: headers, ...(body === undefined ? {} : { replaced: body }) }
