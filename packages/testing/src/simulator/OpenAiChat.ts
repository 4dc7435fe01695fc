/**
 * The simulated OpenAI chat completions service: routes, keys, models and the tie between reading and writing.
 * What it refuses is in OpenAiChatRequest.ts, what it says in OpenAiChatFrames.ts and OpenAiChatBody.ts.
 */
import type { Refusal } from "./Facts.ts"
import { objectOf, stringOf } from "./Json.ts"
import { modelNames } from "./Models.ts"
import { chatBody } from "./OpenAiChatBody.ts"
import { chatFrames } from "./OpenAiChatFrames.ts"
import { readChatRequest } from "./OpenAiChatRequest.ts"
import { chatError } from "./OpenAiChatWire.ts"
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
  refusals: {
    unknownModel: (model) => ({ status: 404, message: `The model \`${model}\` does not exist or you do not have access to it.`, code: "model_not_found" }),
    contextOverflow: () => ({
      status: 400,
      message:
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 250000 tokens. Please reduce the length of the messages.",
      code: "context_length_exceeded",
      parameter: "messages"
    }),
    quota: () => ({ status: 429, message: "You exceeded your current quota, please check your plan and billing details.", code: "insufficient_quota" })
  },
  refusal: (_answer, refusal) => chatError(refusal.status, refusal.message, refusal.code, refusal.parameter),
  answerHeaders: (answer) => ({ "x-request-id": `req_sim${String(answer).padStart(8, "0")}`, "openai-version": "2020-10-01" })
}
