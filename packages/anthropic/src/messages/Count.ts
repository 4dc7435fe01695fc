/**
 * `count_tokens`: a Messages request without what only shapes the answer; `max_tokens` and its like are refused there
 * (specification of CountMessageTokensParams and its beta form).
 */
import { type CountTokens, encodePrompt, statedAsInput } from "@sluice/protocol/TokenCount"
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

/** Anthropic's count. */
export const count: CountTokens = {
  id,
  request: { decode: Request.decode, check: Request.refusal, encode },
  response: statedAsInput(id, {})
}
