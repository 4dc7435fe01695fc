/** Law 4: every encoder accepts every legal sequence, and what it writes is legal to its own decoder and to outside judges. */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Grammar from "@sluice/protocol/Grammar"
import * as Draw from "../arbitraries/Draw.ts"
import * as Events from "../arbitraries/Events.ts"
import { elsewhere } from "../arbitraries/Vocabulary.ts"
import * as Codec from "./Codec.ts"
import * as Law from "./Law.ts"
import type { LawOptions } from "./Options.ts"

/** What is wrong with a sequence: a violation, or no terminal. */
export const illegality = (events: ReadonlyArray<CanonicalEvent>): string | undefined => {
  const state = Grammar.check(Grammar.initial, events)
  if (Grammar.isViolation(state)) return `illegal events: ${state.message}`
  return state.phase === "ended" ? undefined : "the events have no terminal"
}

/** What is wrong with the events a dialect reads from its own output: illegal, or a failure that nobody reported. */
const unlike = (source: ReadonlyArray<CanonicalEvent>, received: ReadonlyArray<CanonicalEvent>): string | undefined => {
  const last = received.at(-1)
  return Law.first(
    illegality(received),
    last?.type === "error" && source.at(-1)?.type !== "error" ? `its own output looks broken to it: ${last.failure.message}` : undefined
  )
}

/** The law for one dialect. */
export const laws = (dialect: Dialect, { vocabulary = elsewhere, oracle }: LawOptions): ReadonlyArray<Law.Law> => [
  Law.make(
    "4",
    `every legal sequence becomes a legal stream, ${dialect.id}`,
    Draw.arbitrary((draw) => ({
      isAsked: draw.chance(60),
      frames: Events.frames(draw, Events.events(draw, draw.chance(30) ? elsewhere : vocabulary, { choices: 3, ending: "either" }))
    })),
    ({ frames, isAsked }) => {
      const request = { ...Codec.plainRequest, streamOptions: { includeUsage: isAsked } }
      const wire = Codec.encodeStream(dialect, frames, Codec.contextFor(request))
      return Law.first(unlike(Codec.eventsOf(frames), Codec.eventsOf(Codec.decodeStream(dialect, wire))), oracle?.stream?.(wire, request))
    }
  ),
  Law.make(
    "4",
    `every legal sequence becomes a legal body, ${dialect.id}`,
    Draw.arbitrary((draw) => Events.frames(draw, Events.events(draw, draw.chance(30) ? elsewhere : vocabulary, { choices: 3 }))),
    (frames) => {
      const body = Codec.transmit(dialect.response.encode(frames, Codec.contextFor(Codec.plainRequest)))
      return Law.first(unlike(Codec.eventsOf(frames), dialect.response.decode(body).events), oracle?.response?.(body))
    }
  )
]
