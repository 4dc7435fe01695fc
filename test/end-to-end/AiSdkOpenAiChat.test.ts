/** `ai` with `@ai-sdk/openai` speaking chat completions, against the gateway with an upstream of each protocol. */
import { createOpenAI } from "@ai-sdk/openai"
import { aiSdk } from "./AiSdk.ts"
import { describeSdk } from "./Sdk.ts"

describeSdk(aiSdk({
  name: "@ai-sdk/openai chat",
  connect: (url, apiKey) => createOpenAI({ baseURL: `${url}/v1`, apiKey }).chat,
  // OpenAI's own chat completions never show thinking, so the package reads none
  hidesThinking: true
}))
