/**
 * Drafts of choices as wire values: the delta of a chunk and the message of a whole answer, in the words the wire used where an
 * own value is edited.
 */
import { present } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import type { CallDraft, ChoiceDraft, Draft } from "./Draft.ts"
import * as Finish from "./Finish.ts"

/** The words an own wire value uses where providers differ. */
export interface Style {
  readonly reasoning: ReadonlyArray<"reasoning_content" | "reasoning" | "reasoning_details">
  /** Content is a list of parts (Mistral). */
  readonly hasList: boolean
  /** The call is the deprecated `function_call`. */
  readonly isLegacy: boolean
}

/** The words of a fresh answer. */
export const freshStyle: Style = { reasoning: ["reasoning_content"], hasList: false, isLegacy: false }

const reasoningKeys = ["reasoning_content", "reasoning", "reasoning_details"] as const

/** The words a delta or message uses. */
export const styleOf = (wire: Json | undefined): Style => {
  if (!isObject(wire)) return freshStyle
  const keys = reasoningKeys.filter((key) => typeof wire[key] === "string" || Array.isArray(wire[key]))
  return {
    reasoning: keys.length === 0 ? freshStyle.reasoning : keys,
    hasList: Array.isArray(wire["content"]),
    isLegacy: isObject(wire["function_call"])
  }
}

const callOf = (call: CallDraft, hasIndex: boolean): JsonObject => {
  const begins = call.id !== undefined
  const inner = call.isCustom ? { input: call.arguments } : { arguments: call.arguments }
  return {
    ...(hasIndex ? { index: call.index } : {}),
    ...(begins ? { id: call.id ?? "", type: call.isCustom ? "custom" : "function" } : {}),
    [call.isCustom ? "custom" : "function"]: begins ? { name: call.name ?? "", ...inner } : inner
  }
}

const callKeys = (calls: ReadonlyArray<CallDraft>, style: Style, hasIndex: boolean): JsonObject => {
  const [first] = calls
  if (first === undefined) return {}
  return style.isLegacy
    ? { function_call: { ...present({ name: first.name }), arguments: first.arguments } }
    : { tool_calls: calls.map((call) => callOf(call, hasIndex)) }
}

const reasoningKeysOf = (text: string | undefined, style: Style): JsonObject => {
  if (text === undefined || style.hasList) return {}
  const entries = style.reasoning.map((key): readonly [string, Json] => [key, key === "reasoning_details" ? [{ text }] : text])
  return Object.fromEntries(entries)
}

const contentOf = (choice: ChoiceDraft, style: Style): Json | undefined => {
  if (!style.hasList) return choice.content
  return [
    ...(choice.reasoning === undefined ? [] : [{ type: "thinking", thinking: [{ type: "text", text: choice.reasoning }] }]),
    ...(choice.content === undefined ? [] : [{ type: "text", text: choice.content }])
  ]
}

const said = (choice: ChoiceDraft, style: Style, hasIndex: boolean): JsonObject => ({
  ...reasoningKeysOf(choice.reasoning, style),
  ...present({ refusal: choice.refusal, audio: choice.audio === undefined ? undefined : { ...choice.audio } }),
  ...callKeys(choice.calls, style, hasIndex),
  ...(choice.annotations.length === 0 ? {} : { annotations: choice.annotations })
})

const listOrNull = (tokens: ReadonlyArray<JsonObject>): Json => tokens.length === 0 ? null : tokens

const logprobsOf = (choice: ChoiceDraft): Json =>
  choice.textLogprobs.length === 0 && choice.refusalLogprobs.length === 0
    ? null
    : { content: listOrNull(choice.textLogprobs), refusal: listOrNull(choice.refusalLogprobs) }

/** The delta of a draft; the first of a choice carries the role, and content even where there is none yet. */
export const toDelta = (choice: ChoiceDraft, style: Style): JsonObject => {
  const content = contentOf(choice, style)
  const first = choice.isFirst ? { role: "assistant", content: content ?? (choice.calls.length > 0 ? null : "") } : present({ content })
  return { ...first, ...said(choice, style, true) }
}

/** A choice of a chunk. */
export const toChunkChoice = (choice: ChoiceDraft, index: number, style: Style): JsonObject => ({
  index,
  delta: toDelta(choice, style),
  logprobs: logprobsOf(choice),
  finish_reason: choice.finish === undefined ? null : Finish.encode(choice.finish)
})

/** Whole sounds have all keys the specification requires; one that came without an id is told as already expired. */
const wholeAudio = (choice: ChoiceDraft, index: number): JsonObject =>
  choice.audio === undefined ? {} : { audio: { id: `audio_${index}`, expires_at: 0, data: "", transcript: "", ...choice.audio } }

/** Content of a whole message: null beside what stands for it, else, as OpenAI writes an empty answer, an empty text. */
const wholeContent = (choice: ChoiceDraft, style: Style): Json => {
  const isElsewhere = choice.calls.length > 0 || choice.refusal !== undefined || choice.audio !== undefined
  return contentOf(choice, style) ?? (isElsewhere ? null : "")
}

/** A choice of a whole answer. */
export const toAnswerChoice = (choice: ChoiceDraft, index: number, style: Style): JsonObject => ({
  index,
  message: { role: "assistant", content: wholeContent(choice, style), refusal: null, ...said(choice, style, false), ...wholeAudio(choice, index) },
  logprobs: logprobsOf(choice),
  finish_reason: choice.finish === undefined ? null : Finish.encode(choice.finish)
})

/** Draft choices in the order of their index. */
export const inOrder = (draft: Draft): ReadonlyArray<readonly [number, ChoiceDraft]> => [...draft.choices].toSorted(([left], [right]) => left - right)
