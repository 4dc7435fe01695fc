/**
 * The smallest dialect that keeps every law: its wire is the canonical model as JSON. It shows what a dialect must have, and
 * proves that the laws accept a correct one; each of its faults in Laws.test.ts proves that they refuse a wrong one.
 */
import type { CanonicalEvent, ErrorEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import { isDropped, isUntouched } from "@sluice/protocol/CanonicalEvent"
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, Tool, Turn } from "@sluice/protocol/CanonicalRequest"
import type { CanonicalResponse } from "@sluice/protocol/CanonicalResponse"
import * as Collect from "@sluice/protocol/Collect"
import type { Dialect, Ending } from "@sluice/protocol/Dialect"
import * as Equality from "@sluice/protocol/Equality"
import { clientMessage, type Failure } from "@sluice/protocol/GatewayError"
import * as Grammar from "@sluice/protocol/Grammar"
import * as Json from "@sluice/protocol/Json"
import * as Machine from "@sluice/protocol/Machine"
import type { WireEvent } from "@sluice/protocol/Sse"
import { DialectId, isObject, type Json as JsonValue, type JsonObject } from "@sluice/protocol/Wire"
import { Result, Struct } from "effect"

export const id = DialectId.make("toy")

const isPart = (value: JsonValue): boolean =>
  isObject(value) && typeof value["type"] === "string" && (value["text"] === undefined || typeof value["text"] === "string")

/** The path of the first thing that is not what the canonical model says; enough of it for the laws. */
const wrong = (body: JsonValue): string | undefined => {
  if (!isObject(body)) return ""
  if (typeof body["model"] !== "string") return "/model"
  const { turns: said, instructions = [], tools = [] } = body
  const lists = { turns: said, instructions, tools }
  for (const [key, list] of Object.entries(lists)) if (!Array.isArray(list) || !list.every(isObject)) return `/${key}`
  const turns: ReadonlyArray<JsonValue> = [lists.turns, lists.instructions].flatMap((list) => Array.isArray(list) ? list : [])
  return turns.every((turn) => isObject(turn) && typeof turn["role"] === "string" && Array.isArray(turn["parts"]) && turn["parts"].every(isPart))
    ? undefined
    : "/turns"
}

const placed = (request: CanonicalRequest): CanonicalRequest => {
  const part = (at: string) => (part: Part, index: number): Part => ({ ...part, at: `${at}/parts/${index}` })
  const turn = (at: string) => (turn: Turn, index: number): Turn => ({ ...turn, at: `${at}/${index}`, parts: turn.parts.map(part(`${at}/${index}`)) })
  const tool = (tool: Tool, index: number): Tool => ({ ...tool, at: `/tools/${index}` })
  return {
    ...request,
    turns: request.turns.map(turn("/turns")),
    ...(request.instructions === undefined ? {} : { instructions: request.instructions.map(turn("/instructions")) }),
    ...(request.tools === undefined ? {} : { tools: request.tools.map(tool) }),
    places: Object.fromEntries(Object.keys(request).map((key) => [key, `/${key}`]))
  }
}

/** Takes away what `placed` added, and nothing that looks like it in the caller's own JSON. */
const unplaced = (request: CanonicalRequest): JsonObject => {
  const bare = <A extends { readonly at?: string }>(node: A) => Struct.omit(node, ["at"])
  const turn = (turn: Turn) => ({ ...bare(turn), parts: turn.parts.map(bare) })
  return JSON.parse(JSON.stringify({
    ...Struct.omit(request, ["places"]),
    turns: request.turns.map(turn),
    instructions: request.instructions?.map(turn),
    tools: request.tools?.map(bare)
  }))
}

const refused = (param: string): Failure => ({ class: "bad-request", message: `not canonical at ${param}`, param })

/** A plain JSON view of a canonical value. */
const json = (value: unknown): JsonObject => JSON.parse(JSON.stringify(Equality.bare(value)))

interface Decoding {
  readonly grammar: Grammar.State
  readonly seen: boolean
}

const failed = (failure: Failure): Frame => ({ events: [{ type: "error", failure }] })

// The toy's wire is the canonical event itself; the grammar refuses what is none.
const asEvent = (value: JsonValue): CanonicalEvent | undefined =>
  isObject(value) && typeof value["type"] === "string" && Object.hasOwn(Grammar.rules, value["type"]) ? value as unknown as CanonicalEvent : undefined

const isSound = (event: CanonicalEvent): boolean =>
  !("text" in event && typeof event.text !== "string") && !("choice" in event && event.choice !== undefined && typeof event.choice !== "number") &&
  !(event.type === "block-start" && event.call !== undefined && !isObject(event.call)) && !(event.type === "annotation" && !isObject(event.annotation)) &&
  !(event.type === "error" && !isObject(event.failure)) && !(event.type === "media-delta" && event.mime !== undefined && typeof event.mime !== "string")

