/** `ai` with `@ai-sdk/google`, against the gateway with an upstream of each protocol. */
import { createGoogle } from "@ai-sdk/google"
import { aiSdk } from "./AiSdk.ts"
import { describeSdk } from "./Sdk.ts"

describeSdk(aiSdk({
  name: "@ai-sdk/google",
  // A name with a slash is a path to this package: it asks at /v1beta/NAME and not at /v1beta/models/NAME
  connect: (url, apiKey) => createGoogle({ baseURL: `${url}/v1beta`, apiKey }),
  options: { google: { thinkingConfig: { includeThoughts: true } } }
}))
