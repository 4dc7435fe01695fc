/** The thinnest path: a real client, the gateway, an upstream of either protocol, one ledger entry. */
import Anthropic from "@anthropic-ai/sdk"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import OpenAI from "openai"
import * as Rig from "./Rig.ts"

for (const upstream of Rig.upstreams) {
  layer(Rig.layer(), { excludeTestServices: true })(`through ${upstream}`, (it) => {
    it.effect("the OpenAI SDK streams an answer", () =>
      Effect.gen(function*() {
        const { url } = yield* Rig.Rig
        const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-test", maxRetries: 0 })
        const text = yield* Effect.promise(async () => {
          let text = ""
          for await (
            const chunk of await client.chat.completions.create({ model: `${upstream}/sim-text`, stream: true, messages: [{ role: "user", content: "Hello" }] })
          ) {
            text += chunk.choices[0]?.delta.content ?? ""
          }
          return text
        })
        assert.isNotEmpty(text)
        const [entry] = yield* Rig.settled(1)
        assert.strictEqual(entry?.outcome, "Completed")
      }))

    it.effect("the Anthropic SDK gets a whole answer", () =>
      Effect.gen(function*() {
        const { url } = yield* Rig.Rig
        const client = new Anthropic({ baseURL: url, apiKey: "sk-test", maxRetries: 0 })
        const message = yield* Effect.promise(() =>
          client.messages.create({ model: `${upstream}/sim-text`, max_tokens: 100, messages: [{ role: "user", content: "Hello" }] })
        )
        assert.strictEqual(message.content[0]?.type, "text")
      }))
  })
}