const step = (state: Decoding, wire: WireEvent): readonly [Decoding, ReadonlyArray<Frame>] => {
  if (state.grammar.phase === "ended" || wire.data === "") return [state, []]
  const parsed = Json.parse(wire.data)
  const event = Result.isSuccess(parsed) ? asEvent(parsed.success) : undefined
  const next = event === undefined || !isSound(event) ? undefined : Grammar.step(state.grammar, event)
  if (event === undefined || next === undefined || Grammar.isViolation(next)) {
    return [{ ...state, grammar: { ...state.grammar, phase: "ended" } }, [failed({ class: "protocol-violation", message: "not an event" })]]
  }
  const events = [event]
  return [{ grammar: next, seen: true }, [{ events, wire: { dialect: id, value: Result.getOrThrow(parsed), events } }]]
}

const end = (state: Decoding, ending: Ending): ReadonlyArray<Frame> => {
  if (state.grammar.phase === "ended") return []
  if (!Grammar.isViolation(Grammar.step(state.grammar, { type: "end" }))) return [{ events: [{ type: "end" }] }]
  return [failed({ class: state.seen ? "cut" : "empty", message: ending })]
}

/** The client sees the failure in the gateway's words. */
const masked = (event: ErrorEvent): ErrorEvent => ({ ...event, failure: { ...event.failure, message: clientMessage(event.failure) } })

const encodeFrame = (frame: Frame): ReadonlyArray<WireEvent> => {
  if (isDropped(frame)) return []
  if (isUntouched(frame) && frame.wire !== undefined) return [{ data: JSON.stringify(frame.wire.value) }]
  return frame.events.map((event) => ({ data: JSON.stringify(Equality.bare(event.type === "error" ? masked(event) : event)) }))
}

/** The words of an error reply. */
const messageOf = (body: string): string | undefined => {
  const value = Result.getOrElse(Json.parse(body), () => null)
  return isObject(value) && typeof value["error"] === "string" && value["error"] !== "" ? value["error"] : undefined
}

/** The dialect. */
export const dialect: Dialect = {
  id,
  framing: "sse",
  endpoints: [{
    operation: "generate",
    method: "POST",
    path: "/toy",
    upstream: "/toy",
    model: { in: "body", key: "model" },
    stream: { in: "body", key: "stream" }
  }],
  baseUrl: "https://toy.example/v1",
  credential: { header: "authorization", prefix: "Bearer ", accepts: [] },
  headers: { forwarded: [], fixed: {}, reply: [] },
  request: {
    decode: ({ body }) => {
      const path = wrong(body)
      // `wrong` looked at what the laws rely on.
      return path === undefined ? Result.succeed(placed(body as unknown as CanonicalRequest)) : Result.fail(refused(path))
    },
    encode: (request) => ({ body: unplaced(request), headers: {}, losses: [], renamed: new Map() }),
    check: ({ body }) => {
      const path = wrong(body)
      return path === undefined ? undefined : refused(path)
    }
  },
  response: {
    decode: (body) => {
      const events = isObject(body) && isAnswer(body) ? Collect.unfold(body as unknown as CanonicalResponse) : undefined
      if (events === undefined || Grammar.isViolation(Grammar.check(Grammar.initial, events))) {
        return failed({ class: "protocol-violation", message: "not an answer" })
      }
      return { events, wire: { dialect: id, value: body, events } }
    },
    encode: (frames) => {
      const [only] = frames
      if (frames.length === 1 && only !== undefined && isUntouched(only) && only.wire !== undefined && isObject(only.wire.value)) return only.wire.value
      return json(Collect.collectFrames(frames))
    }
  },
  events: {
    decoder: Machine.of({ initial: (): Decoding => ({ grammar: Grammar.initial, seen: false }), step, end }),
    encoder: Machine.of({ initial: () => undefined, step: (state: undefined, frame: Frame) => [state, encodeFrame(frame)] as const, end: () => [] })
  },
  errors: {
    decode: ({ status, body }) => ({
      class: status === 429 ? "rate-limited" : "unknown",
      message: messageOf(body) ?? `status ${status}`,
      status,
      evidence: body.slice(0, 4096)
    }),
    encode: (failure) => ({ error: failure.message })
  },
  models: { list: () => ({}), one: () => ({}) },
  bytes: { deltaLength: () => undefined, askUsage: undefined, hideUsage: undefined, terminal: [] }
}

const isAnswer = (body: JsonObject): boolean => {
  const choices = body["choices"]
  return Array.isArray(choices) && Array.isArray(body["annotations"]) && Array.isArray(body["foreignEvents"]) &&
    body["foreignEvents"].every((event) => isObject(event) && event["type"] === "foreign") &&
    choices.every((choice) => isObject(choice) && Array.isArray(choice["parts"]) && Array.isArray(choice["annotations"]) && choice["parts"].every(isAnswerPart))
}

const isAnswerPart = (value: JsonValue): boolean => {
  if (!isObject(value) || !isObject(value["part"])) return false
  const part = value["part"]
  const mime = isObject(part["source"]) ? part["source"]["mime"] : undefined
  return isPart(part) && (mime === undefined || typeof mime === "string") &&
    (part["source"] === undefined ? !["image", "audio", "video", "document"].includes(String(part["type"])) : isObject(part["source"])) &&
    (part["annotations"] === undefined || Array.isArray(part["annotations"]))
}
