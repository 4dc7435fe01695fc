/**
 * The simulated OpenAI chat completions service, and its embeddings: routes, keys, models and the tie between reading and writing.
 * What it refuses is in OpenAiChatRequest.ts, what it says in OpenAiChatFrames.ts and OpenAiChatBody.ts.
 */
import { objectOf, stringOf } from "./Json.ts"
import { modelNames } from "./Models.ts"
import { authorizeOpenAi, openAiHeaders, quotaRefusal } from "./OpenAiAccess.ts"
import { chatBody } from "./OpenAiChatBody.ts"
import { chatFrames } from "./OpenAiChatFrames.ts"
import { readChatRequest } from "./OpenAiChatRequest.ts"
import { chatError } from "./OpenAiChatWire.ts"
import { openAiEmbeddings } from "./OpenAiEmbeddings.ts"
import type { Incoming, Operation, Provider } from "./Provider.ts"

const route = (incoming: Incoming): Operation | undefined => {
  if (incoming.method === "POST" && /^(\/v1)?\/chat\/completions$/.test(incoming.path)) return "generate"
  if (incoming.method === "POST" && /^(\/v1)?\/embeddings$/.test(incoming.path)) return "embed"
  return incoming.method === "GET" && /^(\/v1)?\/models$/.test(incoming.path) ? "models" : undefined
}

const models = (): string =>
  JSON.stringify({ object: "list", data: modelNames.map((id) => ({ id, object: "model", created: 1_760_000_000, owned_by: "simulator" })) })

/** OpenAI chat completions. */
export const openAiChat: Provider = {
  id: "openai-chat",
  interleavesCalls: true,
  route,
  authorize: authorizeOpenAi,
  model: (_incoming, body) => stringOf(objectOf(body)["model"]),
  read: (_incoming, body) => readChatRequest(body),
  callId: (answer, call) => `call_sim${String(answer).padStart(8, "0")}x${call}`,
  signature: () => undefined,
  redacted: "",
  frames: chatFrames,
  body: chatBody,
  count: () => ({ status: 404, message: "Not found" }),
  embed: (_incoming, body) => openAiEmbeddings(body),
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
    quota: quotaRefusal
  },
  refusal: (_answer, refusal) => chatError(refusal.status, refusal.message, refusal.code, refusal.parameter),
  answerHeaders: openAiHeaders
}
