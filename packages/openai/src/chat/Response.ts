/**
 * A whole answer to and from frames. A body is read as one frame that carries it, by the same steps as a stream; frames are folded
 * and written by the same drafts, so that both modes say the same.
 */
import { type CanonicalEvent, type Frame, frame, isUntouched, usageEvent } from "@sluice/protocol/CanonicalEvent"
import { isEmpty } from "@sluice/protocol/CanonicalUsage"
import * as Collect from "@sluice/protocol/Collect"
import type { AnswerContext } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import { sink as lossSink } from "@sluice/protocol/Loss"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Annotations from "./Annotations.ts"
import { addChoice, type Choice, finishChoice, nonEmpty, startOf, unseen, usageOf } from "./ChoiceDecoder.ts"
import { freshStyle, inOrder, styleOf, toAnswerChoice } from "./Choices.ts"
import * as Draft from "./Draft.ts"
import * as Errors from "./Errors.ts"
import { topKeys } from "./EventEncoder.ts"
import * as Finish from "./Finish.ts"
import { rebase } from "./Rebase.ts"
import * as Usage from "./Usage.ts"
import { check, id } from "./Wire.ts"
import { Answer, type AnswerChoice } from "./WireAnswer.ts"

const checked = check(Answer)

const addWhole = (wire: AnswerChoice, index: number, events: Array<CanonicalEvent>, answer: string | undefined): void => {
  const choice: Choice = addChoice(unseen, { ...wire, delta: wire.message ?? null }, index, events)
  finishChoice(choice, index, Finish.decode(wire) ?? { reason: "missing" }, events, answer)
}

const failed = (failure: Failure, value: Json): Frame => {
  const events: ReadonlyArray<CanonicalEvent> = [{ type: "error", failure }]
  return { events, wire: { dialect: id, value, events } }
}

/** A body as one frame of events; what is no answer is an `error` event. */
export const decode = (body: Json): Frame => {
  if (isObject(body) && isObject(body["error"])) return failed(Errors.fromValue(body), body)
  const answer = checked(body)
  if (Result.isFailure(answer) || !isObject(body)) {
    const message = Result.isFailure(answer) ? answer.failure.message : "is not an object"
    return frame({ type: "error", failure: { class: "protocol-violation", message: `The provider answered with a body of the wrong form: ${message}.` } })
  }
  const { choices } = answer.success
  if (choices.length === 0) return failed({ class: "empty", message: "The provider answered without a choice." }, body)
  const indexes = choices.map((choice, position) => choice.index ?? position)
  if (new Set(indexes).size < indexes.length) {
    return frame({ type: "error", failure: { class: "protocol-violation", message: "The provider answered with two choices of the same index." } })
  }
  const events: Array<CanonicalEvent> = [startOf(body)]
  for (const [position, choice] of choices.entries()) addWhole(choice, choice.index ?? position, events, nonEmpty(body["id"]))
  for (const annotation of Annotations.decodeSources(body)) events.push({ type: "annotation", annotation })
  const usage = Usage.decode(usageOf(body))
  if (usage !== undefined) events.push(usageEvent(usage, Usage.tier(body)))
  events.push({ type: "end" })
  return { events, wire: { dialect: id, value: body, events } }
}

type Choices = ReadonlyMap<number, JsonObject>

/** The choices of a legal sequence, in the words of the wire's own choices. */
const choicesOf = (events: ReadonlyArray<CanonicalEvent>, wire: Choices, sink: AnswerContext["sink"]): Choices => {
  const draft = Draft.draft(sink)
  let known = Draft.initial
  for (const event of Collect.unfold(Collect.collect(events))) known = Draft.add(known, event, draft)
  return new Map(
    inOrder(draft).map(([index, choice]) => {
      const own = wire.get(index)
      return [index, toAnswerChoice(choice, index, own === undefined ? freshStyle : styleOf(own["message"]))]
    })
  )
}

const edited = (value: JsonObject, before: ReadonlyArray<CanonicalEvent>, after: ReadonlyArray<CanonicalEvent>): JsonObject => {
  const listed = Array.isArray(value["choices"]) ? value["choices"].filter(isObject) : []
  const indexOf = (choice: JsonObject): number => typeof choice["index"] === "number" ? choice["index"] : 0
  const wires = new Map(listed.map((choice) => [indexOf(choice), choice]))
  const old = choicesOf(before, wires, lossSink())
  const now = choicesOf(after, wires, lossSink())
  const kept = listed.flatMap((choice) => {
    const said = now.get(indexOf(choice))
    return said === undefined ? [] : [rebase(choice, old.get(indexOf(choice)) ?? {}, said)]
  })
  const added = [...now].flatMap(([index, choice]) => wires.has(index) ? [] : [choice])
  return rebase({ ...value, choices: [...kept, ...added] }, topKeys(before), topKeys(after))
}

/** Frames of one answer as a body. */
export const encode = (frames: ReadonlyArray<Frame>, context: AnswerContext): JsonObject => {
  const [only, second] = frames
  if (only?.wire?.dialect === id && second === undefined && isObject(only.wire.value)) {
    return isUntouched(only) ? only.wire.value : edited(only.wire.value, only.wire.events, only.events)
  }
  const events = frames.flatMap((each) => each.events)
  const { id: answer, model, created, usage } = Collect.collect(events)
  const told = usage === undefined || isEmpty(usage) ? undefined : usage
  if (told !== undefined) Usage.lose(told, context.sink)
  return {
    id: answer ?? `chatcmpl-${context.id}`,
    object: "chat.completion",
    created: created ?? context.created,
    model: model ?? context.request.model,
    choices: [...choicesOf(events, new Map(), context.sink).values()],
    ...(told === undefined ? {} : { usage: Usage.encode(told) })
  }
}
