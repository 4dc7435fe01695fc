import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import * as Samples from "./Samples.ts"
import { asProcess, folder, sluice } from "./Sluice.ts"

const config = `
providers:
  - { id: openai, dialect: openai-chat, baseUrl: "https://api.openai.com/v1", credentials: [{ id: main, apiKey: canary }] }
  - { id: anthropic, dialect: anthropic-messages, baseUrl: "https://api.anthropic.com", credentials: [{ id: main, apiKey: canary }] }
models:
  - { id: fast, targets: [{ provider: openai, model: gpt-4o-mini, weight: 1 }, { provider: anthropic, model: claude-haiku-4-5, weight: 3 }], fallbacks: [exact/claude-x] }
  - { id: limited, targets: [{ provider: openai, model: gpt-4o-mini }], thinking: { kind: level, levels: [low, medium] } }
  - { id: "exact/*", targets: [{ provider: anthropic, model: "*" }], fidelity: strict }
`
const hello = [{ role: "user", content: "Hello" }]
const chat = { model: "fast", stream: true, seed: 7, messages: hello }
const messages = { model: "fast", max_tokens: 100, system: "Be brief.", messages: hello }

const explain = (body: unknown, ...flags: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const cwd = yield* folder({ "sluice.yaml": config, "request.json": typeof body === "string" ? body : JSON.stringify(body) })
    return yield* sluice(["explain", join(cwd, "request.json"), "--config", join(cwd, "sluice.yaml"), ...flags])
  }).pipe(Effect.scoped)

const explained = (body: unknown, ...flags: ReadonlyArray<string>) => Effect.map(explain(body, "--json", ...flags), ({ stdout }) => JSON.parse(stdout))

