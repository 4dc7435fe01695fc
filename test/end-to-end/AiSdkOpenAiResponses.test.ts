/** `ai` with `@ai-sdk/openai` speaking responses, against the gateway with an upstream of each protocol. */
import { createOpenAI } from "@ai-sdk/openai"
import { aiSdk } from "./AiSdk.ts"
import { describeSdk } from "./Sdk.ts"

describeSdk(aiSdk({
  name: "@ai-sdk/openai responses",
  connect: (url, apiKey) => createOpenAI({ baseURL: `${url}/v1`, apiKey }).responses,
  options: { openai: { store: false, forceReasoning: true, reasoningSummary: "auto" } }
}))
