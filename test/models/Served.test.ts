/** A whole gateway: what its lists say of models in each protocol's own shape, models of parts and of providers' lists, and pools that fail over. */
import { assert, it, layer } from "@effect/vitest"
import * as Catalogue from "@sluice/gateway/Catalogue"
import * as ModelDiscovery from "@sluice/gateway/ModelDiscovery"
import type { ModelAlias, ModelEntry } from "@sluice/gateway/ModelEntry"
import * as Models from "@sluice/gateway/Models"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { Effect, Layer, Option } from "effect"
import * as Rig from "../end-to-end/Rig.ts"
import * as Fleet from "../scheduling/Fleet.ts"

const openai = ProviderId.make("openai")
const anthropic = ProviderId.make("anthropic")

const models: ReadonlyArray<ModelEntry> = [
  {
    id: "known",
    targets: [{ provider: openai, model: "sim-auto" }],
    info: {
      displayName: "The Known One",
      description: "Made up.",
      ownedBy: "nobody",
      created: 1_700_000_000,
      version: "3",
      maxInputTokens: 100_000,
      maxOutputTokens: 8000,
      thinking: { kind: "none" },
      deprecated: true,
      deprecatedAt: 1_750_000_000
    }
  },
  { id: "unknown", targets: [{ provider: openai, model: "sim-auto" }] },
  { id: "public", targets: [{ provider: anthropic, model: "catalogued" }], info: { maxOutputTokens: 10 } },
  { id: "either", targets: [{ provider: anthropic, model: "catalogued" }, { provider: anthropic, model: "smaller" }] },
  { id: "one", targets: [{ provider: openai, model: "sim-error-503" }] },
  { id: "two", targets: [{ provider: anthropic, model: "sim-auto" }] }
]

const aliases: ReadonlyArray<ModelAlias> = ["one", "two"].map((model) => ({ alias: "pool", model }))

const known: { readonly [model: string]: Catalogue.CatalogueEntry } = {
  catalogued: { name: "house/catalogued", info: { displayName: "Catalogued", contextWindow: 200_000, maxOutputTokens: 5 } },
  smaller: { name: "house/smaller", info: { displayName: "Smaller", contextWindow: 8000 } }
}

const catalogue = Catalogue.layer({ version: "house-1", licence: "MIT", find: ({ model }) => Option.fromUndefinedOr(known[model]) })

const parts = Layer.mergeAll(
  Models.layer([{ id: "house-model", targets: [{ provider: openai, model: "sim-auto" }], info: { contextWindow: 32_768 } }], { id: "house" }),
  ModelDiscovery.layer({ provider: "anthropic", excluded: ["*ERROR*"] })
)

const list = (path: string) =>
  Effect.flatMap(Rig.Rig, ({ url }) =>
    Effect.promise(async () => {
      const headers = {
        authorization: "Bearer sk-test",
        "x-goog-api-key": "sk-test",
        ...(path.includes("v1beta") ? {} : { "anthropic-version": "2023-06-01" })
      }
      const plain = { authorization: "Bearer sk-test" }
      const response = await fetch(url + path.replace("#openai", ""), { headers: path.endsWith("#openai") ? plain : headers })
      return JSON.parse(await response.text())
    }))

const ask = (model: string) =>
  Effect.flatMap(Rig.Rig, ({ url }) =>
    Effect.promise(async () => {
      const headers = { authorization: "Bearer sk-test", "content-type": "application/json" }
      const reply = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers,
        body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] })
      })
      await reply.text()
      return [reply.status, reply.headers.get("x-sluice-provider"), reply.headers.get("x-sluice-attempts")] as const
    }))

