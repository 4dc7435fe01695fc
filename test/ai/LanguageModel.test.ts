/** Models of the gateway as language models of Effect: text, tools, structured output, thinking and usage, from providers of all four protocols. */
import { assert, layer } from "@effect/vitest"
import * as SluiceLanguageModel from "@sluice/gateway/ai/LanguageModel"
import * as CompletionClient from "@sluice/gateway/CompletionClient"
import { Ledger } from "@sluice/gateway/Ledger"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import type { Loss } from "@sluice/protocol/Loss"
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { Effect, Layer, Schema, Stream } from "effect"
import { LanguageModel, Prompt, type Response, Tool, Toolkit } from "effect/ai"
import * as FourProviders from "../end-to-end/FourProviders.ts"

const client = CompletionClient.layerGateway(
  Layer.unwrap(Effect.map(SimulatorServer, ({ url }) => FourProviders.executors(url, {}))),
  { models: FourProviders.prefixes }
).pipe(Layer.provideMerge(LedgerMemory.layer), Layer.provideMerge(Simulator.layerServer()), Layer.orDie)

const using = <A, E, R>(model: string, effect: Effect.Effect<A, E, R | LanguageModel.LanguageModel>, options: SluiceLanguageModel.Options = {}) =>
  Effect.provide(effect, Layer.fresh(SluiceLanguageModel.layer(model, options)))

const Weather = Tool.make("get_weather", {
  description: "The weather of a city",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.Struct({ sky: Schema.String })
})
const toolkit = Toolkit.make(Weather)

const typesOf = (parts: ReadonlyArray<{ readonly type: string }>): ReadonlyArray<string> =>
  parts.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1])

