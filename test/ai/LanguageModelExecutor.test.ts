/** A language model of Effect as a provider of the gateway: what it is asked, what its parts become, and what its failures are. */
import { assert, layer } from "@effect/vitest"
import * as LanguageModelExecutor from "@sluice/gateway/ai/LanguageModelExecutor"
import * as CompletionClient from "@sluice/gateway/CompletionClient"
import type { CompletionRequest } from "@sluice/gateway/CompletionModel"
import { Ledger } from "@sluice/gateway/Ledger"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import type { ModelEntry } from "@sluice/gateway/ModelEntry"
import { ProviderId } from "@sluice/gateway/ProviderId"
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Turn } from "@sluice/protocol/CanonicalRequest"
import { Duration, Effect, Layer, Stream } from "effect"
import { AiError, LanguageModel, type Response, Tool } from "effect/ai"

const usage = { inputTokens: { uncached: 5, total: 7, cacheRead: 2 }, outputTokens: { total: 9, text: 4, reasoning: 5 } }

const whole: ReadonlyArray<Response.StreamPartEncoded> = [
  { type: "response-metadata", id: "r1", modelId: "tiny-1", timestamp: "2026-01-01T00:00:00.000Z" },
  { type: "reasoning-start", id: "a" },
  { type: "reasoning-delta", id: "a", delta: "Hm." },
  { type: "reasoning-end", id: "a" },
  { type: "text-start", id: "b" },
  { type: "text-delta", id: "b", delta: "Hel" },
  { type: "text-delta", id: "b", delta: "lo" },
  { type: "text-end", id: "b" },
  { type: "source", sourceType: "url", id: "s", url: "https://example.com/", title: "Example" },
  { type: "tool-params-start", id: "c1", name: "weather" },
  { type: "tool-params-delta", id: "c1", delta: "{\"city\":" },
  { type: "tool-params-delta", id: "c1", delta: "\"Oslo\"}" },
  { type: "tool-params-end", id: "c1" },
  { type: "tool-call", id: "c1", name: "weather", params: { city: "Oslo" } },
  { type: "tool-call", id: "c2", name: "clock", params: {} },
  { type: "finish", reason: "tool-calls", usage }
]

const failing = (reason: AiError.AiErrorReason) => Stream.fail(AiError.make({ module: "Tiny", method: "streamText", reason }))

const said = (text: string): ReadonlyArray<Response.StreamPartEncoded> => [
  { type: "text-start", id: "t" },
  { type: "text-delta", id: "t", delta: text },
  { type: "text-end", id: "t" }
]

/** What it answers, by the first word of the last message. */
const scripts: { readonly [word: string]: Stream.Stream<Response.StreamPartEncoded, AiError.AiError> } = {
  whole: Stream.fromIterable(whole),
  busy: failing(new AiError.RateLimitError({ retryAfter: Duration.seconds(7) })),
  broken: Stream.concat(Stream.fromIterable(said("Half")), failing(new AiError.InternalProviderError({ description: "It broke." }))),
  unfinished: Stream.fromIterable(said("Half")),
  foreign: Stream.fromIterable<Response.StreamPartEncoded>([
    { type: "tool-call", id: "p", name: "search", params: { q: 1 }, providerExecuted: true },
    ...said("Found."),
    { type: "finish", reason: "stop", usage }
  ]),
  held: Stream.concat(Stream.fromIterable(said("Wait")), Stream.never)
}

const asked: Array<LanguageModel.ProviderOptions> = []
let open = 0

const tiny = Layer.effect(
  LanguageModel.LanguageModel,
  LanguageModel.make({
    generateText: (options) =>
      Effect.sync(() => {
        asked.push(options)
        return [{ type: "text", text: "{\"city\":\"Oslo\"}" }, { type: "finish", reason: "stop", usage }]
      }),
    streamText: (options) => {
      asked.push(options)
      const last = JSON.stringify(options.prompt.content.at(-1))
      const script = Object.entries(scripts).find(([word]) => last.includes(`"${word}`))?.[1] ??
        Stream.fromIterable([...said("Yes."), { type: "finish" as const, reason: "stop" as const, usage }])
      return Stream.unwrap(Effect.as(Effect.acquireRelease(Effect.sync(() => void open++), () => Effect.sync(() => void open--)), script))
    }
  })
)

