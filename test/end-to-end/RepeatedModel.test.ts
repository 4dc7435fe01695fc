/** Gemini's protocol tells the model in the path; clients that repeat it in the body have it renamed there too, in the body's own words. */
import { assert, layer } from "@effect/vitest"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { Effect } from "effect"
import * as Rig from "./Rig.ts"

const models = [{ id: "alias", targets: [{ provider: ProviderId.make("gemini"), model: "sim-auto" }] }]
const content = { role: "user", parts: [{ text: "Hello" }] }

const cases = [
  ["generateContent", { model: "models/alias", contents: [content] }, { model: "models/sim-auto" }],
  ["generateContent", { model: "alias", contents: [content] }, { model: "sim-auto" }],
  ["generateContent", { contents: [content] }, {}],
  ["countTokens", { generateContentRequest: { model: "models/alias", contents: [content] } }, { "generateContentRequest.model": "models/sim-auto" }],
  ["embedContent", { model: "models/alias", content }, { model: "models/sim-auto" }],
  ["batchEmbedContents", { requests: [{ model: "models/alias", content }] }, { "requests[0].model": "models/sim-auto" }]
] as const

layer(Rig.layer({ models }), { excludeTestServices: true })("a model that the body repeats", (it) => {
  for (const [method, body, expected] of cases) {
    it.effect(`${method}: ${JSON.stringify(body).slice(0, 60)}`, () =>
      Effect.gen(function*() {
        const { simulator, url } = yield* Rig.Rig
        const headers = { "x-goog-api-key": "sk-test", "content-type": "application/json" }
        const answer = yield* Effect.promise(() => fetch(`${url}/v1beta/models/alias:${method}`, { method: "POST", headers, body: JSON.stringify(body) }))
        assert.strictEqual(answer.status, 200, yield* Effect.promise(() => answer.text()))
        const asked = (yield* simulator.log).at(-1)
        assert.strictEqual(asked?.path, `/v1beta/models/sim-auto:${method}`)
        if (Object.keys(expected).length > 0) assert.deepNestedInclude(asked?.body, expected)
        else assert.deepStrictEqual(asked?.body, body)
      }))
  }
})
