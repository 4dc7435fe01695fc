/**
 * `/responses/input_tokens`: a Responses request without what only shapes the answer (specification of TokenCountsBody). Chat
 * Completions is counted in the same words.
 */
import * as Fields from "@sluice/protocol/Fields"
import type { Failure } from "@sluice/protocol/GatewayError"
import { type CountTokens, encodePrompt, type TokenCount } from "@sluice/protocol/TokenCount"
import { isObject, type Json, type JsonObject, valueIn } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Request from "./Request.ts"
import { id } from "./Wire.ts"

const keys: ReadonlySet<string> = new Set([
  "conversation",
  "input",
  "instructions",
  "model",
  "parallel_tool_calls",
  "personality",
  "previous_response_id",
  "reasoning",
  "text",
  "tool_choice",
  "tools",
  "truncation"
])

const encode: CountTokens["request"]["encode"] = (request) => encodePrompt(id, Request.encode, request, keys)

const decodeAnswer = (body: Json): Result.Result<TokenCount, Failure> => {
  const input = isObject(body) ? body["input_tokens"] : undefined
  return typeof input === "number"
    ? Result.succeed({ input, wire: { dialect: id, value: body } })
    : Result.fail({ class: "protocol-violation", message: "The provider's answer states no input_tokens." })
}

const encodeAnswer = (count: TokenCount): Result.Result<JsonObject, never> => {
  const own = valueIn(id, count)
  const origin = isObject(own) ? own : { object: "response.input_tokens" }
  return Result.succeed(Fields.patched(origin, { input_tokens: count.input }))
}

/** The answer in OpenAI's words. */
export const response: CountTokens["response"] = { decode: decodeAnswer, encode: encodeAnswer }

/** OpenAI's count. */
export const count: CountTokens = {
  id,
  request: { decode: Request.decode, check: Request.refusal, encode },
  response
}