layer(Rig.layer({ models, aliases, catalogue, parts }), { excludeTestServices: true })("a list of models", (it) => {
  it.effect("is OpenAI's: owner and date, and the date that SDKs require where none is known", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* list("/v1/models/known#openai"), { id: "known", object: "model", created: 1_700_000_000, owned_by: "nobody" })
      assert.deepStrictEqual(yield* list("/v1/models/unknown#openai"), { id: "unknown", object: "model", created: 0, owned_by: "sluice" })
    }))

  it.effect("is Anthropic's: name, date, limits and where the model stands in its life; null where nothing is known", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* list("/v1/models/known"), {
        type: "model",
        id: "known",
        display_name: "The Known One",
        created_at: "2023-11-14T22:13:20.000Z",
        lifecycle: "deprecated",
        deprecated_at: "2025-06-15T15:06:40.000Z",
        retires_at: null,
        capabilities: null,
        max_input_tokens: 100_000,
        max_tokens: 8000
      })
      assert.deepStrictEqual(yield* list("/v1/models/unknown"), {
        type: "model",
        id: "unknown",
        display_name: "unknown",
        created_at: "1970-01-01T00:00:00.000Z",
        capabilities: null,
        max_input_tokens: null,
        max_tokens: null
      })
    }))

  it.effect("is Gemini's: limits, version, methods and thinking, and none of them where nothing is known", () =>
    Effect.gen(function*() {
      const methods = ["generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"]
      assert.deepStrictEqual(yield* list("/v1beta/models/known"), {
        name: "models/known",
        baseModelId: "known",
        version: "3",
        displayName: "The Known One",
        description: "Made up.",
        inputTokenLimit: 100_000,
        outputTokenLimit: 8000,
        supportedGenerationMethods: methods,
        thinking: false
      })
      assert.deepStrictEqual(yield* list("/v1beta/models/unknown"), {
        name: "models/unknown",
        baseModelId: "unknown",
        version: "",
        displayName: "unknown",
        supportedGenerationMethods: methods
      })
    }))

  it.effect("says what the configuration says before what the catalogue says, and of several models what holds for all of them", () =>
    Effect.gen(function*() {
      const facts = (id: string) => Effect.map(list(`/v1/models/${id}`), (model) => [model.display_name, model.max_input_tokens, model.max_tokens])
      assert.deepStrictEqual(yield* facts("public"), ["Catalogued", 200_000, 10])
      assert.deepStrictEqual(yield* facts("either"), ["either", 8000, null])
    }))

  it.effect("has the models of parts and of providers' lists, and those can be asked", () =>
    Effect.gen(function*() {
      const { data } = yield* list("/v1/models#openai")
      const ids: ReadonlyArray<string> = data.map(({ id }: { readonly id: string }) => id)
      assert.includeMembers([...ids], ["known", "house-model", "pool", "anthropic/sim-auto"])
      assert.deepStrictEqual(ids.filter((id) => /error/i.test(id)), [])
      assert.strictEqual((yield* list("/v1/models/house-model")).max_input_tokens, 32_768)
      assert.deepStrictEqual(yield* ask("house-model"), [200, "openai", "1"])
      assert.deepStrictEqual(yield* ask("anthropic/sim-auto"), [200, "anthropic", "1"])
    }))
})

layer(Rig.layer({ models, aliases }), { excludeTestServices: true })("a pool", (it) => {
  it.effect("takes its models in turn, and the next one where one fails before it says anything", () =>
    Effect.gen(function*() {
      const replies = yield* Effect.forEach(Array.from({ length: 4 }, () => "pool"), ask)
      // The first of the pool is broken: whoever has it first is served by the other
      assert.deepStrictEqual(replies, [[200, "anthropic", "2"], [200, "anthropic", "1"], [200, "anthropic", "2"], [200, "anthropic", "1"]])
    }))
})

it.effect("a model that only some credentials list is asked for with those alone", () =>
  Fleet.Fleet.use(({ ask, asked }) =>
    Effect.gen(function*() {
      for (let request = 0; request < 6; request++) assert.strictEqual((yield* ask("listed")).status, 200)
      assert.deepStrictEqual([...new Set(asked.map(({ key }) => key))], ["has-it"])
      const refused = yield* ask("gone")
      assert.notStrictEqual(refused.status, 200)
      assert.lengthOf(asked, 6)
    })
  ).pipe(Effect.provide(Fleet.layer({
    providers: [{ id: "a", keys: ["has-it", "has-not", "neither"] }],
    models: [
      { id: "listed", targets: [{ provider: ProviderId.make("a"), credentials: ["has-it"] }] },
      { id: "gone", targets: [{ provider: ProviderId.make("a"), credentials: ["logged-out"] }] }
    ]
  }))))
