/**
 * Law 7: a stream that is cut before its last finish ends with one well-formed error in the client's dialect, and never with an
 * invented stop. Cut after every choice finished, it is whole.
 */
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalResponse } from "@sluice/protocol/CanonicalResponse"
import * as Collect from "@sluice/protocol/Collect"
import type { Dialect, Ending } from "@sluice/protocol/Dialect"
import * as Equality from "@sluice/protocol/Equality"
import type { WireEvent } from "@sluice/protocol/Sse"
import * as Draw from "../arbitraries/Draw.ts"
import * as Events from "../arbitraries/Events.ts"
import { elsewhere } from "../arbitraries/Vocabulary.ts"
import * as Codec from "./Codec.ts"
import { explain } from "./Difference.ts"
import * as Law from "./Law.ts"
import { illegality } from "./Legality.ts"
import type { LawOptions, Oracle } from "./Options.ts"

const finished = (events: ReadonlyArray<CanonicalEvent>): ReadonlySet<number> =>
  new Set(events.flatMap((event) => event.type === "finish" ? [event.choice] : []))

const started = (events: ReadonlyArray<CanonicalEvent>): ReadonlySet<number> =>
  new Set(events.flatMap((event) => event.type === "block-start" || event.type === "finish" ? [event.choice] : []))

/** What is wrong with how a client sees a stream that broke off; nothing when the law holds. */
export const broken = (client: Dialect, upstream: ReadonlyArray<Frame>, oracle?: Oracle): string | undefined => {
  const before = Codec.eventsOf(upstream)
  const wire = Codec.encodeStream(client, upstream, Codec.contextFor(Codec.plainRequest))
  const after = Codec.eventsOf(Codec.decodeStream(client, wire))
  const terminals = after.filter((event) => event.type === "end" || event.type === "error")
  const fails = before.at(-1)?.type === "error"
  return Law.first(
    illegality(before),
    illegality(after),
    terminals.length === 1 ? undefined : `${terminals.length} terminals`,
    !fails || terminals[0]?.type === "error" ? undefined : "a broken stream looks whole to the client",
    fails || terminals[0]?.type === "end" ? undefined : "a whole stream looks broken to the client",
    // A protocol with one choice gives its number to whichever came.
    finished(after).size <= finished(before).size ? undefined : "a finish was invented",
    oracle?.stream?.(wire, Codec.plainRequest)
  )
}

/** What each choice that a stream has begun says and why it ended. */
const choicesOf = (response: CanonicalResponse, begun: ReadonlySet<number>) =>
  response.choices.filter(({ index }) => begun.has(index)).map(({ index, parts, finish }) => ({ index, parts: Equality.bare(parts), finish: finish?.reason }))

/** What is wrong with the cut of a stream of wire events behind the `kept` first ones. */
export const cut = (upstream: Dialect, client: Dialect, wire: ReadonlyArray<WireEvent>, kept: number, ending: Ending, oracle?: Oracle): string | undefined => {
  const frames = Codec.decodeStream(upstream, wire.slice(0, kept), ending)
  const events = Codec.eventsOf(frames)
  const whole = Collect.collectFrames(Codec.decodeStream(upstream, wire))
  const begun = started(events)
  return Law.first(
    events.at(-1)?.type === "end" && whole.failure === undefined
      ? explain("a stream that looks whole though it was cut", choicesOf(whole, begun), choicesOf(Collect.collect(events), begun))
      : undefined,
    broken(client, frames, oracle)
  )
}

/** The law for an upstream dialect, whose words `vocabulary` has, and a client's, whose judge `oracle` is; both may be the same. */
export const laws = (upstream: Dialect, client: Dialect, { vocabulary = elsewhere, oracle }: LawOptions): ReadonlyArray<Law.Law> => [
  Law.make(
    "7",
    `a cut stream ends in one error, ${upstream.id} → ${client.id}`,
    Draw.arbitrary((draw) => ({
      share: draw.below(1001),
      ending: draw.pick(["eof", "reset"] as const),
      frames: Events.frames(draw, Events.events(draw, vocabulary, { choices: 2 }))
    })),
    ({ frames, share, ending }) => {
      const wire = Codec.encodeStream(upstream, frames, Codec.contextFor(Codec.plainRequest))
      return cut(upstream, client, wire, Math.floor(share * wire.length / 1000), ending, oracle)
    }
  )
]
