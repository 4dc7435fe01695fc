/** The official SDKs list models and ask for one, each in its own shape, with pages where its protocol has them. */
import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, layer } from "@effect/vitest"
import { GoogleGenAI } from "@google/genai"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { Effect, Redacted } from "effect"
import OpenAI from "openai"
import * as Rig from "./Rig.ts"

const ids = ["fast", "team/slow", "vendor/family/model-1", "claude", "last"]

const entry = (id: string) => ({ id, targets: [{ provider: ProviderId.make(id === "claude" ? "anthropic" : "openai"), model: "sim-auto" }] })

const options: Rig.Options = {
  models: ids.map(entry),
  keys: [{ key: Redacted.make("sk-few"), principal: { id: "few", models: ["fast", "vendor/*"] } }]
}

const openai = (apiKey = "sk-test") => Effect.map(Rig.Rig, ({ url }) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 }))
const anthropic = (apiKey = "sk-test") => Effect.map(Rig.Rig, ({ url }) => new Anthropic({ baseURL: url, apiKey, maxRetries: 0 }))
const google = (apiKey = "sk-test", apiVersion = "v1beta") =>
  Effect.map(Rig.Rig, ({ url }) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url, apiVersion, retryOptions: { attempts: 1 } } }))

/** All items of a list that turns its pages by itself. */
const all = <A, B>(list: () => Promise<AsyncIterable<A>>, read: (item: A) => B) =>
  Effect.promise(async () => {
    const items: Array<B> = []
    for await (const item of await list()) items.push(read(item))
    return items
  })

const statusOf = (promise: Promise<unknown>) =>
  Effect.promise(() => promise.then(() => 200, (error: unknown) => error instanceof Error && "status" in error ? error.status : error))

describe("lists of models", () => {
  layer(Rig.layer(options), { excludeTestServices: true })((it) => {
    it.effect("OpenAI SDK: the list, and one whose name has slashes", () =>
      Effect.gen(function*() {
        const client = yield* openai()
        assert.deepStrictEqual(yield* all(async () => client.models.list(), ({ id }) => id), ids)
        for (const id of ids) {
          const model = yield* Effect.promise(() => client.models.retrieve(id))
          assert.deepInclude(model, { id, object: "model" })
        }
        assert.strictEqual(yield* statusOf(client.models.retrieve("none")), 404)
      }))

    it.effect("Anthropic SDK: whole, in pages forwards and backwards, and one", () =>
      Effect.gen(function*() {
        const client = yield* anthropic()
        const read = ({ id }: { readonly id: string }) => id
        assert.deepStrictEqual(yield* all(async () => client.models.list(), read), ids)
        for (const limit of [1, 2, 5]) assert.deepStrictEqual(yield* all(async () => client.models.list({ limit }), read), ids)
        const page = yield* Effect.promise(() => client.models.list({ limit: 2, after_id: "fast" }))
        assert.deepStrictEqual([page.data.map(read), page.has_more], [["team/slow", "vendor/family/model-1"], true])
        const back = yield* Effect.promise(() => client.models.list({ limit: 2, before_id: "last" }))
        assert.deepStrictEqual([back.data.map(read), back.has_more], [["vendor/family/model-1", "claude"], true])
        for (const id of ids) assert.deepInclude(yield* Effect.promise(() => client.models.retrieve(id)), { id, type: "model" })
        assert.strictEqual(yield* statusOf(client.models.retrieve("none")), 404)
        assert.strictEqual(yield* statusOf(client.models.list({ limit: 0 })), 400)
        assert.strictEqual(yield* statusOf(client.models.list({ after_id: "none" })), 400)
      }))

    for (const version of ["v1beta", "v1"]) {
      it.effect(`Google SDK, ${version}: whole, in pages, and one with what it can be asked`, () =>
        Effect.gen(function*() {
          const client = yield* google("sk-test", version)
          const names = ids.map((id) => `models/${id}`)
          const read = ({ name }: { readonly name?: string }) => name
          assert.deepStrictEqual(yield* all(() => client.models.list(), read), names)
          for (const pageSize of [1, 2, 5]) assert.deepStrictEqual(yield* all(() => client.models.list({ config: { pageSize } }), read), names)
          for (const id of ids) {
            const model = yield* Effect.promise(() => client.models.get({ model: id }))
            assert.strictEqual(model.name, `models/${id}`)
            assert.includeMembers(model.supportedActions ?? [], ["generateContent", "countTokens"])
          }
          assert.strictEqual(yield* statusOf(client.models.get({ model: "none" })), 404)
          assert.strictEqual(yield* statusOf(client.models.list({ config: { pageToken: "none" } })), 400)
        }))
    }

    it.effect("show a key only the models it may use", () =>
      Effect.gen(function*() {
        const few = ["fast", "vendor/family/model-1"]
        const [open, claude, gemini] = [yield* openai("sk-few"), yield* anthropic("sk-few"), yield* google("sk-few")]
        assert.deepStrictEqual(yield* all(async () => open.models.list(), ({ id }) => id), few)
        assert.deepStrictEqual(yield* all(async () => claude.models.list({ limit: 1 }), ({ id }) => id), few)
        assert.deepStrictEqual(yield* all(() => gemini.models.list({ config: { pageSize: 1 } }), ({ name }) => name), few.map((id) => `models/${id}`))
        assert.strictEqual(yield* statusOf(open.models.retrieve("claude")), 404)
        assert.strictEqual(yield* statusOf((yield* openai("sk-nobody")).models.list()), 401)
      }))
  })
})
