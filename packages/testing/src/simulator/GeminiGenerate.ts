/**
 * The simulated Gemini service: routes (the model and the operation are in the path), keys and the tie between reading
 * and writing. What it refuses is in GeminiGenerateRequest.ts, what it says in GeminiGenerateFrames.ts and GeminiGenerateBody.ts.
 */
import { contentTypes } from "./Actions.ts"
import { isRefusal, type Refusal } from "./Facts.ts"
import { geminiEmbeddings } from "./GeminiEmbeddings.ts"
import { generateBody } from "./GeminiGenerateBody.ts"
import { generateArray, generateFrames } from "./GeminiGenerateFrames.ts"
import { readCountRequest, readGenerateRequest } from "./GeminiGenerateRequest.ts"
import { generateError } from "./GeminiGenerateWire.ts"
import { modelNames } from "./Models.ts"
import type { Incoming, Operation, Provider } from "./Provider.ts"
import { sealOf } from "./Signatures.ts"
import { tokens } from "./Usage.ts"

/** What a path asks for: `/v1beta/models/{model}:{method}`, the model percent-encoded where it needs to be. */
const target = (incoming: Incoming): { readonly model: string; readonly method: string } | undefined => {
  const [, model, method] = /^\/v1(?:alpha|beta)?\/(?:models|tunedModels)\/(.+):(\w+)$/.exec(incoming.path) ?? []
  if (model === undefined || method === undefined) return undefined
  // Decoded as a query value: unlike decodeURIComponent that does not throw at what is not well formed
  return { model: new URLSearchParams(`model=${model.replaceAll("+", "%2B").replaceAll("&", "%26")}`).get("model") ?? "", method }
}

const parameter = (incoming: Incoming, name: string): string => new URLSearchParams(incoming.query).get(name) ?? ""

const keyOf = (incoming: Incoming): string =>
  incoming.headers["x-goog-api-key"] ?? (parameter(incoming, "key") || /^Bearer +(.+)$/i.exec(incoming.headers["authorization"] ?? "")?.[1] || "")

/** Whether the answer is one JSON array, streamed piece by piece. */
const isArray = (incoming: Incoming): boolean => target(incoming)?.method === "streamGenerateContent" && parameter(incoming, "alt") !== "sse"

const operations: Readonly<Record<string, Operation | undefined>> = {
  generateContent: "generate",
  streamGenerateContent: "generate",
  countTokens: "count",
  embedContent: "embed",
  batchEmbedContents: "embed"
}

/** The model list has one path in all protocols; only this one's clients send its key. */
const route = (incoming: Incoming): Operation | undefined => {
  if (incoming.method === "POST") return operations[target(incoming)?.method ?? ""]
  const own = incoming.path === "/v1beta/models" || incoming.headers["x-goog-api-key"] !== undefined || parameter(incoming, "key") !== ""
  return incoming.method === "GET" && /^\/v1(beta)?\/models$/.test(incoming.path) && own ? "models" : undefined
}

const authorize = (incoming: Incoming): Refusal | undefined => {
  const key = keyOf(incoming)
  if (key === "") {
    return {
      status: 403,
      message:
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API."
    }
  }
  return key.startsWith("bad") ? { status: 400, message: "API key not valid. Please pass a valid API key.", code: "API_KEY_INVALID" } : undefined
}

const models = (): string =>
  JSON.stringify({
    models: modelNames.map((name) => ({
      name: `models/${name}`,
      baseModelId: name,
      version: "001",
      displayName: name,
      inputTokenLimit: 1_048_576,
      outputTokenLimit: 65_536,
      supportedGenerationMethods: ["generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"]
    }))
  })

const count = (body: unknown): string | Refusal => {
  const facts = readCountRequest(body)
  if (isRefusal(facts)) return facts
  const totalTokens = Math.max(1, tokens(facts.characters))
  return JSON.stringify({ totalTokens, promptTokensDetails: [{ modality: "TEXT", tokenCount: totalTokens }] })
}

/** Gemini, its streams as server-sent events. */
export const geminiGenerate: Provider = {
  id: "gemini-generate",
  interleavesCalls: false,
  retryInBody: true,
  route: (incoming) => isArray(incoming) ? undefined : route(incoming),
  authorize,
  model: (incoming) => target(incoming)?.model ?? "",
  read: (incoming, body) => {
    const { model = "", method = "" } = target(incoming) ?? {}
    return readGenerateRequest(body, model, method === "streamGenerateContent")
  },
  callId: (answer, call) => `sim${String(answer).padStart(6, "0")}x${call}`,
  signature: sealOf,
  redacted: "",
  frames: generateFrames,
  body: generateBody,
  count: (_incoming, body) => count(body),
  embed: (incoming, body) => {
    const { model = "", method = "" } = target(incoming) ?? {}
    return geminiEmbeddings(body, model, method === "batchEmbedContents")
  },
  models,
  refusals: {
    unknownModel: (model) => ({
      status: 404,
      message:
        `models/${model} is not found for API version v1beta, or is not supported for generateContent. Call ModelService.ListModels to see the list of available models and their supported methods.`
    }),
    contextOverflow: () => ({ status: 400, message: "The input token count (1250000) exceeds the maximum number of tokens allowed (1048576)." }),
    quota: () => ({
      status: 429,
      message: "You exceeded your current quota, please check your plan and billing details.",
      retryMillis: 34_400
    })
  },
  refusal: (_answer, refusal) => generateError(refusal),
  answerHeaders: () => ({ "server": "scaffolding on HTTPServer2", "vary": "Origin, X-Origin, Referer" })
}

/** Gemini, its streams as JSON arrays; errors come inside of an array too. */
export const geminiGenerateArray: Provider = {
  ...geminiGenerate,
  streamHeaders: contentTypes.json,
  route: (incoming) => isArray(incoming) ? route(incoming) : undefined,
  frames: generateArray,
  refusal: (_answer, refusal) => `[${generateError(refusal)}]`
}
