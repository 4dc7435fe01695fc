/**
 * A whole answer to and from frames. A body is read as one frame that carries it, by the same steps as a stream; frames are folded
 * and written by the same drafts, so that both modes say the same. Chunks of this dialect keep their own keys in the folded body.
 */
import { type CanonicalEvent, type Frame, frame, isUntouched, usageEvent } from "@sluice/protocol/CanonicalEvent"
import { isEmpty } from "@sluice/protocol/CanonicalUsage"
import * as Collect from "@sluice/protocol/Collect"
import type { AnswerContext } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Annotations from "./Annotations.ts"
import { addCandidate, finishChoice, unseen } from "./ChoiceDecoder.ts"
import * as Draft from "./Draft.ts"
import * as Edited from "./Edited.ts"
import * as Errors from "./Errors.ts"
import { candidatesOf, startOf } from "./EventDecoder.ts"
import * as Finish from "./Finish.ts"
import * as Usage from "./Usage.ts"
import * as Wire from "./Wire.ts"

const checked = Wire.check(Wire.Answer)

const frameOf = (value: Json, events: ReadonlyArray<CanonicalEvent>): Frame => ({ events, wire: { dialect: Wire.id, value, events } })

const failed = (value: Json, failure: Failure): Frame => frameOf(value, [{ type: "error", failure }])

/** A body as one frame of events; what is no answer is an `error` event. */
export const decode = (body: Json): Frame => {
  if (Errors.isError(body)) return failed(body, Errors.fromValue(body, 0))
  const answer = checked(body)
  if (Result.isFailure(answer) || !isObject(body)) {
    const message = Result.isFailure(answer) ? answer.failure.message : "is not an object"
    return frame({ type: "error", failure: { class: "protocol-violation", message: `The provider answered with a body of the wrong form: ${message}.` } })
  }
  const candidates = candidatesOf(answer.success)
  if (new Set(candidates.map(({ index }) => index)).size < candidates.length) {
    return frame({ type: "error", failure: { class: "protocol-violation", message: "The provider answered with two candidates of the same index." } })
  }
  const blocked = Finish.ofPrompt(answer.success)
  if (candidates.length === 0 && blocked === undefined) return failed(body, { class: "empty", message: "The provider answered without a candidate." })
  const events: Array<CanonicalEvent> = [startOf(answer.success)]
  for (const { index, wire } of candidates) {
    const choice = addCandidate(unseen, wire, index, events)
    finishChoice(choice, index, Finish.decode(wire) ?? { reason: "missing" }, events)
  }
  if (candidates.length === 0 && blocked !== undefined) finishChoice(unseen, 0, blocked, events)
  for (const annotation of Annotations.aboutPrompt(answer.success.promptFeedback?.safetyRatings)) events.push({ type: "annotation", annotation })
  const usage = Usage.decode(answer.success.usageMetadata)
  if (!isEmpty(usage)) events.push(usageEvent(usage, Usage.tier(answer.success.usageMetadata)))
  events.push({ type: "end" })
  return frameOf(body, events)
}

/** The keys of this dialect's own chunks, later ones over earlier ones; candidates by index. */
const ownKeys = (frames: ReadonlyArray<Frame>): { readonly top: JsonObject; readonly candidates: ReadonlyMap<number, JsonObject> } => {
  const top: { [key: string]: Json } = {}
  const candidates = new Map<number, JsonObject>()
  for (const { wire } of frames) {
    if (wire?.dialect !== Wire.id || !isObject(wire.value)) continue
    const { candidates: listed, ...others } = wire.value
    Object.assign(top, others)
    for (const [place, candidate] of (Array.isArray(listed) ? listed : []).entries()) {
      if (!isObject(candidate)) continue
      const index = typeof candidate["index"] === "number" ? candidate["index"] : place
      candidates.set(index, { ...candidates.get(index), ...candidate })
    }
  }
  return { top, candidates }
}

const isContent = (event: CanonicalEvent): boolean => event.type !== "annotation"

/** A candidate over the chunks it came in: the provider's own word for its end stays. */
const overOwn = (candidate: JsonObject, own: JsonObject | undefined, raw: string | undefined): JsonObject => {
  const stated = own?.["finishReason"]
  return { ...own, ...candidate, ...(stated !== undefined && String(stated) === raw ? { finishReason: stated } : {}) }
}

const isSilent = (candidate: JsonObject): boolean => {
  const { content } = candidate
  return isObject(content) && Array.isArray(content["parts"]) && content["parts"].length === 0
}

/** Frames of one answer as a body. */
export const encode = (frames: ReadonlyArray<Frame>, context: AnswerContext): JsonObject => {
  const [only, second] = frames
  if (only?.wire?.dialect === Wire.id && second === undefined && isObject(only.wire.value)) {
    return isUntouched(only) ? only.wire.value : Edited.over(Draft.initial, only.wire.value, only.wire.events, only.events)[1]
  }
  const events = frames.flatMap((each) => each.events)
  const answer = Collect.collect(events)
  // What is said about a block stays said where the block's end restates only its text.
  const whole = [...Collect.unfold(answer).filter(isContent), ...events.filter((event) => event.type === "annotation")]
  const { candidates, top } = Draft.candidatesOf(Draft.initial, whole, context.sink)
  const own = ownKeys(frames)
  const usage = answer.usage === undefined || isEmpty(answer.usage) ? undefined : answer.usage
  if (usage !== undefined) Usage.lose(usage, context.sink)
  const counts = own.top["usageMetadata"]
  // A prompt that this dialect's provider blocked has no candidate, but its own word for it.
  const isBlocked = own.candidates.size === 0 && isObject(own.top["promptFeedback"]) && [...candidates.values()].every(isSilent)
  const rawOf = (index: number): string | undefined => answer.choices.find((choice) => choice.index === index)?.finish?.raw
  return {
    ...(isBlocked ? {} : { candidates: [...candidates].map(([index, candidate]) => overOwn(candidate, own.candidates.get(index), rawOf(index))) }),
    ...top,
    ...own.top,
    ...(usage === undefined ? {} : { usageMetadata: { ...(isObject(counts) ? counts : {}), ...Usage.encode(usage) } }),
    modelVersion: answer.model ?? context.request.model,
    responseId: answer.id ?? context.id
  }
}
