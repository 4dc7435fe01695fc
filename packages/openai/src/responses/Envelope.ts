/**
 * The answer object around the output: its head, and the fields of the request that this protocol echoes. They are taken from
 * the client's own body where it came in this dialect; others get the service's defaults.
 */
import { isEmpty, type Usage as CanonicalUsage } from "@sluice/protocol/CanonicalUsage"
import type { AnswerContext } from "@sluice/protocol/Dialect"
import { isObject, type Json, type JsonObject, valueIn } from "@sluice/protocol/Wire"
import * as Usage from "./Usage.ts"
import * as Wire from "./Wire.ts"

/** The head of an answer as its start states it. */
export interface Head {
  readonly id?: string
  readonly model?: string
  readonly created?: number
}

/** What an answer says of itself at one moment. */
export interface Moment {
  readonly status: string
  readonly output: ReadonlyArray<JsonObject>
  readonly usage?: CanonicalUsage | undefined
  readonly error?: JsonObject
  readonly incomplete_details?: Json
}

const defaults: JsonObject = {
  background: false,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  safety_identifier: null,
  service_tier: "default",
  store: false,
  temperature: 1,
  text: { format: { type: "text" } },
  tool_choice: "auto",
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: "disabled"
}

/** Fields that are echoed where the client sent them. */
const optional: ReadonlyArray<string> = ["user", "prompt", "prompt_cache_key", "prompt_cache_retention", "conversation"]

/** Every fresh id begins as the service's own do. */
export const idOf = (prefix: string, stated: string | undefined, made: string): string =>
  stated?.startsWith(`${prefix}_`) === true ? stated : `${prefix}_${made}`

/** A function is echoed with what it was not told: the service enforces schemas unless it is told not to. */
const echoedTool = (tool: Json): Json => isObject(tool) && tool["type"] === "function" ? { parameters: null, strict: true, ...tool } : tool

/** A value of the request in the words of an answer, which names a conversation by an object. */
const inAnswer = (key: string, value: Json): Json => {
  if (key === "tools" && Array.isArray(value)) return value.map(echoedTool)
  return key === "conversation" && typeof value === "string" ? { id: value } : value
}

const echoed = (context: AnswerContext): JsonObject => {
  const own = Wire.asObject(valueIn(Wire.id, context.request))
  const told = optional.flatMap((key): ReadonlyArray<readonly [string, Json]> =>
    own[key] === undefined || own[key] === null ? [] : [[key, inAnswer(key, own[key])]]
  )
  return Object.fromEntries([...Object.entries(defaults).map(([key, value]): readonly [string, Json] => [key, inAnswer(key, own[key] ?? value)]), ...told])
}

/** An answer at one moment. */
export const write = (context: AnswerContext, head: Head, moment: Moment): JsonObject => ({
  id: idOf("resp", head.id, context.id),
  object: "response",
  created_at: head.created ?? context.created,
  status: moment.status,
  error: moment.error ?? null,
  incomplete_details: moment.incomplete_details ?? null,
  model: head.model ?? context.request.model,
  output: moment.output,
  ...echoed(context),
  ...(moment.usage === undefined || isEmpty(moment.usage) ? {} : { usage: Usage.encode(moment.usage) })
})
