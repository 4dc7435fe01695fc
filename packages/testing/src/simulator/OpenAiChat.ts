/**
 * The simulated OpenAI chat completions service: routes, keys, models and the tie between reading and writing.
 * What it refuses is in OpenAiChatRequest.ts, what it says in OpenAiChatFrames.ts.
 */
import type { Refusal } from "./Facts.ts"
import { objectOf, stringOf } from "./Json.ts"
import { modelNames } from "./Models.ts"
import { chatBody, chatError, chatFrames } from "./OpenAiChatFrames.ts"
import { readChatRequest } from "./OpenAiChatRequest.ts"
import type { Incoming, Operation, Provider } from "./Provider.ts"

const route = (incoming: Incoming): Operation | undefined => {
  if (incoming.method === "POST" && /^(\/v1)?\/chat\/completions$/.test(incoming.path)) return "generate"
  return incoming.method === "GET" && /^(\/v1)?\/models$/.test(incoming.path) ? "models" : undefined
}

const authorize = (incoming: Incoming): Refusal | undefined => {
  const key = /^Bearer +(.+)$/i.exec(incoming.headers["authorization"] ?? "")?.[1] ?? incoming.headers["api-key"] ?? ""
  if (key === "") return { status: 401, message: "You didn't provide an API key.", code: "missing_api_key" }
  return key.startsWith("bad") ? { status: 401, message: `Incorrect API key provided: ${key.slice(0, 3)}***.`, code: "invalid_api_key" } : undefined
}

const models = (): string =>
  JSON.stringify({ object: "list", data: modelNames.map((id) => ({ id, object: "model", created: 1_760_000_000, owned_by: "simulator" })) })

/** OpenAI chat completions. */
export const openAiChat: Provider = {
  id: "openai-chat",
  interleavesCalls: true,
  route,
  authorize,
  model: (_incoming, body) => stringOf(objectOf(body)["model"]),
  read: (_incoming, body) => readChatRequest(body),
  callId: (answer, call) => `call_sim${String(answer).padStart(8, "0")}x${call}`,
  signature: () => undefined,
  redacted: "",
  frames: chatFrames,
  body: chatBody,
  count: () => ({ status: 404, message: "Not found" }),
  models,
  refusal: (_answer, refusal) => chatError(refusal.status, refusal.message, refusal.code, refusal.parameter),
  answerHeaders: (answer) => ({ "x-request-id": `req_sim${String(answer).padStart(8, "0")}`, "openai-version": "2020-10-01" })
}
