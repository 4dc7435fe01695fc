/** What normalizers straighten at their four points, for the providers they are for, and how thinking is asked for by rules of one's own. */
import { assert, layer } from "@effect/vitest"
import * as Interceptor from "@sluice/gateway/Interceptor"
import * as Normalizer from "@sluice/gateway/Normalizer"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as Thinking from "@sluice/gateway/Thinking"
import { fail } from "@sluice/protocol/GatewayError"
import { isObject, type Json } from "@sluice/protocol/Wire"
import { Effect, Layer, Result } from "effect"
import { answer, closed, ended, opened, said, spoken } from "../exchanges/Streams.ts"
import * as Verbatim from "../exchanges/Verbatim.ts"

const json = { "content-type": "application/json" }

const answers: { readonly [model: string]: Verbatim.Answer } = {
  stream: { body: [said("colour"), said(" grey"), ...ended] },
  plain: { body: [said("red"), ...ended] },
  whole: { headers: json, body: [answer("colour")] },
  messages: { body: [...opened, spoken("colour"), ...closed] },
  bug: { body: [said("colour"), ...ended] }
}

/** Every text in a value, spelled otherwise. */
const respelled = (value: Json): Json => {
  if (typeof value === "string") return value.includes("colour") ? value.replaceAll("colour", "color") : value
  if (Array.isArray(value)) return value.some((one) => respelled(one) !== one) ? value.map(respelled) : value
  if (!isObject(value)) return value
  const entries = Object.entries(value)
  return entries.some(([, one]) => respelled(one) !== one) ? Object.fromEntries(entries.map(([key, one]) => [key, respelled(one)])) : value
}

const order: Array<string> = []

const parts = Layer.mergeAll(
  Normalizer.layer({ id: "spelling", providers: ["openai"], wireResponse: (value) => respelled(value) }),
  Normalizer.layer({
    id: "bodies",
    wireRequest: (body, { attempt, model, provider, upstream }) => model.endsWith("/whole") ? { ...body, x_normal: `${provider} ${upstream} ${attempt}` } : body
  }),
  Normalizer.layer({
    id: "requests",
    providers: ["openai"],
    canonicalRequest: (request, { model }) => (order.push("normalizer"), model.endsWith("/stream") ? { ...request, temperature: 0.25 } : request)
  }),
  Interceptor.layer({ id: "last", phase: "late", priority: -100, attempt: (request) => Effect.sync(() => (order.push("interceptor"), request)) }),
  Normalizer.layer({
    id: "bug",
    wireResponse: (value, { model }) => {
      if (model.endsWith("/bug")) throw new Error("a bug")
      return value
    }
  })
)

layer(Verbatim.layer({ answers, parts }), { excludeTestServices: true })("a normalizer", (it) => {
  it.effect("of wire answers straightens each event of a stream, and the byte lane stays", () =>
    Effect.gen(function*() {
      const { text } = yield* Verbatim.ask("openai", "openai/plain", { stream: true, stream_options: { include_usage: true } })
      assert.strictEqual(text, [said("red"), ...ended].join(""))
      assert.deepInclude(yield* Verbatim.entryOf("openai/plain"), { lane: "bytes", outcome: "Completed" })
      const changed = yield* Verbatim.ask("openai", "openai/stream", { stream: true })
      assert.include(changed.text, "color")
      assert.notInclude(changed.text, "colour")
      assert.include(changed.text, " grey")
      assert.match(changed.text, /\[DONE\]\n\n$/)
    }))

  it.effect("of wire answers straightens whole bodies, and crossings are made of them", () =>
    Effect.gen(function*() {
      assert.strictEqual(JSON.parse((yield* Verbatim.ask("openai", "openai/whole")).text).choices[0].message.content, "color")
      assert.strictEqual(JSON.parse((yield* Verbatim.ask("anthropic", "openai/whole")).text).content[0].text, "color")
    }))

  it.effect("leaves other providers alone", () =>
    Effect.gen(function*() {
      assert.include((yield* Verbatim.ask("anthropic", "anthropic/messages", { stream: true })).text, "colour")
    }))

  it.effect("of wire requests changes what is sent, in either lane", () =>
    Effect.gen(function*() {
      const { asked } = yield* Verbatim.Verbatim
      yield* Verbatim.ask("openai", "openai/whole")
      yield* Verbatim.ask("anthropic", "openai/whole")
      assert.deepStrictEqual(asked("whole").slice(-2).map(({ body }) => JSON.parse(body).x_normal), ["openai openai-chat 1", "openai openai-chat 1"])
    }))

  it.effect("of canonical requests comes after all interceptors of attempts", () =>
    Effect.gen(function*() {
      const { asked } = yield* Verbatim.Verbatim
      order.length = 0
      yield* Verbatim.ask("openai", "openai/stream", { stream: true })
      assert.deepStrictEqual(order, ["interceptor", "normalizer"])
      assert.strictEqual(JSON.parse(asked("stream").at(-1)?.body ?? "{}").temperature, 0.25)
    }))

  it.effect("at fault fails the exchange, and is counted", () =>
    Effect.gen(function*() {
      const { status, text } = yield* Verbatim.ask("openai", "openai/bug", { stream: true })
      assert.strictEqual(status, 503)
      assert.include(text, `The normalizer \\"bug\\" does not work`)
      assert.strictEqual((yield* Verbatim.entryOf("openai/bug")).outcome, "Denied(normalizer:bug)")
    }))
})

