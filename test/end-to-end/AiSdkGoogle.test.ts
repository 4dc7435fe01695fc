/** `ai` with `@ai-sdk/google`, against the gateway with an upstream of each protocol. */
import { createGoogle } from "@ai-sdk/google"
import { aiSdk } from "./AiSdk.ts"
import { describeSdk } from "./Sdk.ts"

describeSdk(aiSdk({
  name: "@ai-sdk/google",
  connect: (url, apiKey) => {
    const google = createGoogle({ baseURL: `${url}/v1beta`, apiKey })
    // A name with a slash is a path to this package
    return (model) => google(`models/${model}`)
  },
  options: { google: { thinkingConfig: { includeThoughts: true } } }
}))
