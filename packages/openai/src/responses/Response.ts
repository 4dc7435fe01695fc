/**
 * A whole answer to and from frames. A body is read as one frame that carries it, item by item, as the end of a stream would be;
 * frames are written as the answer in the terminal event of their stream, so that both modes say the same.
 */
import { type CanonicalEvent, type Frame, isUntouched, usageEvent } from "@sluice/protocol/CanonicalEvent"
import type { AnswerContext } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import { sink } from "@sluice/protocol/Loss"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { rebase } from "../chat/Rebase.ts"
import * as Blocks from "./Blocks.ts"
import * as Errors from "./Errors.ts"
import { conclude, startOf } from "./EventDecoder.ts"
import * as EventEncoder from "./EventEncoder.ts"
import * as Usage from "./Usage.ts"
import { id } from "./Wire.ts"

const frameOf = (value: Json, events: ReadonlyArray<CanonicalEvent>): Frame => ({ events, wire: { dialect: id, value, events } })

const nonEmpty = (value: Json | undefined): string | undefined => typeof value === "string" && value !== "" ? value : undefined

const failed = (value: Json, failure: Failure, before: ReadonlyArray<CanonicalEvent> = []): Frame => frameOf(value, [...before, { type: "error", failure }])

/** A body as one frame of events; what is no answer is an `error` event. */
export const decode = (body: Json): Frame => {
  if (!isObject(body)) return failed(body, { class: "protocol-violation", message: "The provider's answer is no JSON object." })
  const isAnswer = Array.isArray(body["output"])
  if (!isAnswer && (isObject(body["error"]) || typeof body["error"] === "string")) return failed(body, Errors.fromValue(body))
  if (!isAnswer) return failed(body, { class: "protocol-violation", message: "The provider's answer has no output." })
  const draft: Blocks.Draft = { answer: { ...Blocks.initial, id: nonEmpty(body["id"]) }, events: [startOf(body)] }
  if (body["status"] === "failed") {
    const usage = Usage.decode(body["usage"])
    return failed(body, Errors.fromValue(body), usage === undefined ? draft.events : [...draft.events, usageEvent(usage, body["service_tier"])])
  }
  conclude(draft, body)
  return frameOf(body, draft.events)
}

/** The answer that a stream of the events would end with. */
const written = (events: ReadonlyArray<CanonicalEvent>, context: AnswerContext): JsonObject => {
  const [state] = [...events].reduce(
    ([current], event) => EventEncoder.step(current, { events: [event] }),
    [EventEncoder.initial(context), []] as ReturnType<typeof EventEncoder.step>
  )
  return EventEncoder.answer(state)
}

const terminals: ReadonlySet<Json | undefined> = new Set([
  "response.completed",
  "response.incomplete",
  "response.failed",
  "response.cancelled",
  "response.done"
])

/** The whole answer that frames of this dialect brought, as one body or in the terminal of their stream. */
const originOf = (frames: ReadonlyArray<Frame>): JsonObject | undefined => {
  for (const { wire } of frames) {
    if (wire?.dialect !== id || !isObject(wire.value)) continue
    if (EventEncoder.isBody(wire.value)) return wire.value
    const { response, type } = wire.value
    if (isObject(response) && terminals.has(type)) return response
  }
  return undefined
}

/** Frames of one answer as a body. */
export const encode = (frames: ReadonlyArray<Frame>, context: AnswerContext): JsonObject => {
  const events = frames.flatMap((frame) => frame.events)
  const origin = originOf(frames)
  const [only] = frames
  const value = only?.wire?.dialect === id ? only.wire.value : undefined
  // An error body has no output, and is passed on all the same.
  if (only !== undefined && frames.length === 1 && isUntouched(only) && isObject(value)) return value
  if (origin === undefined) return written(events, context)
  const before = frames.flatMap((frame) => frame.wire?.events ?? [])
  const isRestated = Array.isArray(origin["output"]) && (origin["output"].length > 0 || !before.some((event) => event.type === "block-start"))
  const quiet = { ...context, sink: sink() }
  const after = written(events, quiet)
  if (!isRestated) return { ...origin, output: after["output"] ?? [] }
  return frames.every(isUntouched) ? origin : rebase(origin, written(before, quiet), after)
}