layer(client, { excludeTestServices: true })("a model of the gateway as a language model", (it) => {
  for (const upstream of FourProviders.upstreams) {
    it.effect(`answers a prompt from ${upstream}, with its end and its tokens, and leaves a row`, () =>
      Effect.gen(function*() {
        const response = yield* using(`${upstream}/sim-text;tag=whole`, LanguageModel.generateText({ prompt: "Hello" }))
        assert.match(response.text, /^Hello from the simulator/)
        assert.strictEqual(response.finishReason, "stop")
        assert.isAbove(response.usage.inputTokens.total ?? 0, 0)
        assert.isAbove(response.usage.outputTokens.total ?? 0, 0)
        const rows = yield* Ledger.use(({ query }) => query({ limit: 10, model: `${upstream}/sim-text;tag=whole` }))
        assert.strictEqual(rows.length, 1)
      }))

    it.effect(`streams from ${upstream}: the same text, in its parts`, () =>
      Effect.gen(function*() {
        const whole = yield* using(`${upstream}/sim-text`, LanguageModel.generateText({ prompt: "Hello" }))
        const parts = yield* using(`${upstream}/sim-text`, Stream.runCollect(LanguageModel.streamText({ prompt: "Hello" })))
        assert.deepStrictEqual(typesOf(parts), ["response-metadata", "text-start", "text-delta", "text-end", "finish"])
        assert.strictEqual(parts.map((part) => part.type === "text-delta" ? part.delta : "").join(""), whole.text)
      }))

    it.effect(`lets the model of ${upstream} call a tool, and answers with its result in the conversation`, () =>
      Effect.gen(function*() {
        const handlers = toolkit.toLayer({ get_weather: ({ city }) => Effect.succeed({ sky: `clear over ${city}` }) })
        const first = yield* using(`${upstream}/sim-tools`, LanguageModel.generateText({ prompt: "What is the weather?", toolkit })).pipe(
          Effect.provide(handlers)
        )
        assert.strictEqual(first.finishReason, "tool-calls")
        const [call] = first.toolCalls
        assert.strictEqual(call?.name, "get_weather")
        assert.match(JSON.stringify(first.toolResults[0]?.result), /clear over /)
        const prompt = Prompt.concat(Prompt.make("What is the weather?"), Prompt.fromResponseParts(first.content))
        const second = yield* using(`${upstream}/sim-tools;tag=second`, LanguageModel.generateText({ prompt, toolkit })).pipe(Effect.provide(handlers))
        assert.notStrictEqual(second.text, "")
        const { log } = yield* SimulatorServer
        const sent = JSON.stringify((yield* log).find(({ model }) => model.includes("tag=second"))?.body)
        assert.include(sent, "clear over")
      }))

    it.effect(`streams the call of a tool from ${upstream}, its arguments as they come`, () =>
      Effect.gen(function*() {
        const parts = yield* using(
          `${upstream}/sim-tools`,
          Stream.runCollect(LanguageModel.streamText({ prompt: "What is the weather?", toolkit, disableToolCallResolution: true }))
        )
        const types = typesOf(parts)
        assert.includeMembers([...types], ["tool-params-start", "tool-params-end", "tool-call", "finish"])
        const call = parts.find((part) => part.type === "tool-call")
        const params = parts.map((part) => part.type === "tool-params-delta" ? part.delta : "").join("")
        assert.deepStrictEqual(JSON.parse(params), call?.params)
      }))

    it.effect(`gives an object of a schema from ${upstream}`, () =>
      Effect.gen(function*() {
        const schema = Schema.Struct({ city: Schema.String, days: Schema.Int, stops: Schema.Array(Schema.Struct({ name: Schema.String })) })
        const response = yield* using(`${upstream}/sim-structured`, LanguageModel.generateObject({ prompt: "Plan a trip.", schema, objectName: "trip" }))
        assert.isString(response.value.city)
        assert.isNumber(response.value.days)
        assert.isArray(response.value.stops)
      }))

    it.effect(`tells thinking of ${upstream}, and gives its proof back with the conversation`, () =>
      Effect.gen(function*() {
        const request = { reasoning: { effort: { mode: "level", level: "high" }, visibility: "summary" } } as const
        const parts: Array<Response.AnyPart> = yield* using(
          `${upstream}/sim-reasoning`,
          Stream.runCollect(LanguageModel.streamText({ prompt: "Think." })),
          { request }
        )
        assert.isNotEmpty(parts.filter(({ type }) => type === "reasoning-delta"))
        const response = yield* using(`${upstream}/sim-reasoning`, LanguageModel.generateText({ prompt: "Think." }), { request })
        assert.isNotEmpty(response.reasoningText ?? "")
        if (upstream !== "anthropic") return
        // A proof of thinking that is changed or missing would be refused by the provider, which checks it
        for (const answer of [parts, response.content]) {
          const prompt = Prompt.concat(Prompt.concat(Prompt.make("Think."), Prompt.fromResponseParts(answer)), Prompt.make("And again."))
          yield* using(`${upstream}/sim-reasoning;tag=again`, LanguageModel.generateText({ prompt }), { request })
        }
        const { log } = yield* SimulatorServer
        const sent = JSON.stringify((yield* log).filter(({ model }) => model.includes("tag=again")).map(({ body }) => body))
        assert.lengthOf(sent.match(/"signature":"[^"]+"/g) ?? [], 2)
      }))
  }

  it.effect("carries files, system messages and names of tools that must be called", () =>
    Effect.gen(function*() {
      const prompt = Prompt.make([
        { role: "system", content: "Be brief." },
        {
          role: "user",
          content: [
            { type: "text", text: "What is this?" },
            { type: "file", mediaType: "image/png", data: new Uint8Array([1, 2, 3]) },
            { type: "file", mediaType: "image/jpeg", data: new URL("https://example.com/a.jpg") }
          ]
        }
      ])
      const asking = LanguageModel.generateText({ prompt, toolkit, toolChoice: { tool: "get_weather" }, disableToolCallResolution: true })
      yield* using("openai/sim-tools;tag=files", asking)
      const { log } = yield* SimulatorServer
      const sent = JSON.stringify((yield* log).find(({ model }) => model.includes("tag=files"))?.body)
      for (const piece of ["Be brief.", "data:image/png;base64,AQID", "https://example.com/a.jpg", "\"tool_choice\":{\"type\":\"function\""]) {
        assert.include(sent, piece)
      }
    }))

  it.effect("fails with the reasons of language models", () =>
    Effect.gen(function*() {
      const reasonOf = (model: string) => Effect.map(Effect.flip(using(model, LanguageModel.generateText({ prompt: "x" }))), ({ reason }) => reason)
      const limited = yield* reasonOf("openai/sim-error;status=429;retry-after=7")
      assert.strictEqual(limited._tag, "RateLimitError")
      assert.strictEqual((yield* reasonOf("openai/sim-error;status=500"))._tag, "InternalProviderError")
      const unknown = yield* reasonOf("nobody/knows")
      assert.strictEqual(unknown._tag, "InvalidRequestError")
      const broken = yield* using("openai/sim-truncated", Stream.runDrain(LanguageModel.streamText({ prompt: "x" }))).pipe(Effect.flip)
      assert.strictEqual(broken.reason._tag, "InternalProviderError")
    }))

  it.effect("refuses what it cannot carry, or leaves it out and says so", () =>
    Effect.gen(function*() {
      const prompt = Prompt.make([
        { role: "user", content: "Hello" },
        {
          role: "assistant",
          content: [{ type: "tool-call", id: "1", name: "web_search", params: {}, providerExecuted: true }, { type: "text", text: "Hm." }]
        },
        { role: "user", content: [{ type: "text", text: "Go on.", options: { elsewhere: { cache: true } } }] }
      ])
      const refused = yield* Effect.flip(using("openai/sim-text", LanguageModel.generateText({ prompt })))
      assert.include(refused.message, "/prompt/content/1/content/0")
      const told: Array<Loss> = []
      const onLoss = (losses: ReadonlyArray<Loss>) => Effect.sync(() => void told.push(...losses))
      const response = yield* using("openai/sim-text", LanguageModel.generateText({ prompt }), { fidelity: "lenient", onLoss })
      assert.notStrictEqual(response.text, "")
      assert.deepStrictEqual(told.map(({ at, weight }) => [at, weight]), [["/prompt/content/1/content/0", "meaning"], [
        "/prompt/content/2/content/0/options",
        "hint"
      ]])
    }))
})
