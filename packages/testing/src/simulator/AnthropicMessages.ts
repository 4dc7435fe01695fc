/**
 * The simulated Anthropic messages service: routes, keys, models, signatures and the tie between reading and
 * writing. What it refuses is in AnthropicMessagesRequest.ts, what it says in AnthropicMessagesFrames.ts and AnthropicMessagesBody.ts.
 */
import { messagesBody } from "./AnthropicMessagesBody.ts"
import { messagesFrames } from "./AnthropicMessagesFrames.ts"
import { readCountRequest, readMessagesRequest } from "./AnthropicMessagesRequest.ts"
import { messagesError } from "./AnthropicMessagesWire.ts"
import { isRefusal, type Refusal } from "./Facts.ts"
import { objectOf, stringOf } from "./Json.ts"
import { modelNames } from "./Models.ts"
import type { Incoming, Operation, Provider } from "./Provider.ts"
import { redactedData, signatureOf } from "./Signatures.ts"
import { tokens } from "./Usage.ts"

/** The model list has one path in both protocols; only this one's clients send its version or key header. */
const route = (incoming: Incoming): Operation | undefined => {
  if (incoming.method === "POST" && incoming.path === "/v1/messages") return "generate"
  if (incoming.method === "POST" && incoming.path === "/v1/messages/count_tokens") return "count"
  const own = incoming.headers["anthropic-version"] !== undefined || incoming.headers["x-api-key"] !== undefined
  return incoming.method === "GET" && incoming.path === "/v1/models" && own ? "models" : undefined
}

const authorize = (incoming: Incoming): Refusal | undefined => {
  const key = incoming.headers["x-api-key"] ?? /^Bearer +(.+)$/i.exec(incoming.headers["authorization"] ?? "")?.[1] ?? ""
  if (key === "") return { status: 401, message: "x-api-key header is required" }
  if (key.startsWith("bad")) return { status: 401, message: "invalid x-api-key" }
  return incoming.headers["anthropic-version"] === undefined ? { status: 400, message: "anthropic-version: header is required" } : undefined
}

const models = (): string =>
  JSON.stringify({
    data: modelNames.map((id) => ({
      type: "model",
      id,
      display_name: id,
      created_at: "2026-01-01T00:00:00Z",
      max_input_tokens: 200_000,
      max_tokens: 64_000,
      capabilities: null
    })),
    has_more: false,
    first_id: modelNames[0] ?? null,
    last_id: modelNames.at(-1) ?? null
  })

const count = (body: unknown): string | Refusal => {
  const facts = readCountRequest(body)
  return isRefusal(facts) ? facts : JSON.stringify({ input_tokens: Math.max(1, tokens(facts.characters)) })
}

/** Anthropic messages. */
export const anthropicMessages: Provider = {
  id: "anthropic-messages",
  interleavesCalls: false,
  route,
  authorize,
  model: (_incoming, body) => stringOf(objectOf(body)["model"]),
  read: (incoming, body) => readMessagesRequest(body, incoming.headers["anthropic-beta"] ?? ""),
  callId: (answer, call) => `toolu_sim${String(answer).padStart(8, "0")}x${call}`,
  signature: signatureOf,
  redacted: redactedData,
  frames: messagesFrames,
  body: messagesBody,
  count: (_incoming, body) => count(body),
  models,
  refusals: {
    unknownModel: (model) => ({ status: 404, message: `model: ${model}` }),
    contextOverflow: () => ({ status: 400, message: "prompt is too long: 250000 tokens > 200000 maximum" }),
    quota: () => ({
      status: 400,
      message: "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."
    })
  },
  refusal: (answer, refusal) => messagesError(refusal.status, refusal.message, answer, refusal.code),
  answerHeaders: (answer) => ({ "request-id": `req_sim${String(answer).padStart(8, "0")}` })
}