describe("explain", () => {
  it.effect("reads the suffix of a model's name as the effort of thinking, and holds it to what the model takes", () =>
    Effect.gen(function*() {
      const suffixed = yield* explained({ ...chat, model: "fast(8192)" }, "--from", "openai-chat")
      const [claude, mini] = suffixed.targets
      assert.deepStrictEqual([suffixed.route, claude.body.thinking.budget_tokens, mini.body.reasoning_effort], [{ id: "fast" }, 8192, "medium"])
      const clamped = yield* explained({ ...chat, model: "limited(high)" }, "--from", "openai-chat")
      assert.deepStrictEqual([clamped.refusal, clamped.targets[0].body.reasoning_effort], [undefined, "medium"])
      const refused = yield* explained({ ...chat, model: "limited", reasoning_effort: "high" }, "--from", "openai-chat")
      assert.deepInclude(refused.refusal, { class: "bad-request", status: 400, param: "/reasoning_effort" })
    }))

  it.effect("says which alias, which pool and which prefix a name is", () =>
    Effect.gen(function*() {
      const named = `${config}
  - { id: "claude-*", targets: [{ provider: anthropic }] }
aliases:
  - { alias: pool, model: limited }
  - { alias: pool, model: claude-x, forced: true }
`.replace("{ id: anthropic,", "{ id: anthropic, prefix: acme,")
      const cwd = yield* folder({ "sluice.yaml": named })
      const asked = (model: string, ...flags: ReadonlyArray<string>) =>
        Effect.gen(function*() {
          const path = yield* folder({ "request.json": JSON.stringify({ ...chat, model }) })
          return yield* sluice(["explain", join(path, "request.json"), "--config", join(cwd, "sluice.yaml"), "--from", "openai-chat", ...flags])
        })
      const { route, targets } = JSON.parse((yield* asked("pool", "--json")).stdout)
      assert.deepStrictEqual(route, { id: "pool", aliasOf: ["limited", "claude-x"], order: "turn", forced: true })
      assert.deepStrictEqual(
        targets.map(({ lane, model, provider, share }: Record<string, unknown>) => [provider, model, lane, share]),
        [["openai", "gpt-4o-mini", "typed", undefined], ["anthropic", "claude-x", "typed", undefined]]
      )
      assert.include(
        (yield* asked("pool")).stdout,
        "pool (pool of limited, claude-x; another target goes first for each request; the answer names the model as the client does)"
      )
      assert.include((yield* asked("acme/claude-y")).stdout, "acme/claude-* (* is \"y\"; claude-* at anthropic alone, whose prefix is acme)")
    }).pipe(Effect.scoped))

  it.effect("shows the route and its targets in the likeliest order, with what each would be sent", () =>
    Effect.gen(function*() {
      const { refusal, route, targets } = yield* explained(chat, "--from", "openai-chat")
      assert.deepStrictEqual([route, refusal], [{ id: "fast" }, undefined])
      assert.deepStrictEqual(
        targets.map(({ dialect, entry, lane, model, provider, share, url }: Record<string, unknown>) => ({
          provider,
          model,
          entry,
          dialect,
          lane,
          share,
          url
        })),
        [
          {
            provider: "anthropic",
            model: "claude-haiku-4-5",
            entry: "fast",
            dialect: "anthropic-messages",
            lane: "typed",
            share: 0.75,
            url: "https://api.anthropic.com/v1/messages"
          },
          {
            provider: "openai",
            model: "gpt-4o-mini",
            entry: "fast",
            dialect: "openai-chat",
            lane: "bytes",
            share: 0.25,
            url: "https://api.openai.com/v1/chat/completions"
          },
          {
            provider: "anthropic",
            model: "claude-x",
            entry: "exact/*",
            dialect: "anthropic-messages",
            lane: "typed",
            share: undefined,
            url: "https://api.anthropic.com/v1/messages"
          }
        ]
      )
      assert.deepInclude(targets[0].body, { model: "claude-haiku-4-5", stream: true, messages: hello })
      // The byte lane: the client's own keys and their order, the model's name, and what asks for usage
      assert.strictEqual(JSON.stringify(targets[1].body), JSON.stringify({ ...chat, model: "gpt-4o-mini", stream_options: { include_usage: true } }))
    }))

  it.effect("estimates what each target would cost, where a price of it is known", () =>
    Effect.gen(function*() {
      const { targets } = yield* explained({ ...chat, max_completion_tokens: 1000 }, "--from", "openai-chat")
      const [haiku, mini, unknown] = targets
      assert.match(haiku.price.version, /^genai-prices-[\d.]+\/anthropic\/claude-haiku-4-5$/)
      assert.match(mini.price.version, /\/openai\/gpt-4o-mini$/)
      assert.strictEqual(unknown.price, "unknown")
      for (const [{ price }, read, written, output] of [[haiku, 1, 2, 5], [mini, 0.15, 0.15, 0.6]] as const) {
        const tokens = Number(price.promptUsd) / read * 1e6
        assert.isAbove(tokens, 10)
        assert.closeTo(Number(price.atMostUsd), (tokens * written + 1000 * output) / 1e6, 1e-12)
      }
      const { stdout } = yield* explain(messages)
      assert.match(stdout, /price +\$0\.\d+ for the prompt, \$0\.\d+ at most \(genai-prices-[\d.]+\/anthropic\/claude-haiku-4-5\)/)
    }))

  it.effect("shows what a crossing loses and what that is refused for", () =>
    Effect.gen(function*() {
      const { refusal, targets } = yield* explained(chat, "--from", "openai-chat")
      assert.strictEqual(refusal, undefined)
      const seed = { at: "/seed", canonical: "/seed", reason: "dropped", weight: "hint", before: 7 }
      assert.deepInclude(targets[0].losses, seed)
      assert.strictEqual(targets[0].refusal, undefined)
      assert.deepStrictEqual(targets[1].losses, [])
      assert.deepInclude(targets[2].losses, seed)
      assert.deepInclude(targets[2].refusal, { class: "unsupported-crossing", status: 400 })
      assert.include(targets[2].refusal.message, "/seed")
      assert.notProperty(targets[2].body, "seed")
    }))

  it.effect("ends with 1 when every target refuses, and says what the client would be told", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* explain({ ...chat, model: "exact/claude-x", max_completion_tokens: 5 }, "--from", "openai-chat")
      assert.deepStrictEqual([code, stderr], [1, ""])
      assert.include(stdout, "route    exact/* (* is \"claude-x\")")
      assert.match(stdout, /skipped: The provider "anthropic" cannot carry .*\/seed/)
      assert.match(stdout, /\nThe request would be refused: 400 unsupported-crossing: .* \(at \/seed\)$/)
    }))

  it.effect("reads as text what it says as JSON", () =>
    Effect.gen(function*() {
      const { code, stdout } = yield* explain(messages)
      assert.strictEqual(code, 0)
      assert.include(stdout, "anthropic-messages, model \"fast\", buffered")
      assert.match(stdout, /1\. anthropic → claude-haiku-4-5\n {3}speaks +anthropic-messages\n {3}lane +bytes/)
      assert.include(stdout, "75 % of the first tries of fast")
      assert.include(stdout, JSON.stringify({ ...messages, model: "claude-haiku-4-5" }))
      assert.include(stdout, "2. openai → gpt-4o-mini")
      assert.match(stdout, /\nThe request would be sent\.$/)
      assert.notInclude(stdout, "canary")
    }))

  it.effect("tells the protocol from a body that only one protocol means", () =>
    Effect.gen(function*() {
      const tool = { type: "function", function: { name: "f", parameters: { type: "object" } } }
      assert.strictEqual((yield* explained({ model: "fast", messages: hello })).from, "openai-chat")
      assert.strictEqual((yield* explained({ ...chat, max_tokens: 5, tools: [tool] })).from, "openai-chat")
      assert.strictEqual(
        (yield* explained({ model: "fast", max_tokens: 5, messages: [{ role: "system", content: "x" }, ...hello], seed: 1 })).from,
        "openai-chat"
      )
      assert.strictEqual((yield* explained(messages)).from, "anthropic-messages")
      assert.strictEqual(
        (yield* explained({ model: "fast", max_tokens: 5, messages: hello, tools: [{ name: "f", input_schema: { type: "object" } }] })).from,
        "anthropic-messages"
      )
    }))

  it.effect("asks for the protocol where the body could be of several, or of none", () =>
    Effect.gen(function*() {
      const both = yield* explain({ model: "fast", max_tokens: 5, messages: hello })
      assert.deepStrictEqual([both.code, both.stdout], [1, ""])
      assert.strictEqual(
        both.stderr,
        "the request could be of openai-chat or anthropic-messages; say which protocol is meant with --from openai-chat or --from anthropic-messages"
      )
      const none = yield* explain({ model: "fast", messages: 1, input: 1, contents: 1 })
      assert.strictEqual(none.code, 1)
      assert.match(
        none.stderr,
        /^it is no request of openai-chat \(.+\), it is no request of openai-responses \(.+\), it is no request of anthropic-messages \(.+\), it is no request of gemini-generate \(.+\); say which/
      )
    }))

  it.effect("says what is wrong with a request as the client would be told", () =>
    Effect.gen(function*() {
      const wrong = yield* explain({ model: "fast", messages: "Hello" }, "--from", "openai-chat")
      assert.strictEqual(wrong.code, 1)
      assert.match(wrong.stdout, /The request would be refused: 400 bad-request: .* \(at \/messages\)$/)
      const unknown = yield* explained({ model: "unknown", messages: hello }, "--from", "openai-chat")
      assert.deepStrictEqual([unknown.refusal.class, unknown.refusal.status, unknown.targets], ["model-not-found", 404, []])
      const broken = yield* explain("{", "--from", "openai-chat")
      assert.match(broken.stdout, /The request body is not valid JSON/)
    }))

  it.effect("reads standard input, and needs no configuration file", () =>
    Effect.gen(function*() {
      const { code, stdout } = yield* sluice(["explain", "-", "--json"], { stdin: JSON.stringify({ ...chat, model: "sim-anthropic/m" }) })
      const { route, targets } = JSON.parse(stdout)
      assert.deepStrictEqual([code, route], [0, { id: "sim-anthropic/*", star: "m" }])
      assert.deepStrictEqual([targets[0].provider, targets[0].model, targets[0].url], ["sim-anthropic", "m", undefined])
    }))

  it.effect("says so when the request cannot be read", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* sluice(["explain", "/nowhere/request.json"])
      assert.deepStrictEqual([code, stderr], [1, "/nowhere/request.json cannot be read: there is no such file"])
    }))

  it.live("is a program that reads standard input", () =>
    Effect.gen(function*() {
      const cwd = yield* folder({ "sluice.yaml": config })
      const ran = yield* asProcess(["explain", "-", "-c", "sluice.yaml", "--json"], cwd, JSON.stringify(chat))
      assert.deepStrictEqual([ran.code, ran.stderr], [0, ""])
      assert.strictEqual(JSON.parse(ran.stdout).targets.length, 3)
    }).pipe(Effect.scoped), 60_000)
})

