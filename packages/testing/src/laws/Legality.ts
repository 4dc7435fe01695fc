/** Law 4: every encoder accepts every legal sequence and every failure, and what it writes is legal to its own decoder and to outside judges. */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Dialect } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Grammar from "@sluice/protocol/Grammar"
import * as Draw from "../arbitraries/Draw.ts"
import * as Events from "../arbitraries/Events.ts"
import * as Usages from "../arbitraries/Usages.ts"
import { elsewhere } from "../arbitraries/Vocabulary.ts"
import * as Codec from "./Codec.ts"
import { explain } from "./Difference.ts"
import * as Law from "./Law.ts"
import type { LawOptions, Oracle } from "./Options.ts"

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

/** What is wrong with how a failure is told in a dialect's error reply: it keeps its words, and outside judges accept it. */
export const errorReply = (client: Dialect, failure: Failure, status: number, oracle: Oracle | undefined): string | undefined => {
  const body = Codec.transmit(client.errors.encode(failure, { status, requestId: "exchange-1", message: failure.message }))
  const received = client.errors.decode({ status, headers: {}, body: JSON.stringify(body) })
  return Law.first(
    explain("the words of the failure", failure.message, received.message),
    explain("its status", status, received.status),
    oracle?.error?.(body)
  )
}

/** Statuses that a gateway answers with. */
const statuses = [400, 401, 402, 403, 404, 408, 409, 413, 415, 422, 429, 499, 500, 501, 502, 503, 504, 529] as const

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
  ),
  Law.make(
    "4",
    `every failure becomes a legal error reply, ${dialect.id}`,
    Draw.arbitrary((draw) => ({ failure: Usages.failure(draw), status: draw.pick(statuses) })),
    ({ failure, status }) => errorReply(dialect, failure, status, oracle)
  )
]
