/**
 * The simulated OpenAI responses service: routes, keys and the tie between reading and writing. What it refuses is in
 * OpenAiResponsesRequest.ts, what it says in OpenAiResponsesFrames.ts and OpenAiResponsesBody.ts. It stores nothing, so
 * that references to earlier responses and items are refused; its WebSocket is not simulated.
 */
import { isRefusal, type Refusal } from "./Facts.ts"
import { objectOf, stringOf } from "./Json.ts"
import { authorizeOpenAi, openAiHeaders, quotaRefusal } from "./OpenAiAccess.ts"
import { openAiChat } from "./OpenAiChat.ts"
import { chatError } from "./OpenAiChatWire.ts"
import { responsesBody } from "./OpenAiResponsesBody.ts"
import { responsesFrames } from "./OpenAiResponsesFrames.ts"
import { readCountRequest, readResponsesRequest } from "./OpenAiResponsesRequest.ts"
import type { Incoming, Operation, Provider } from "./Provider.ts"
import { sealOf } from "./Signatures.ts"
import { tokens } from "./Usage.ts"

const route = (incoming: Incoming): Operation | undefined => {
  if (incoming.method !== "POST") return undefined
  if (/^(\/v1)?\/responses$/.test(incoming.path)) return "generate"
  return /^(\/v1)?\/responses\/input_tokens$/.test(incoming.path) ? "count" : undefined
}

const count = (body: unknown): string | Refusal => {
  const facts = readCountRequest(body)
  return isRefusal(facts) ? facts : JSON.stringify({ object: "response.input_tokens", input_tokens: Math.max(1, tokens(facts.characters)) })
}

/** OpenAI responses. */
export const openAiResponses: Provider = {
  id: "openai-responses",
  interleavesCalls: true,
  route,
  authorize: authorizeOpenAi,
  model: (_incoming, body) => stringOf(objectOf(body)["model"]),
  read: (_incoming, body) => readResponsesRequest(body),
  callId: (answer, call) => `call_sim${String(answer).padStart(8, "0")}x${call}`,
  signature: sealOf,
  redacted: sealOf("redacted"),
  frames: responsesFrames,
  body: responsesBody,
  count: (_incoming, body) => count(body),
  models: openAiChat.models,
  refusals: {
    unknownModel: (model) => ({ status: 400, message: `The requested model '${model}' does not exist.`, code: "model_not_found", parameter: "model" }),
    contextOverflow: () => ({
      status: 400,
      message: "Your input exceeds the context window of this model. Please adjust your input and try again.",
      code: "context_length_exceeded",
      parameter: "input"
    }),
    quota: quotaRefusal
  },
  refusal: (_answer, refusal) => chatError(refusal.status, refusal.message, refusal.code, refusal.parameter),
  answerHeaders: openAiHeaders
}
