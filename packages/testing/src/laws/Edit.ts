/**
 * Law 1b: an edit of any canonical field shows on the wire, and nothing else changes there. Where a protocol says a block again
 * as a whole, the whole follows the edit of its piece: a word that was taken out must not come back in what restates it.
 */
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, Turn } from "@sluice/protocol/CanonicalRequest"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Equality from "@sluice/protocol/Equality"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Draw from "../arbitraries/Draw.ts"
import * as Events from "../arbitraries/Events.ts"
import * as Requests from "../arbitraries/Requests.ts"
import { elsewhere } from "../arbitraries/Vocabulary.ts"
import * as Codec from "./Codec.ts"
import { differences, explain } from "./Difference.ts"
import * as Disturbance from "./Disturbance.ts"
import { disturbedEvents, payload } from "./Identity.ts"
import * as Law from "./Law.ts"
import type { LawOptions } from "./Options.ts"

/** An edited request and where the edit may show on the wire. */
interface Edited {
  readonly request: CanonicalRequest
  /** The canonical field, for the message. */
  readonly field: string
  /** Whether a place of the wire body belongs to the edit. */
  readonly owns: (pointer: string) => boolean
}

const within = (place: string | undefined) => (pointer: string): boolean => place !== undefined && (pointer === place || pointer.startsWith(`${place}/`))

/** New values of request fields; each is applied only when it differs from what is there. */
const values: Partial<CanonicalRequest> = {
  model: "edited-model",
  maxOutputTokens: 77,
  temperature: 0.25,
  topP: 0.125,
  topK: 7,
  stop: ["EDITED"],
  seed: 77,
  presencePenalty: 0.5,
  frequencyPenalty: 0.5,
  parallelToolCalls: false,
  user: "edited-user",
  metadata: { user_id: "edited" },
  serviceTier: "auto",
  stream: true,
  verbosity: "low",
  store: true,
  safetyIdentifier: "edited",
  cacheKey: "edited"
}

/** A field may be told under several wire keys (`max_tokens`, `max_completion_tokens`): where it stands now, or a key that is new. */
const ofField = (request: CanonicalRequest, body: Json, field: string): (pointer: string) => boolean => {
  const place = request.places?.[field]
  return (pointer) => within(place)(pointer) || (place === undefined && isObject(body) && !Object.keys(body).some((key) => within(`/${key}`)(pointer)))
}

const fieldEdits = (request: CanonicalRequest, body: Json): ReadonlyArray<Edited> => {
  const { ...fields } = request
  const set = Object.entries(values).map(([field, value]): Edited => ({
    request: { ...fields, [field]: value },
    field,
    owns: ofField(request, body, field)
  }))
  const optional = ["temperature", "topP", "topK", "stop", "user", "metadata", "serviceTier", "seed", "toolChoice", "parallelToolCalls"] as const
  const unset = optional.flatMap((field): ReadonlyArray<Edited> => {
    const { [field]: old, ...rest } = request
    return old === undefined ? [] : [{ request: rest, field, owns: ofField(request, body, field) }]
  })
  return [...set, ...unset]
}

const editedPart = (part: Part): Part | undefined => {
  switch (part.type) {
    case "text":
    case "refusal":
      return { ...part, text: "edited text" }
    case "tool-call":
      return { ...part, arguments: part.kind === "custom" ? "edited" : "{\"edited\":true}" }
    case "tool-result":
      return { ...part, parts: [{ type: "text", text: "edited result" }] }
    default:
      return undefined
  }
}

const turnEdits = (request: CanonicalRequest, key: "turns" | "instructions"): ReadonlyArray<Edited> =>
  (request[key] ?? []).flatMap((turn, turnIndex) =>
    turn.parts.flatMap((part, partIndex): ReadonlyArray<Edited> => {
      const edited = editedPart(part)
      if (edited === undefined) return []
      const parts = turn.parts.with(partIndex, edited)
      const turns: ReadonlyArray<Turn> = (request[key] ?? []).with(turnIndex, { ...turn, parts })
      return [{ request: { ...request, [key]: turns }, field: `${key}/${turnIndex}/parts/${partIndex}`, owns: within(part.at ?? turn.at) }]
    })
  )

const toolEdits = (request: CanonicalRequest): ReadonlyArray<Edited> =>
  (request.tools ?? []).flatMap((tool, index): ReadonlyArray<Edited> =>
    tool.type === "function" || tool.type === "custom"
      ? [{
        request: { ...request, tools: (request.tools ?? []).with(index, { ...tool, description: "edited" }) },
        field: `tools/${index}/description`,
        owns: within(tool.at)
      }]
      : []
  )