describe("explain for every pair of protocols", () => {
  const addresses: { readonly [K in Samples.Id]: readonly [baseUrl: string, path: string, streamed: string] } = {
    "openai-chat": ["https://api.openai.com/v1", "/chat/completions", "/chat/completions"],
    "openai-responses": ["https://api.openai.com/v1", "/responses", "/responses"],
    "anthropic-messages": ["https://api.anthropic.com", "/v1/messages", "/v1/messages"],
    "gemini-generate": [
      "https://generativelanguage.googleapis.com",
      "/v1beta/models/up%2Fm:generateContent",
      "/v1beta/models/up%2Fm:streamGenerateContent?alt=sse"
    ]
  }
  const all = [
    "providers:",
    ...Samples.ids.map((id) => `  - { id: ${id}, dialect: ${id}, baseUrl: "${addresses[id][0]}" }`),
    "models:",
    ...Samples.ids.map((id) => `  - { id: "${id}", targets: [{ provider: ${id}, model: up/m }] }`)
  ].join("\n")

  const run = (from: Samples.Id, to: Samples.Id, stream: boolean) =>
    Effect.gen(function*() {
      const isToldInPath = from === "gemini-generate"
      const body = { ...Samples.requests[from], ...(isToldInPath ? {} : { model: to, ...(stream ? { stream } : {}) }) }
      const cwd = yield* folder({ "sluice.yaml": all, "request.json": JSON.stringify(body) })
      const told = isToldInPath ? ["--model", to, ...(stream ? ["--stream"] : [])] : []
      const args = ["explain", join(cwd, "request.json"), "--config", join(cwd, "sluice.yaml"), ...told]
      return { body, text: yield* sluice(args), data: yield* sluice([...args, "--json"]) }
    }).pipe(Effect.scoped)

  it.effect.each(Samples.pairs)("says what a request of %s is to a provider of %s, without being told the protocol", ([from, to]) =>
    Effect.gen(function*() {
      for (const stream of [false, true]) {
        const { body, data, text } = yield* run(from, to, stream)
        assert.deepStrictEqual([data.code, data.stderr, text.code, text.stderr], [0, "", 0, ""])
        const { refusal, targets: [target], ...request } = JSON.parse(data.stdout)
        assert.deepStrictEqual(request, { from, model: to, stream, route: { id: to } })
        assert.deepInclude(target, { dialect: to, lane: from === to ? "bytes" : "typed", price: "unknown" })
        assert.strictEqual(target.url, `${addresses[to][0]}${addresses[to][stream ? 2 : 1]}`)
        assert.isUndefined(refusal)
        assert.include(JSON.stringify(target.body), "Hello")
        if (from === to && to === "gemini-generate") assert.deepStrictEqual(target.body, body)
        assert.include(text.stdout, "price     unknown: neither published nor configured")
        assert.include(text.stdout, target.url)
      }
    }))

  it.effect("says that a model which the path would name has to be told", () =>
    Effect.gen(function*() {
      const cwd = yield* folder({ "request.json": JSON.stringify(Samples.requests["gemini-generate"]) })
      const { code, stdout } = yield* sluice(["explain", join(cwd, "request.json")])
      assert.strictEqual(code, 1)
      assert.match(stdout, /refused: 400 bad-request: The request names no model\. Its protocol says it in the path: say it with --model\.$/)
      const twice = yield* sluice(["explain", "-", "--model", "m"], { stdin: JSON.stringify(Samples.requests["openai-chat"]) })
      assert.deepStrictEqual([twice.code, twice.stderr], [1, "requests of openai-chat say \"model\" in their body; leave out --model"])
    }))
})
