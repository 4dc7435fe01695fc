/** Built-ins together: what one of them does must not undo what another promises. */
import { assert, layer } from "@effect/vitest"
import * as CacheStoreMemory from "@sluice/gateway/CacheStoreMemory"
import * as ResponseCache from "@sluice/gateway/extensions/ResponseCache"
import * as Guardrail from "@sluice/gateway/interceptors/Guardrail"
import * as Redact from "@sluice/gateway/interceptors/Redact"
import * as SystemPrompt from "@sluice/gateway/interceptors/SystemPrompt"
import { Effect, Layer, Redacted } from "effect"
import * as Rig from "../end-to-end/Rig.ts"
import { ask, upstream } from "./Asking.ts"

const parts = Layer.mergeAll(
  ResponseCache.layer({ scope: "tenant" }).pipe(Layer.provide(CacheStoreMemory.layer())),
  Redact.layer({ kinds: ["email"], isReversible: true }),
  SystemPrompt.layer([{ text: "Write to boss@example.com.", mode: "append" }]),
  Guardrail.layer({
    rules: [
      { name: "mail", kinds: ["email"], action: "mask", on: ["answer"] },
      { name: "cards", kinds: ["card"], action: "block" }
    ]
  })
).pipe(Layer.orDie)

const keys = ["a", "b"].map((id) => ({ key: Redacted.make(`sk-${id}`), principal: { id, tenant: "acme" } }))

layer(Rig.layer({ parts, keys }), { excludeTestServices: true })("built-ins together", (it) => {
  it.effect("put back what redaction hid, although the guardrail masks it: the guardrail saw the token", () =>
    Effect.gen(function*() {
      for (const stream of [false, true]) {
        const answer = yield* ask({ model: "anthropic/back", text: "I am jane@example.com", stream })
        assert.strictEqual(answer.said, "You said: I am jane@example.com")
      }
    }))

  it.effect("give a value back from the cache to who said it, and to nobody who said another", () =>
    Effect.gen(function*() {
      const say = (address: string, apiKey: string) => ask({ model: "openai/values", text: `I am ${address}`, apiKey, stream: true })
      for (
        const [address, apiKey] of [["jane@example.com", "sk-a"], ["joan@example.com", "sk-a"], ["jane@example.com", "sk-b"], [
          "jane@example.com",
          "sk-a"
        ]] as const
      ) {
        const answer = yield* say(address, apiKey)
        assert.strictEqual(answer.said, `You said: I am ${address}`)
      }
      // Tokens are each key's own, so that the tenant shares nothing that was hidden
      assert.strictEqual((yield* upstream("values")).length, 3)
    }))

  it.effect("leave the operator's own words alone, which are put in behind redaction", () =>
    Effect.gen(function*() {
      yield* ask({ model: "gemini/words", text: "Hello" })
      assert.include((yield* upstream("words"))[0]?.text, "boss@example.com")
    }))

  it.effect("refuse before anything is asked, cached or masked", () =>
    Effect.gen(function*() {
      for (let time = 0; time < 2; time++) {
        const answer = yield* ask({ model: "openai/refused", text: "4111 1111 1111 1111 of jane@example.com" })
        assert.deepStrictEqual([answer.status, answer.headers.get("x-sluice-cache")], [400, null])
      }
      assert.deepStrictEqual(yield* upstream("refused"), [])
    }))
})

layer(
  Rig.layer({
    parts: Layer.orDie(Layer.merge(Redact.layer(), Guardrail.layer({ rules: [{ name: "cards", kinds: ["card"], action: "block", on: ["request"] }] })))
  }),
  {
    excludeTestServices: true
  }
)("texts that are not answered", (it) => {
  const post = (path: string, body: object) =>
    Effect.flatMap(Rig.Rig, ({ url }) =>
      Effect.promise(async () => {
        const headers = { authorization: "Bearer sk-test", "content-type": "application/json" }
        const response = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
        return { status: response.status, text: await response.text() }
      }))

  it.effect("are masked, and refused, before they are embedded", () =>
    Effect.gen(function*() {
      const embedded = yield* post("/v1/embeddings", { model: "openai/embedded", input: ["jane@example.com", "and more"] })
      assert.strictEqual(embedded.status, 200, embedded.text)
      assert.include((yield* upstream("embedded"))[0]?.text, "[email]")
      assert.notInclude((yield* upstream("embedded"))[0]?.text, "jane@")
      assert.strictEqual((yield* post("/v1/embeddings", { model: "openai/refused", input: "4111 1111 1111 1111" })).status, 400)
    }))

  it.effect("are masked before their tokens are counted", () =>
    Effect.gen(function*() {
      const body = { model: "anthropic/counted", messages: [{ role: "user", content: "I am jane@example.com" }] }
      const counted = yield* post("/v1/messages/count_tokens", body)
      assert.strictEqual(counted.status, 200, counted.text)
      for (const { text } of yield* upstream("counted")) assert.notInclude(text, "jane@")
    }))
})
