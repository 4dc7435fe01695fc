/** Forced mapping: answers of every protocol, whole and streamed, from providers of every protocol, name the model by the alias; the record does not. */
import { assert, layer } from "@effect/vitest"
import type { Json } from "@sluice/protocol/Wire"
import { Effect } from "effect"
import * as Rig from "../end-to-end/Rig.ts"

const aliases = Rig.upstreams.flatMap((upstream) => [
  { alias: `shown-${upstream}`, model: `${upstream}/sim-auto`, forced: true },
  { alias: `plain-${upstream}`, model: `${upstream}/sim-auto` }
])

const content = { role: "user", parts: [{ text: "Hello" }] }

/** How a client of each protocol asks, by the path and the body. */
const asks: { readonly [client: string]: (model: string, stream: boolean) => readonly [path: string, body: Json] } = {
  openai: (model, stream) => ["/v1/chat/completions", { model, stream, messages: [{ role: "user", content: "Hello" }] }],
  responses: (model, stream) => ["/v1/responses", { model, stream, input: "Hello" }],
  anthropic: (model, stream) => ["/v1/messages", { model, stream, max_tokens: 50, messages: [{ role: "user", content: "Hello" }] }],
  gemini: (model, stream) => [`/v1beta/models/${model}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`, { contents: [content] }]
}

const send = (path: string, body: Json) =>
  Effect.flatMap(Rig.Rig, ({ url }) =>
    Effect.promise(async () => {
      const headers = { authorization: "Bearer sk-test", "x-goog-api-key": "sk-test", "anthropic-version": "2023-06-01", "content-type": "application/json" }
      const reply = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) })
      return { status: reply.status, text: await reply.text() }
    }))

/** Every name of a model in an answer, once each. */
const named = (text: string): ReadonlyArray<string> => [...new Set(Array.from(text.matchAll(/"(?:model|modelVersion)": ?"([^"]*)"/g), ([, name = ""]) => name))]

layer(Rig.layer({ aliases }), { excludeTestServices: true })("an alias that answers are forced to name", (it) => {
  for (const [client, ask] of Object.entries(asks)) {
    for (const upstream of Rig.upstreams) {
      for (const stream of [false, true]) {
        it.effect(`is what a ${stream ? "streamed" : "whole"} answer of ${upstream} to a client of ${client} says`, () =>
          Effect.gen(function*() {
            const forced = yield* send(...ask(`shown-${upstream}`, stream))
            assert.strictEqual(forced.status, 200, forced.text)
            assert.deepStrictEqual(named(forced.text), [`shown-${upstream}`])
            const plain = yield* send(...ask(`plain-${upstream}`, stream))
            assert.notInclude(named(plain.text), `plain-${upstream}`)
          }))
      }
    }
  }

  it.effect("does not show in the record, which has the provider's name and the typed lane", () =>
    Effect.gen(function*() {
      const { ledger } = yield* Rig.Rig
      yield* send(...(asks["openai"]?.("shown-openai", true) ?? ["", null]))
      yield* Rig.settled(1)
      const [entry] = yield* ledger.query({ limit: 1, model: "shown-openai" })
      assert.deepInclude(entry, { model: "shown-openai", upstreamModel: "sim-auto", servedModel: "sim-auto", lane: "typed" })
    }))

  it.effect("is what an answer of vectors says", () =>
    Effect.gen(function*() {
      const forced = yield* send("/v1/embeddings", { model: "shown-openai", input: "Hello" })
      assert.strictEqual(forced.status, 200, forced.text)
      assert.deepStrictEqual(named(forced.text), ["shown-openai"])
      const plain = yield* send("/v1/embeddings", { model: "plain-openai", input: "Hello" })
      assert.deepStrictEqual(named(plain.text), ["sim-auto"])
    }))

  it.effect("may be asked for with an effort, which its answers do not repeat", () =>
    Effect.gen(function*() {
      const forced = yield* send("/v1/chat/completions", { model: "shown-anthropic(low)", messages: [{ role: "user", content: "Hello" }] })
      assert.strictEqual(forced.status, 200, forced.text)
      assert.deepStrictEqual(named(forced.text), ["shown-anthropic"])
    }))
})
