/**
 * `count_tokens`: a Messages request without what only shapes the answer; `max_tokens` and its like are refused there
 * (specification of CountMessageTokensParams and its beta form).
 */
import * as Fields from "@sluice/protocol/Fields"
import type { Failure } from "@sluice/protocol/GatewayError"
import { type CountTokens, encodePrompt, type TokenCount } from "@sluice/protocol/TokenCount"
import { isObject, type Json, type JsonObject, valueIn } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Request from "./Request.ts"
import { id } from "./Wire.ts"

const keys: ReadonlySet<string> = new Set([
  "cache_control",
  "context_management",
  "mcp_servers",
  "messages",
  "model",
  "output_config",
  "output_format",
  "speed",
  "system",
  "thinking",
  "tool_choice",
  "tools"
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
  const origin = isObject(own) ? own : {}
  return Result.succeed(Fields.patched(origin, { input_tokens: count.input }))
}

/** Anthropic's count. */
export const count: CountTokens = {
  id,
  request: { decode: Request.decode, check: Request.refusal, encode },
  response: { decode: decodeAnswer, encode: encodeAnswer }
}
