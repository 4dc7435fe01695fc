/**
 * Runs interceptors over a request, in order. The request is decoded only if there is one that wants it, and only a request
 * that really differs leaves the byte lane.
 */
import { same } from "@sluice/protocol/Equality"
import * as Json from "@sluice/protocol/Json"
import type { Loss } from "@sluice/protocol/Loss"
import type { Asked } from "@sluice/protocol/Question"
import { isObject } from "@sluice/protocol/Wire"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as HeaderChange from "./HeaderChange.ts"
import type { Installed } from "./Hooks.ts"
import type { Inbound } from "./Inbound.ts"
import type { AttemptChange, Edit } from "./Interceptor.ts"
import type { Outbound } from "./Outbound.ts"
import * as PartCall from "./PartCall.ts"
import type { Stop } from "./ShortCircuit.ts"
import type { Hook } from "./Work.ts"

/** What the hooks made of a request. */
export interface Intercepted<Q> {
  /** The request, which is the one before or another one; `undefined` when it still is the client's own. */
  readonly changed: Q | undefined
  /** Changes of the headers that go upstream, in order. */
  readonly headers: ReadonlyArray<HeaderChange.HeaderChange>
  /** What is sent in place of the encoded request. */
  readonly body: string | Uint8Array | undefined
  /** Changes of the encoded request, in order. */
  readonly edits: ReadonlyArray<Edit>
  /** What the caller does not get by all this. */
  readonly losses: ReadonlyArray<Loss>
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
  const headers: Array<HeaderChange.HeaderChange> = []
  const edits: Array<Edit> = []
  const losses: Array<Loss> = []
  let body: string | Uint8Array | undefined
  for (const hook of hooks) {
    const before = request
    const made = yield* PartCall.run(place, hook, (change) => change(before, context), before)
    if (!isChange(made)) {
      request = made
      continue
    }
    const problem = HeaderChange.problem(made.headers)
    if (problem !== undefined) {
      yield* Effect.fromResult(PartCall.fault(place, hook, problem, undefined))
      continue
    }
    request = made.request ?? before
    if (made.headers !== undefined) headers.push(made.headers)
    body = made.body ?? body
    if (made.edit !== undefined) edits.push(made.edit)
    if (made.losses !== undefined) losses.push(...made.losses)
  }
  return { changed: request === own || same(request, own) ? undefined : request, headers, body, edits, losses }
})

/** The encoded request after its edits. A body that is no object of JSON has none. */
const edited = (outbound: Outbound, edits: ReadonlyArray<Edit>): Outbound => {
  const parsed = edits.length === 0 ? undefined : Result.getOrUndefined(Json.parseExact(outbound.body))
  if (!isObject(parsed)) return outbound
  let body = parsed
  const losses: Array<Loss> = []
  for (const edit of edits) {
    const made = edit(body)
    body = made.body
    losses.push(...made.losses)
  }
  return body === parsed ? outbound : { ...outbound, body: JSON.stringify(body), losses: [...outbound.losses, ...losses] }
}

/** What a target is sent, with what the hooks want beside another request. */
export const sent = <Q>(outbound: Outbound, { body, edits, headers, losses }: Intercepted<Q>): Outbound => {
  const written = body === undefined ? edited(outbound, edits) : { ...outbound, replaced: body }
  return headers.length === 0 && losses.length === 0 ? written : { ...written, changes: headers, losses: [...written.losses, ...losses] }
}
