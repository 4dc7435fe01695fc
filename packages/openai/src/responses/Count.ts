/**
 * `/responses/input_tokens`: a Responses request without what only shapes the answer (specification of TokenCountsBody). Chat
 * Completions is counted in the same words.
 */
import { type CountTokens, encodePrompt, statedAsInput } from "@sluice/protocol/TokenCount"
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

/** The answer in OpenAI's words. */
export const response: CountTokens["response"] = statedAsInput(id, { object: "response.input_tokens" })

/** OpenAI's count. */
export const count: CountTokens = {
  id,
  request: { decode: Request.decode, check: Request.refusal, encode },
  response
}
