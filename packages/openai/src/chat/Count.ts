/**
 * Chat Completions has no endpoint that counts: the gateway counts for it. Here stands what of a chat request is its prompt, so
 * that a count loses what the request itself would lose, and no more; an answer is told as Responses tells it.
 */
import { type CountTokens, encodePrompt } from "@sluice/protocol/TokenCount"
import { response } from "../responses/Count.ts"
import * as Request from "./Request.ts"
import { id } from "./Wire.ts"

const keys: ReadonlySet<string> = new Set(["messages", "model", "parallel_tool_calls", "reasoning_effort", "response_format", "tool_choice", "tools"])

/** The count of a chat request. */
export const count: CountTokens = {
  id,
  request: {
    decode: Request.decode,
    check: Request.refusal,
    encode: (request) => encodePrompt(id, Request.encode, request, keys)
  },
  response
}
