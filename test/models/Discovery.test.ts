/** Models by the providers' own lists: in each protocol's shape and pages, on an interval, per credential; what fails leaves what there was. */
import { assert, describe, it } from "@effect/vitest"
import { AnthropicMessages } from "@sluice/anthropic"
import * as Credential from "@sluice/gateway/Credential"
import { type DiscoveryOptions, memory, ModelLists } from "@sluice/gateway/ModelDiscovery"
import type { ModelEntry } from "@sluice/gateway/ModelEntry"
import * as ModelRegistry from "@sluice/gateway/ModelRegistry"
import * as ProviderList from "@sluice/gateway/models/ProviderList"
import * as Sources from "@sluice/gateway/models/Sources"
import * as Planner from "@sluice/gateway/Planner"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { GeminiGenerate } from "@sluice/gemini"
import { OpenAiChat, OpenAiResponses } from "@sluice/openai"
import { fail } from "@sluice/protocol/GatewayError"
import { Duration, Effect, Fiber, Option, Redacted, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import { type ListProvider, provider, type Told } from "./Lists.ts"

const p = ProviderId.make("p")
const q = ProviderId.make("q")
const chat = OpenAiChat.dialect
const models = (...ids: ReadonlyArray<string>): Told => ({ object: "list", data: ids.map((id) => ({ id, object: "model", created: 0, owned_by: "p" })) })
const busy: Told = { status: 503, body: "{\"error\":{\"message\":\"busy\"}}" }

/** Starts a gateway's models with these providers, each discovered by these options. */
const start = (providers: ReadonlyArray<ListProvider>, options: Partial<DiscoveryOptions> = {}, entries: ReadonlyArray<ModelEntry> = []) =>
  Sources.start(
    { entries },
    providers.map(({ executor }) => ({ id: `discovery-${executor.id}`, discovery: { ...options, provider: executor.id } })),
    new Map(providers.map(({ executor }) => [executor.id, executor]))
  )

const names = ({ registry }: Sources.Running) => ModelRegistry.list(registry.current()).map(({ id }) => id)
const leads = ({ registry }: Sources.Running, model: string) => {
  const snapshot = registry.current()
  const route = Option.getOrUndefined(ModelRegistry.resolve(snapshot, model))
  return route && Planner.plan(snapshot, route, () => 0).map((candidate) => `${candidate.provider}:${candidate.model}`)
}
const read = (given: ListProvider) => ProviderList.read(given.executor, undefined, Duration.seconds(30))

describe("a provider's list", () => {
  for (const dialect of [chat, OpenAiResponses.dialect]) {
    it.effect(`of ${dialect.id} is one object, or the bare list some send, with what several services say beside names`, () =>
      Effect.gen(function*() {
        const data = [
          { id: "plain", object: "model", created: 1_700_000_000, owned_by: "somebody" },
          { id: "unknown", object: "model", created: 0, owned_by: "" },
          {
            id: "vendor/rich",
            name: "Rich",
            context_length: 200_000,
            architecture: { input_modalities: ["text", "image", "file"], output_modalities: ["text"] },
            top_provider: { max_completion_tokens: 8192 },
            supported_parameters: ["tools", "temperature"]
          },
          { id: "local", max_model_len: 32_768, context_window: null, max_completion_tokens: 0 },
          "not a model"
        ]
        for (const body of [{ object: "list", data }, data]) {
          const given = provider("p", dialect, () => body)
          assert.deepStrictEqual(yield* read(given), [
            { id: "plain", ownedBy: "somebody", created: 1_700_000_000 },
            { id: "unknown" },
            {
              id: "vendor/rich",
              displayName: "Rich",
              contextWindow: 200_000,
              maxOutputTokens: 8192,
              input: ["text", "image", "document"],
              output: ["text"],
              tools: true,
              structuredOutput: false
            },
            { id: "local", contextWindow: 32_768 }
          ])
          assert.deepStrictEqual(given.log, [{ query: {}, credential: undefined }])
        }
      }))
  }

  it.effect("of anthropic-messages is turned page by page, by the last id, and leaves retired models out", () =>
    Effect.gen(function*() {
      const supported = (is: boolean) => ({ supported: is })
      const rich = {
        type: "model",
        id: "claude-2",
        display_name: "Claude 2",
        created_at: "2025-05-22T00:00:00Z",
        max_input_tokens: 200_000,
        max_tokens: 64_000,
        lifecycle: "deprecated",
        deprecated_at: "2026-01-01T00:00:00Z",
        retires_at: null,
        capabilities: {
          image_input: supported(true),
          pdf_input: supported(false),
          structured_outputs: supported(true),
          effort: { ...supported(true), low: supported(true), medium: supported(true), high: supported(true), max: supported(false), xhigh: null },
          thinking: { ...supported(true), types: { adaptive: supported(true), enabled: supported(true), disabled: supported(true) } }
        }
      }
      const plain = (id: string, more: object = {}) => ({
        type: "model",
        id,
        display_name: id,
        created_at: "1970-01-01T00:00:00Z",
        max_input_tokens: null,
        ...more
      })
      const pages: { readonly [after: string]: Told } = {
        "": { data: [plain("claude-1")], has_more: true, first_id: "claude-1", last_id: "claude-1" },
        "claude-1": { data: [rich, plain("claude-0", { lifecycle: "retired" })], has_more: true, first_id: "claude-2", last_id: "claude-2" },
        "claude-2": { data: [plain("claude-3", { lifecycle: "active" })], has_more: false, first_id: "claude-3", last_id: "claude-3" }
      }
      const given = provider("p", AnthropicMessages.dialect, ({ query }) => pages[query["after_id"] ?? ""] ?? null)
      assert.deepStrictEqual(yield* read(given), [
        { id: "claude-1", displayName: "claude-1" },
        {
          id: "claude-2",
          displayName: "Claude 2",
          created: 1_747_872_000,
          maxInputTokens: 200_000,
          maxOutputTokens: 64_000,
          input: ["text", "image"],
          structuredOutput: true,
          thinking: { kind: "hybrid", levels: ["low", "medium", "high"], dynamic: true, canDisable: true },
          deprecated: true,
          deprecatedAt: 1_767_225_600
        },
        { id: "claude-3", displayName: "claude-3", deprecated: false }
      ])
      assert.deepStrictEqual(given.log.map(({ query }) => query), [{ limit: "1000" }, { limit: "1000", after_id: "claude-1" }, {
        limit: "1000",
        after_id: "claude-2"
      }])
    }))

  it.effect("of gemini-generate is turned page by page, by the token, and says what can be asked", () =>
    Effect.gen(function*() {
      const model = (name: string, methods: ReadonlyArray<string>, more: object = {}) => ({
        name: `models/${name}`,
        version: "001",
        supportedGenerationMethods: methods,
        ...more
      })
      const pages: { readonly [token: string]: Told } = {
        "": {
          models: [
            model("gemini-9-pro", ["generateContent", "countTokens"], {
              displayName: "Gemini 9 Pro",
              inputTokenLimit: 1_048_576,
              outputTokenLimit: 65_536,
              thinking: true
            })
          ],
          nextPageToken: "more"
        },
        more: { models: [model("embed-1", ["embedContent"], { thinking: false }), model("paint-1", ["predict"])] }
      }
      const given = provider("p", GeminiGenerate.dialect, ({ query }) => pages[query["pageToken"] ?? ""] ?? null)
      assert.deepStrictEqual(yield* read(given), [
        {
          id: "gemini-9-pro",
          displayName: "Gemini 9 Pro",
          version: "001",
          maxInputTokens: 1_048_576,
          maxOutputTokens: 65_536,
          operations: ["generate", "count"]
        },
        { id: "embed-1", version: "001", thinking: { kind: "none" }, operations: ["embed"] },
        { id: "paint-1", version: "001", operations: [] }
      ])
      assert.deepStrictEqual(given.log.map(({ query }) => query), [{ pageSize: "1000" }, { pageSize: "1000", pageToken: "more" }])
      const running = yield* start([given])
      assert.deepStrictEqual(names(running), ["p/gemini-9-pro", "p/embed-1"], "what a gateway cannot ask is none of its models")
    }).pipe(Effect.scoped))

  it.effect("without an end, in a circle, too large, late or no list at all is a failure", () =>
    Effect.gen(function*() {
      const hostile: ReadonlyArray<readonly [string, ListProvider]> = [
        ["more than 64 pages", provider("p", AnthropicMessages.dialect, (_, times) => ({ data: [], has_more: true, last_id: `m${times}` }))],
        ["leads in a circle", provider("p", GeminiGenerate.dialect, () => ({ models: [], nextPageToken: "same" }))],
        ["more than 20000 models", provider("p", chat, () => models(...Array.from({ length: 20_001 }, (_, at) => `m${at}`)))],
        ["larger than 8388608 bytes", provider("p", chat, () => ({ status: 200, body: " ".repeat(8_388_609) }))],
        ["is not JSON", provider("p", chat, () => ({ status: 200, body: "<html>" }))],
        ["is no list", provider("p", chat, () => ({ error: "no" }))],
        ["is no list", provider("p", GeminiGenerate.dialect, () => [])],
        ["was not there after 30s", provider("p", chat, () => Effect.never)]
      ]
      for (const [message, given] of hostile) {
        const reading = yield* Effect.forkChild(Effect.flip(read(given)))
        yield* TestClock.adjust("31 seconds")
        assert.include((yield* Fiber.join(reading)).failure.message, message)
      }
    }))

  it.effect("names nothing that is no name", () =>
    Effect.gen(function*() {
      const given = provider("p", chat, () =>
        models("ok", "", "a*", "line\nbreak", "two words", "m(high)", "x".repeat(257), "zero\u200bwidth", "ok", "__proto__", "vendor/ok:free"))
      assert.deepStrictEqual(
        (yield* read(given)).map(({ id }) =>
          id
        ),
        ["ok", "__proto__", "vendor/ok:free"]
      )
    }))
})

/** JSON of any shape, with the keys that lists have. */
const Any = Schema.Union([
  Schema.Null,
  Schema.Boolean,
  Schema.Literals([0, -1, 1.5, 7, 1e21, "", " ", "m", "models/m", "1970-01-01T00:00:00Z", "yesterday", "text"])
])
const keys = [
  ["id", "name", "created", "context_length", "max_completion_tokens", "owned_by", "supported_parameters", "architecture", "top_provider", "capabilities"],
  ["display_name", "created_at", "max_input_tokens", "max_tokens", "lifecycle", "deprecated_at", "inputTokenLimit", "outputTokenLimit", "version", "thinking"],
  ["supportedGenerationMethods", "displayName", "description", "deprecation", "input_modalities", "function_calling", "image_input", "pdf_input", "supported"]
].flat()
const Value = Schema.Union([Any, Schema.Array(Any), Schema.Record(Schema.Literals(keys), Any)])
const Item = Schema.Union([Any, Schema.Record(Schema.Literals(keys), Value)])

describe("what is read of any list", () => {
  it.effect.prop(
    "is models with names and facts that are facts, or a failure",
    [Schema.Array(Item), Value, Schema.Literals(["data", "models", "other"])],
    ([items, more, key]) =>
      Effect.sync(() => {
        for (const { models: { read } } of [chat, AnthropicMessages.dialect, GeminiGenerate.dialect]) {
          for (const page of [{ [key]: items, has_more: more, last_id: more, nextPageToken: more }, items, more]) {
            const found = read?.(page)
            for (const model of found !== undefined && Result.isSuccess(found) ? found.success.models : []) {
              assert.notStrictEqual(model.id.trim(), "")
              for (const limit of [model.contextWindow, model.maxInputTokens, model.maxOutputTokens, model.created]) {
                assert.isTrue(limit === undefined || (Number.isSafeInteger(limit) && limit > 0), `${limit} of ${JSON.stringify(page)}`)
              }
              assert.isFalse(Object.values(model).includes(undefined))
            }
          }
        }
      }),
    { arbitrary: { seed: 5, runs: 400, size: 30 } }
  )
})

describe("discovered models", () => {
  it.effect("are names of their own, with the provider before them or bare, and without what is excluded in whatever case", () =>
    Effect.gen(function*() {
      const given = () => provider("p", chat, () => models("gpt-5", "GPT-5-Preview", "o3", "whisper-1"))
      const excluded = ["*-PREVIEW*", "Whisper-*"]
      assert.deepStrictEqual(names(yield* start([given()], { excluded })), ["p/gpt-5", "p/o3"])
      assert.deepStrictEqual(names(yield* start([given()], { excluded, names: "bare" })), ["gpt-5", "o3"])
      assert.deepStrictEqual(names(yield* start([given()], { excluded, names: "bare", included: ["GPT-*"] })), ["gpt-5"])
      assert.deepStrictEqual(leads(yield* start([given()]), "p/gpt-5"), ["p:gpt-5"])
    }).pipe(Effect.scoped))

  it.effect("that several providers have are served by the first and then the next", () =>
    Effect.gen(function*() {
      const running = yield* start([provider("p", chat, () => models("m", "only-p")), provider("q", chat, () => models("m"))], { names: "bare" })
      assert.deepStrictEqual([leads(running, "m"), leads(running, "only-p")], [["p:m", "q:m"], ["p:only-p"]])
    }).pipe(Effect.scoped))

  it.effect("give way to what is configured: an entry of the name, and a glob that serves it at the same provider", () =>
    Effect.gen(function*() {
      const entries: ReadonlyArray<ModelEntry> = [
        { id: "m", targets: [{ provider: q, model: "own" }] },
        { id: "gpt-*", targets: [{ provider: p }], fidelity: "strict" },
        { id: "*", targets: [{ provider: q }] }
      ]
      const other = provider("q", chat, () => models())
      const running = yield* start([provider("p", chat, () => models("m", "gpt-5", "else")), other], { names: "bare" }, entries)
      assert.deepStrictEqual(names(running), ["m", "gpt-5", "else"])
      assert.deepStrictEqual([leads(running, "m"), leads(running, "gpt-5"), leads(running, "else")], [["q:own"], ["p:gpt-5"], ["p:else"]])
      assert.strictEqual(Option.getOrThrow(ModelRegistry.resolve(running.registry.current(), "gpt-5")).entry.fidelity, "strict")
    }).pipe(Effect.scoped))

  it.effect("are asked for with each credential, and served by those that have them", () =>
    Effect.gen(function*() {
      const key = (id: string, weight = 1) => Credential.key({ id, provider: "p", key: Redacted.make("sk"), weight })
      const keys = [key("one"), key("two"), key("unused", 0), { ...key("out"), isUsable: () => false }]
      const given = provider("p", chat, ({ credential }) => credential === "one" ? models("both", "one-only") : models("both"), () => keys.slice(0, 2))
      const running = yield* start([given])
      assert.deepStrictEqual(given.log.map(({ credential }) => credential), ["one", "two"])
      const credentialsOf = (id: string) => running.registry.current().exact.get(id)?.targets.map(({ credentials }) => credentials)
      assert.deepStrictEqual([credentialsOf("p/both"), credentialsOf("p/one-only")], [[undefined], [["one"]]])
      const skipped = provider("p", chat, () => models("m"), () => keys)
      yield* start([skipped])
      assert.deepStrictEqual(skipped.log.map(({ credential }) => credential), ["one", "two"])
    }).pipe(Effect.scoped))

  it.effect("are asked for again with a credential that was refused and could be renewed", () =>
    Effect.gen(function*() {
      let isFresh = false
      const login = { ...Credential.key({ id: "login", provider: "p", key: Redacted.make("sk") }), renew: Effect.sync(() => isFresh = true) }
      const given = provider("p", chat, () => isFresh ? models("m") : { status: 401, body: "{}" }, () => [login])
      assert.deepStrictEqual(names(yield* start([given])), ["p/m"])
      assert.lengthOf(given.log, 2)
    }).pipe(Effect.scoped))
})

describe("lists", () => {
  it.effect("are read on an interval, a tenth more or less, and never for a request", () =>
    Effect.gen(function*() {
      const given = provider("p", chat, (_, times) => models("m", `new-${times}`))
      const running = yield* start([given], { interval: Duration.minutes(100) })
      assert.deepStrictEqual([given.log.length, names(running)], [1, ["p/m", "p/new-1"]])
      for (let asked = 0; asked < 100; asked++) leads(running, asked % 2 === 0 ? "p/m" : `p/unknown-${asked}`)
      yield* TestClock.adjust("89 minutes")
      assert.lengthOf(given.log, 1)
      yield* TestClock.adjust("22 minutes")
      assert.deepStrictEqual([given.log.length, names(running)], [2, ["p/m", "p/new-2"]])
      yield* TestClock.adjust("10 hours")
      assert.isTrue(given.log.length >= 7 && given.log.length <= 9, `${given.log.length} readings in 12 hours`)
    }).pipe(Effect.scoped))

  it.effect("that cannot be read leave the last good ones, and the status says why; the next try comes sooner", () =>
    Effect.gen(function*() {
      let isUp = true
      const given = provider("p", chat, (_, times) => isUp ? models(times === 1 ? "m1" : "m2") : busy)
      const running = yield* start([given], { interval: Duration.hours(1) })
      const [good] = running.lists.status()
      assert.deepInclude(good, { provider: p, models: 1, failures: 0, readAt: 0, triedAt: 0 })
      isUp = false
      yield* TestClock.adjust("67 minutes")
      assert.deepStrictEqual(names(running), ["p/m1"])
      const [bad] = running.lists.status()
      assert.deepInclude(bad, { models: 1, readAt: 0 })
      assert.deepInclude(bad?.failure, { status: 503 })
      assert.isAbove(bad?.failures ?? 0, 0)
      isUp = true
      yield* TestClock.adjust("9 minutes")
      assert.deepStrictEqual(names(running), ["p/m2"])
      assert.deepInclude(running.lists.status()[0], { models: 1, failures: 0 })
      assert.isUndefined(running.lists.status()[0]?.failure)
    }).pipe(Effect.scoped))

  it.effect("of one credential that fails do not take the others' away", () =>
    Effect.gen(function*() {
      const keys = ["good", "bad"].map((id) => Credential.key({ id, provider: "p", key: Redacted.make("sk") }))
      const given = provider("p", chat, ({ credential }) => credential === "good" ? models("m") : { status: 401, body: "{}" }, () => keys)
      const running = yield* start([given])
      assert.deepStrictEqual(names(running), ["p/m"])
      assert.deepStrictEqual(running.lists.status().map(({ credential, failures, models }) => [credential, models, failures]), [["good", 1, 0], [
        "bad",
        undefined,
        1
      ]])
      assert.deepStrictEqual(running.registry.current().exact.get("p/m")?.targets[0]?.credentials, ["good"])
    }).pipe(Effect.scoped))

  it.effect("of a provider that breaks are told as its defect, and the gateway goes on", () =>
    Effect.gen(function*() {
      const given = provider("p", chat, (_, times) => times === 1 ? Effect.die("a bug of the executor") : models("m"))
      const running = yield* start([given])
      assert.strictEqual(running.lists.status()[0]?.failure?.class, "defect")
      yield* running.lists.refresh
      assert.deepStrictEqual(names(running), ["p/m"])
    }).pipe(Effect.scoped))

  it.effect("that do not come hold the start up for ten seconds, and are served when they come", () =>
    Effect.gen(function*() {
      const given = provider("p", chat, () => Effect.as(Effect.sleep("20 seconds"), models("m")))
      const starting = yield* Effect.forkChild(start([given]))
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(starting.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const running = yield* Fiber.join(starting)
      assert.deepStrictEqual(names(running), [])
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(names(running), ["p/m"])
    }).pipe(Effect.scoped))

  it.effect("outlive a generation of the gateway: the next one begins with them and waits for nothing", () =>
    Effect.gen(function*() {
      const lists = memory()
      yield* Effect.scoped(start([provider("p", chat, () => models("m"))])).pipe(Effect.provideService(ModelLists, lists))
      const silent = provider("p", chat, () => fail({ class: "transient", message: "gone" }))
      const running = yield* start([silent]).pipe(Effect.provideService(ModelLists, lists))
      assert.deepStrictEqual(names(running), ["p/m"])
    }).pipe(Effect.scoped))
})
