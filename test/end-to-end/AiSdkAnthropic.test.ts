/** `ai` with `@ai-sdk/anthropic`, against the gateway with an upstream of each protocol. */
import { createAnthropic } from "@ai-sdk/anthropic"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { aiSdk, type Provider } from "./AiSdk.ts"
import * as Rig from "./Rig.ts"
import { type Cell, describeSdk, person } from "./Sdk.ts"

const provider: Provider = {
  name: "@ai-sdk/anthropic",
  connect: (url, apiKey) => createAnthropic({ baseURL: `${url}/v1`, apiKey })
}

const own = ({ it, stream, upstream }: Cell): void => {
  // A model the package does not know is made to call a tool instead
  it.effect("structured output as a format, as models that can do it are asked", () =>
    Effect.gen(function*() {
      const { url } = yield* Rig.Rig
      const client = aiSdk({ ...provider, options: { anthropic: { structuredOutputMode: "outputFormat" } } }).connect(url, "sk-test")
      const { text } = yield* Effect.promise(() => client.ask({ model: `${upstream}/sim-structured`, stream, prompt: "Who?", schema: person }))
      assert.hasAllKeys(JSON.parse(text), ["name", "age"])
    }))
}

describeSdk(aiSdk(provider), own)
