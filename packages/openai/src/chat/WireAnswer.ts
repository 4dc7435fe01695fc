/**
 * What answers of Chat Completions look like, whole or in chunks. Lenient where traffic of compatible providers deviates: what
 * varies is read by hand in Delta.ts and EventDecoder.ts.
 */
import { AnyJson, AnyObject, maybe } from "@sluice/protocol/Guard"
import * as Schema from "effect/Schema"
import { Audio, ReasoningDetail, ToolCall } from "./Wire.ts"

const saidKeys = {
  role: Schema.optionalKey(AnyJson),
  content: Schema.optionalKey(AnyJson),
  refusal: maybe(Schema.String),
  reasoning_content: maybe(Schema.String),
  reasoning: maybe(Schema.String),
  reasoning_details: maybe(Schema.Array(ReasoningDetail)),
  function_call: maybe(Schema.Struct({ name: maybe(Schema.String), arguments: maybe(Schema.String) })),
  audio: maybe(Audio),
  annotations: maybe(Schema.Array(AnyObject))
}

/** A piece of a tool call. Names that are no text, and arguments that are an object, occur. */
export const ToolCallDelta = Schema.Struct({
  index: maybe(Schema.Number),
  id: Schema.optionalKey(AnyJson),
  type: maybe(Schema.String),
  function: maybe(Schema.Struct({ name: Schema.optionalKey(AnyJson), arguments: Schema.optionalKey(AnyJson) })),
  custom: maybe(Schema.Struct({ name: Schema.optionalKey(AnyJson), input: maybe(Schema.String) }))
})

/** A piece of a tool call. */
export type ToolCallDelta = typeof ToolCallDelta.Type

/** What a chunk adds to a choice. */
export const Delta = Schema.Struct({ ...saidKeys, tool_calls: maybe(Schema.Array(ToolCallDelta)) })

/** What a chunk adds to a choice. */
export type Delta = typeof Delta.Type

/** `stop_reason` is vLLM's and `matched_stop` SGLang's name of the stop sequence that matched. */
const choiceKeys = {
  index: maybe(Schema.Number),
  finish_reason: Schema.optionalKey(AnyJson),
  stop_reason: Schema.optionalKey(AnyJson),
  matched_stop: Schema.optionalKey(AnyJson),
  logprobs: Schema.optionalKey(AnyJson)
}

/** One choice of a chunk. */
export const ChunkChoice = Schema.Struct({ ...choiceKeys, delta: maybe(Delta) })

/** One choice of a chunk. */
export type ChunkChoice = typeof ChunkChoice.Type

const answerKeys = {
  id: Schema.optionalKey(AnyJson),
  model: Schema.optionalKey(AnyJson),
  created: Schema.optionalKey(AnyJson),
  usage: Schema.optionalKey(AnyJson)
}

/** A chunk of a stream. */
export const Chunk = Schema.Struct({ ...answerKeys, choices: Schema.Array(ChunkChoice) })

/** A chunk of a stream. */
export type Chunk = typeof Chunk.Type

/** The message of a whole answer. Structured output as an object occurs. */
export const AnswerMessage = Schema.Struct({ ...saidKeys, tool_calls: maybe(Schema.Array(ToolCall)) })

/** The message of a whole answer. */
export type AnswerMessage = typeof AnswerMessage.Type

/** One choice of a whole answer. */
export const AnswerChoice = Schema.Struct({ ...choiceKeys, message: maybe(AnswerMessage) })

/** One choice of a whole answer. */
export type AnswerChoice = typeof AnswerChoice.Type

/** A whole answer. */
export const Answer = Schema.Struct({ ...answerKeys, choices: Schema.Array(AnswerChoice) })

/** A whole answer. */
export type Answer = typeof Answer.Type