const local = ProviderId.make("local")
const models: ReadonlyArray<ModelEntry> = [
  { id: "tiny", targets: [{ provider: local }] },
  { id: "lenient", targets: [{ provider: local }], fidelity: "lenient" }
]

const gateway = CompletionClient.layerGateway(LanguageModelExecutor.layer({ id: "local", retries: 0 }).pipe(Layer.provide(tiny)), { models }).pipe(
  Layer.provideMerge(LedgerMemory.layer)
)

const user = (text: string): Turn => ({ role: "user", parts: [{ type: "text", text }] })
const model = (name = "tiny") => CompletionClient.CompletionClient.use((client) => Effect.succeed(client.completionModel(name)))
const generate = (request: CompletionRequest, name?: string) => Effect.flatMap(model(name), ({ generate }) => generate(request))
const stream = (request: CompletionRequest) => Stream.unwrap(Effect.flatMap(model(), ({ stream }) => stream(request)))

layer(gateway, { excludeTestServices: true })("a language model as a provider", (it) => {
  it.effect("answers with thinking, text, sources, calls and counts, whole or as it comes", () =>
    Effect.gen(function*() {
      const answer = yield* generate({ turns: [user("whole")] })
      assert.deepInclude(answer, { id: "r1", model: "tiny-1", created: 1_767_225_600, usage: { input: 5, cacheRead: 2, output: 4, reasoning: 5 } })
      const [choice] = answer.choices
      assert.deepStrictEqual(choice?.parts.map(({ part }) => part), [
        { type: "reasoning", form: "raw", text: "Hm." },
        { type: "text", text: "Hello" },
        { type: "tool-call", kind: "function", id: "c1", name: "weather", arguments: "{\"city\":\"Oslo\"}" },
        { type: "tool-call", kind: "function", id: "c2", name: "clock", arguments: "{}" }
      ])
      assert.deepStrictEqual(choice?.finish, { reason: "tool-calls" })
      assert.deepStrictEqual(choice?.annotations, [{ kind: "citation", title: "Example", url: "https://example.com/" }])
      const events: ReadonlyArray<CanonicalEvent> = yield* Stream.runCollect(stream({ turns: [user("whole")] }))
      assert.deepStrictEqual(events.flatMap((event) => event.type === "text-delta" ? [event.text] : []), ["Hel", "lo"])
      assert.strictEqual(events.at(-1)?.type, "end")
    }))

  it.effect("is asked in its own words: system messages, files, calls and their results, tools and the choice among them", () =>
    Effect.gen(function*() {
      yield* generate({
        instructions: [{ role: "system", parts: [{ type: "text", text: "Be brief." }] }],
        turns: [
          {
            role: "user",
            parts: [{ type: "text", text: "See:" }, { type: "image", source: { type: "base64", mime: "image/png", data: "AQID" } }, {
              type: "image",
              source: { type: "url", url: "https://example.com/a.png" }
            }]
          },
          {
            role: "assistant",
            parts: [{ type: "reasoning", form: "raw", text: "Hm." }, {
              type: "tool-call",
              kind: "function",
              id: "c1",
              name: "weather",
              arguments: "{\"city\":\"Oslo\"}"
            }]
          },
          { role: "tool", parts: [{ type: "tool-result", kind: "function", id: "c1", parts: [{ type: "text", text: "rain" }], isError: true }] },
          user("And now?")
        ],
        tools: [{ type: "function", name: "weather", description: "The weather", parameters: { type: "object", properties: { city: { type: "string" } } } }],
        toolChoice: { type: "named", kind: "function", name: "weather" }
      })
      const options = asked.at(-1)
      assert.deepStrictEqual(options?.prompt.content.map(({ role }) => role), ["system", "user", "assistant", "tool", "user"])
      const prompt = JSON.stringify(options?.prompt.content)
      for (
        const piece of [
          "Be brief.",
          "image/png",
          "AQID",
          "https://example.com/a.png",
          "\"params\":{\"city\":\"Oslo\"}",
          "\"name\":\"weather\",\"isFailure\":true,\"result\":\"rain\""
        ]
      ) {
        assert.include(prompt, piece)
      }
      const [tool] = options?.tools ?? []
      assert.deepStrictEqual(tool === undefined ? undefined : [tool.name, Tool.getDescription(tool), Tool.getJsonSchema(tool)], [
        "weather",
        "The weather",
        { type: "object", properties: { city: { type: "string" } } }
      ])
      assert.deepStrictEqual(options?.toolChoice, { tool: "weather" })
    }))

  it.effect("gives an object where one is asked for by a schema", () =>
    Effect.gen(function*() {
      const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] }
      const answer = yield* generate({ turns: [user("Where?")], responseFormat: { type: "json-schema", name: "place", schema } })
      assert.deepInclude(answer.choices[0]?.parts[0]?.part, { type: "text", text: "{\"city\":\"Oslo\"}" })
      assert.deepInclude(asked.at(-1)?.responseFormat, { type: "json", objectName: "place" })
      const wrong = { type: "object", properties: { city: { type: "integer" } }, required: ["city"] }
      const error = yield* Effect.flip(generate({ turns: [user("Where?")], responseFormat: { type: "json-schema", schema: wrong } }))
      assert.strictEqual(error.failure.class, "protocol-violation")
      const list = yield* Effect.flip(generate({ turns: [user("Where?")], responseFormat: { type: "json-schema", schema: { type: "array" } } }))
      assert.strictEqual(list.failure.class, "unsupported")
    }))

  it.effect("fails before its answer with a class that another try may be decided by", () =>
    Effect.gen(function*() {
      const { failure } = yield* Effect.flip(Effect.scoped(Effect.flatMap(model(), ({ stream }) => stream({ turns: [user("busy")] }))))
      assert.deepInclude(failure, { class: "rate-limited", retryAfterMs: 7000, type: "RateLimitError" })
    }))

  it.effect("fails in the middle of its answer, and where it ends without saying why", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Stream.runDrain(stream({ turns: [user("broken")] })))
      assert.deepInclude(error.failure, { class: "transient", message: "Internal provider error: It broke." })
      assert.strictEqual((yield* Effect.flip(Stream.runDrain(stream({ turns: [user("unfinished")] })))).failure.class, "cut")
    }))

  it.effect("is let go when its caller leaves", () =>
    Effect.gen(function*() {
      yield* Effect.scoped(Effect.gen(function*() {
        yield* Stream.runDrain(Stream.take(yield* (yield* model()).stream({ turns: [user("held")] }), 2))
        assert.strictEqual(open, 1)
      }))
      yield* Effect.repeat(Effect.sync(() => open), { until: (count) => count === 0, times: 10_000 })
      assert.strictEqual(open, 0)
    }))

  it.effect("loses what a prompt has no place for: told in the row, and refused where it changes what is meant", () =>
    Effect.gen(function*() {
      const request: CompletionRequest = {
        turns: [{ role: "user", parts: [{ type: "text", text: "Hi", cache: {} }] }],
        temperature: 0.5,
        tools: [{ type: "custom", name: "free" }]
      }
      const { failure } = yield* Effect.flip(generate(request))
      assert.deepInclude(failure, { class: "unsupported-crossing", param: "/tools/0" })
      yield* generate(request, "lenient")
      const [row] = yield* Ledger.use(({ query }) => query({ limit: 1, model: "lenient" }))
      assert.deepStrictEqual(row?.losses, ["/temperature;dropped", "/turns/0/parts/0/cache;dropped", "/tools/0;dropped"])
    }))

  it.effect("tells what only it knows as its own", () =>
    Effect.gen(function*() {
      const answer = yield* generate({ turns: [user("foreign")] })
      assert.deepInclude(answer.foreignEvents[0], { dialect: LanguageModelExecutor.dialect.id, name: "tool-call" })
      assert.deepInclude(answer.choices[0]?.parts[0]?.part, { type: "text", text: "Found." })
    }))
})
