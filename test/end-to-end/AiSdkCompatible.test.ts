/** `ai` with `@ai-sdk/openai-compatible`, which reads the thinking of chat completions, against the gateway with an upstream of each protocol. */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import { aiSdk } from "./AiSdk.ts"
import { describeSdk } from "./Sdk.ts"

describeSdk(aiSdk({
  name: "@ai-sdk/openai-compatible",
  connect: (url, apiKey) => createOpenAICompatible({ name: "sluice", baseURL: `${url}/v1`, apiKey, includeUsage: true, supportsStructuredOutputs: true })
}))