const judgeRequest = (dialect: Dialect, body: Json, nth: number): string | undefined => {
  const decoded = Codec.decodeRequest(dialect, body)
  if (Result.isFailure(decoded)) return `a legal request is refused: ${decoded.failure.message}`
  const request = decoded.success
  const edits = [...fieldEdits(request, body), ...turnEdits(request, "turns"), ...turnEdits(request, "instructions"), ...toolEdits(request)]
    .filter((edit) => !Equality.same(edit.request, request))
  const edit = edits[nth % Math.max(1, edits.length)]
  if (edit === undefined) return undefined
  const encoded = dialect.request.encode(edit.request)
  // What the dialect cannot say is a loss, and law 2 judges losses.
  if (encoded.losses.length > 0) return undefined
  const back = Codec.receive(dialect, edit.request, encoded)
  if (Result.isFailure(back)) return `the edit of ${edit.field} is refused: ${back.failure.message}`
  const strays = differences(body, encoded.body).filter(({ pointer }) => !edit.owns(pointer))
  return Law.first(
    explain(`the request after an edit of ${edit.field}`, Equality.bare(edit.request), Equality.bare(back.success)),
    strays[0] === undefined ? undefined : `an edit of ${edit.field} also changes ${strays[0].pointer} to ${JSON.stringify(strays[0].actual)}`
  )
}

/** The first text delta of the frame at or after a place, with other words. */
const editedFrames = (frames: ReadonlyArray<Frame>, nth: number): { readonly frames: ReadonlyArray<Frame>; readonly index: number } | undefined => {
  const places = frames.flatMap((frame, index) => frame.wire !== undefined && frame.events.some((event) => event.type === "text-delta") ? [index] : [])
  const index = places[nth % Math.max(1, places.length)]
  const frame = index === undefined ? undefined : frames[index]
  if (index === undefined || frame === undefined) return undefined
  const events = frame.events.map((event): CanonicalEvent => event.type === "text-delta" ? { ...event, text: "edited" } : event)
  return { frames: frames.with(index, { ...frame, events }), index }
}

/** The words of the blocks of one frame's text deltas, over all frames. */
const wholes = (frames: ReadonlyArray<Frame>, index: number): ReadonlyArray<string> =>
  (frames[index]?.events ?? []).flatMap((event) =>
    event.type !== "text-delta" ?
      [] :
      said(frames).map((other) => other.type === "text-delta" && other.choice === event.choice && other.index === event.index ? other.text : "").join("")
  )

const said = (frames: ReadonlyArray<Frame>): ReadonlyArray<CanonicalEvent> => Codec.eventsOf(frames)

/** The law for one dialect. */
export const laws = (dialect: Dialect, { vocabulary = elsewhere }: LawOptions): ReadonlyArray<Law.Law> => [
  Law.make(
    "1b",
    `an edit of a request shows, and nothing else changes, ${dialect.id}`,
    Draw.arbitrary((draw) => ({ nth: draw.below(1000), request: Requests.request(draw, vocabulary), unknown: Disturbance.draw(draw, 3) })),
    ({ request, nth, unknown }) => judgeRequest(dialect, Disturbance.withUnknownKeys(Codec.transmit(dialect.request.encode(request).body), unknown), nth)
  ),
  Law.make(
    "1b",
    `an edit of a stream shows, and nothing else changes, ${dialect.id}`,
    Draw.arbitrary((draw) => ({
      nth: draw.below(1000),
      frames: Events.frames(draw, Events.events(draw, vocabulary, { choices: 2 })),
      unknown: Disturbance.draw(draw, 3)
    })),
    ({ frames, nth, unknown }) => {
      const context = Codec.contextFor(Codec.plainRequest)
      const wire = disturbedEvents(Codec.encodeStream(dialect, frames, context), unknown)
      const decoded = Codec.decodeStream(dialect, wire)
      const edited = editedFrames(decoded, nth)
      if (edited === undefined) return undefined
      const again = Codec.encodeStream(dialect, edited.frames, context)
      const before = wholes(decoded, edited.index)
      const after = wholes(edited.frames, edited.index)
      const changed = wire.flatMap((event, index) => {
        const all = differences(payload(event), again[index] === undefined ? undefined : payload(again[index]))
        return all.every(({ actual, expected }) => before.some((words, block) => words === expected && after[block] === actual)) ? [] : [index]
      })
      const lost = wire.flatMap((event, index) => differences(payload(event), again[index] === undefined ? undefined : payload(again[index])))
        .find(({ pointer }) => unknown.some(({ key }) => pointer.endsWith(Pointer.child("", key))))
      return Law.first(
        again.length === wire.length ? undefined : `the edit of one delta makes ${again.length} events of ${wire.length}`,
        lost === undefined ? undefined : `the edit of one delta changes the unknown key ${lost.pointer}`,
        changed.length <= 1 ? undefined : `the edit of one delta changes the wire events ${changed.join(", ")}`,
        explain("the stream after an edit of a delta", said(edited.frames), said(Codec.decodeStream(dialect, again)))
      )
    }
  )
]
