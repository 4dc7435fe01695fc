/** What all protocols of the simulated OpenAI service have in common before and around an answer: keys, quota, headers. */
import type { Refusal } from "./Facts.ts"
import type { Incoming } from "./Provider.ts"

/** Refuses a missing key and every key that begins with `bad`; the Azure header `api-key` counts too. */
export const authorizeOpenAi = (incoming: Incoming): Refusal | undefined => {
  const key = /^Bearer +(.+)$/i.exec(incoming.headers["authorization"] ?? "")?.[1] ?? incoming.headers["api-key"] ?? ""
  if (key === "") return { status: 401, message: "You didn't provide an API key.", code: "missing_api_key" }
  return key.startsWith("bad") ? { status: 401, message: `Incorrect API key provided: ${key.slice(0, 3)}***.`, code: "invalid_api_key" } : undefined
}

/** The account has no money left. */
export const quotaRefusal = (): Refusal => ({
  status: 429,
  message: "You exceeded your current quota, please check your plan and billing details.",
  code: "insufficient_quota"
})

/** The headers of every reply. */
export const openAiHeaders = (answer: number): Readonly<Record<string, string>> => ({
  "x-request-id": `req_sim${String(answer).padStart(8, "0")}`,
  "openai-version": "2020-10-01"
})
