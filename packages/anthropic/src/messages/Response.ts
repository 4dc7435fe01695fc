/**
 * Whole answers: a body is one frame with all its events, and frames fold into a body. A body that came in this dialect, whole
 * or as a stream, is the ground on which only what was edited is written.
 */
import { type CanonicalEvent, type Frame, usageEvent } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalResponse } from "@sluice/protocol/CanonicalResponse"
import * as Collect from "@sluice/protocol/Collect"
import type { AnswerContext } from "@sluice/protocol/Dialect"
import { same } from "@sluice/protocol/Equality"
import { patched } from "@sluice/protocol/Fields"
import type { Failure } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import * as Answers from "./Answers.ts"
import * as Blocks from "./Blocks.ts"
import * as Errors from "./Errors.ts"
import * as Finish from "./Finish.ts"
import * as Usage from "./Usage.ts"
import * as Whole from "./Whole.ts"
import * as Wire from "./Wire.ts"

const isAnswer = Schema.is(Wire.Answer)

const frameOf = (value: Json, events: ReadonlyArray<CanonicalEvent>): Frame => ({ events, wire: { dialect: Wire.id, value, events } })

const failed = (value: Json, failure: Failure): Frame => frameOf(value, [{ type: "error", failure }])

/** A body as one frame; what is no answer of this protocol is an error. */
export const decode = (body: Json): Frame => {
  if (isObject(body) && Errors.isError(body)) return failed(body, Errors.fromValue(body, 0))
  if (!isObject(body) || !isAnswer(body) || body["content"] === undefined) {
    return failed(body, { class: "protocol-violation", message: "The provider's answer is no message." })
  }
  const content = Array.isArray(body["content"]) ? body["content"].filter(isObject) : []
  const usage = Usage.decode(body.usage)
  return frameOf(body, [
    { type: "start", ...present({ id: body.id || undefined, model: body.model || undefined }) },
    ...content.flatMap((block, index) => {
      const [opened, events] = Blocks.open(block, index, body.id || undefined)
      return [...events, ...Blocks.close(opened)]
    }),
    ...(Object.keys(usage).length === 0 ? [] : [usageEvent(usage, body.usage?.service_tier)]),
    { type: "finish", choice: 0, ...Finish.decode({ ...body, stop_details: body.stop_details ?? null }) },
    { type: "end" }
  ])
}

/** The body that frames of this dialect are or fold to. */
const originOf = (frames: ReadonlyArray<Frame>): JsonObject | undefined => {
  const whole = frames.map(({ wire }) => wire?.dialect === Wire.id ? wire.value : undefined).find((value) => isObject(value) && Array.isArray(value["content"]))
  return isObject(whole) ? whole : Whole.fold(frames)
}

/** The blocks an edited answer keeps: by place where their number is the same, else the ones that say the same, in order. */
const kept = (before: CanonicalResponse, after: CanonicalResponse, blocks: ReadonlyArray<JsonObject>): ReadonlyArray<JsonObject | undefined> => {
  const was = before.choices[0]?.parts ?? []
  const is = after.choices[0]?.parts ?? []
  if (was.length === is.length) return is.map((_, index) => blocks[index])
  let cursor = 0
  return is.map(({ part }) => {
    const found = was.findIndex((earlier, index) => index >= cursor && same(earlier.part, part))
    if (found === -1) return undefined
    cursor = found + 1
    return blocks[found]
  })
}

const contentOf = (
  answer: CanonicalResponse,
  origins: ReadonlyArray<JsonObject | undefined>,
  context: AnswerContext
): ReadonlyArray<JsonObject> => {
  const place = Answers.placeOf(context)
  return (answer.choices[0]?.parts ?? []).flatMap(({ part }, index) => {
    const block = Answers.blockOf(part, origins[index], Answers.partAt(place, index))
    return block === undefined ? [] : [block]
  })
}

/** An answer over the body it came from: only what differs is written. */
const over = (answer: CanonicalResponse, body: JsonObject, context: AnswerContext): JsonObject => {
  const before = Collect.collect(decode(body).events)
  const blocks = Array.isArray(body["content"]) ? body["content"].filter(isObject) : []
  const content = contentOf(answer, kept(before, answer, blocks), context)
  const isSame = content.length === blocks.length && content.every((block, index) => block === blocks[index])
  const usage = isObject(body["usage"]) ? body["usage"] : {}
  return patched(body, {
    ...(answer.id === before.id ? {} : { id: answer.id }),
    ...(answer.model === before.model ? {} : { model: answer.model }),
    ...(isSame ? {} : { content }),
    ...Finish.over(answer.choices[0]?.finish, isAnswer(body) ? body : {}, context.sink),
    ...(same(answer.usage, before.usage) ? {} : { usage: Usage.over(answer.usage ?? {}, usage, before.usage ?? {}) })
  })
}

const loseChoices = (answer: CanonicalResponse, context: AnswerContext): void => {
  for (const { index } of answer.choices.slice(1)) {
    context.sink.add({ at: `/choices/${index}`, canonical: `/choices/${index}`, reason: "dropped", weight: "meaning" })
  }
}

/** Frames as a body. */
export const encode = (frames: ReadonlyArray<Frame>, context: AnswerContext): JsonObject => {
  const origin = originOf(frames)
  const answer = Collect.collectFrames(frames)
  if (origin !== undefined) return over(answer, origin, context)
  loseChoices(answer, context)
  return {
    id: answer.id ?? `msg_${context.id}`,
    type: "message",
    role: "assistant",
    model: answer.model ?? context.request.model,
    content: contentOf(answer, [], context),
    ...Finish.encode(answer.choices[0]?.finish, context.sink),
    usage: Usage.encode(answer.usage, context.sink),
    container: null
  }
}