const shouting = Normalizer.layer({
  id: "shout",
  canonicalResponse: (frame) => ({
    ...frame,
    events: frame.events.map((event) => event.type === "text-delta" ? { ...event, text: event.text.toUpperCase() } : event)
  })
})

layer(Verbatim.layer({ answers, parts: shouting }), { excludeTestServices: true })("a normalizer of canonical answers", (it) => {
  it.effect("changes frames, on the typed lane", () =>
    Effect.gen(function*() {
      assert.include((yield* Verbatim.ask("openai", "openai/stream", { stream: true })).text, "COLOUR")
      assert.deepInclude(yield* Verbatim.entryOf("openai/stream"), { lane: "typed", outcome: "Completed" })
    }))
})

const thinking = Thinking.layer(Thinking.forProviders({
  openai: {
    fit: (request, limits, refuses, target) =>
      target.model === "whole" && request.reasoning?.effort?.mode === "level"
        ? Result.fail(fail({ class: "bad-request", message: `No levels for ${target.model} here.` }))
        : Thinking.rules.fit(request, limits, refuses, target),
    apply: ({ reasoning }, { model }) =>
      reasoning?.effort === undefined ? undefined : {
        losses: [{ at: "/reasoning_effort", canonical: "/reasoning", reason: "approximated", weight: "hint" }],
        write: ({ reasoning_effort: _, ...body }) => ({ ...body, think: `${model}: ${JSON.stringify(reasoning.effort)}` })
      }
  }
}))

const models = ["stream", "whole"].map((model) => ({
  id: `limited-${model}`,
  targets: [{ provider: ProviderId.make("openai"), model, thinking: { kind: "hybrid" as const } }]
}))

layer(Verbatim.layer({ answers, thinking, models }), { excludeTestServices: true })("thinking by rules of one's own", (it) => {
  it.effect("is written in the provider's own words, the suffix before the body, and said as a loss", () =>
    Effect.gen(function*() {
      const { asked } = yield* Verbatim.Verbatim
      const { headers } = yield* Verbatim.ask("openai", "openai/stream(8192)", { stream: true, reasoning_effort: "low" })
      const sent = JSON.parse(asked("stream").at(-1)?.body ?? "{}")
      assert.strictEqual(sent.think, `stream: {"mode":"budget","tokens":8192}`)
      assert.notProperty(sent, "reasoning_effort")
      assert.strictEqual(headers.get("x-sluice-losses"), "/reasoning_effort;approximated")
      yield* Verbatim.ask("openai", "openai/stream", { stream: true, reasoning_effort: "low" })
      assert.strictEqual(JSON.parse(asked("stream").at(-1)?.body ?? "{}").think, `stream: {"mode":"level","level":"low"}`)
    }))

  it.effect("leaves a request without an effort on the byte lane", () =>
    Effect.gen(function*() {
      yield* Verbatim.ask("openai", "openai/plain", { stream: true })
      assert.deepInclude(yield* Verbatim.entryOf("openai/plain"), { lane: "bytes" })
    }))

  it.effect("leaves other providers to the rules of ours", () =>
    Effect.gen(function*() {
      const { asked } = yield* Verbatim.Verbatim
      yield* Verbatim.ask("anthropic", "anthropic/messages", { stream: true, thinking: { type: "enabled", budget_tokens: 2000 }, max_tokens: 4000 })
      const sent = JSON.parse(asked("messages").at(-1)?.body ?? "{}")
      assert.deepStrictEqual(sent.thinking, { type: "enabled", budget_tokens: 2000 })
    }))

  it.effect("refuses by its own limits", () =>
    Effect.gen(function*() {
      const { status, text } = yield* Verbatim.ask("openai", "limited-whole", { reasoning_effort: "low" })
      assert.deepStrictEqual([status, JSON.parse(text).error.message], [400, "No levels for whole here."])
    }))
})
