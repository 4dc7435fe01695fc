import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describe } from "vitest"
import { Simulator } from "../../src/Simulator.ts"
import { ask, askJson } from "./ask.ts"
import { readChunks } from "./strictGemini.ts"
import { readEvents } from "./strictReaders.ts"

const scenarios = ["text", "tools", "parallel-tools", "reasoning", "reasoning;redacted=1", "refusal", "cached", "many-choices", "long;events=7", "auto"]

const logged = Effect.gen(function*() {
  const simulator = yield* Simulator
  const entries = yield* simulator.log
  return entries.at(-1)?.usage
})

describe("usage", () => {
  it.layer(Simulator.layer)((it) => {
    for (const scenario of scenarios) {
      it.effect(`of chat ${scenario} adds up, streamed and buffered and in the log`, () =>
        Effect.gen(function*() {
          const { body } = yield* askJson("chat", `sim-${scenario}`)
          const numbers = yield* logged
          const streamed = yield* ask("chat", `sim-${scenario}`, { stream: true, body: { stream_options: { include_usage: true } } })
          const usage = readEvents(streamed.text).map((event) => event.data === "[DONE]" ? null : JSON.parse(event.data).usage).findLast((usage) =>
            usage !== null
          )
          assert.deepStrictEqual(usage, body.usage)
          assert.deepStrictEqual(yield* logged, numbers)
          assert.strictEqual(usage.prompt_tokens, (numbers?.input ?? 0) + (numbers?.cacheRead ?? 0))
          assert.strictEqual(usage.completion_tokens, (numbers?.output ?? 0) + (numbers?.reasoning ?? 0))
          assert.strictEqual(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens)
        }))
      it.effect(`of messages ${scenario} adds up, streamed and buffered and in the log`, () =>
        Effect.gen(function*() {
          const { body } = yield* askJson("messages", `sim-${scenario}`)
          const numbers = yield* logged
          const streamed = yield* ask("messages", `sim-${scenario}`, { stream: true })
          const events = readEvents(streamed.text).map((event) => JSON.parse(event.data))
          const { usage } = events.find((event) => event.type === "message_delta")
          assert.deepStrictEqual(yield* logged, numbers)
          assert.deepInclude(body.usage, usage)
          assert.deepInclude(events[0].message.usage, { input_tokens: usage.input_tokens, cache_read_input_tokens: usage.cache_read_input_tokens })
          assert.strictEqual(usage.input_tokens, numbers?.input)
          assert.strictEqual(usage.output_tokens, (numbers?.output ?? 0) + (numbers?.reasoning ?? 0))
        }))
      it.effect(`of responses ${scenario} adds up, streamed and buffered and in the log`, () =>
        Effect.gen(function*() {
          const { body } = yield* askJson("responses", `sim-${scenario}`)
          const numbers = yield* logged
          const streamed = yield* ask("responses", `sim-${scenario}`, { stream: true })
          const { response: { usage } } = JSON.parse(readEvents(streamed.text).at(-1)?.data ?? "")
          assert.deepStrictEqual(yield* logged, numbers)
          assert.deepStrictEqual(body.usage, usage)
          assert.strictEqual(usage.input_tokens, (numbers?.input ?? 0) + (numbers?.cacheRead ?? 0))
          assert.deepStrictEqual([usage.input_tokens_details.cached_tokens, usage.output_tokens_details.reasoning_tokens], [
            numbers?.cacheRead,
            numbers?.reasoning
          ])
          assert.strictEqual(usage.output_tokens, (numbers?.output ?? 0) + (numbers?.reasoning ?? 0))
          assert.strictEqual(usage.total_tokens, usage.input_tokens + usage.output_tokens)
        }))
      it.effect(`of gemini ${scenario} adds up, streamed in both framings and buffered and in the log`, () =>
        Effect.gen(function*() {
          const { body } = yield* askJson("gemini", `sim-${scenario}`)
          const numbers = yield* logged
          for (const protocol of ["gemini", "gemini-array"] as const) {
            const streamed = yield* ask(protocol, `sim-${scenario}`, { stream: true })
            const { usageMetadata } = JSON.parse(readChunks(streamed.text, protocol === "gemini-array").at(-1) ?? "")
            assert.deepStrictEqual(yield* logged, numbers)
            assert.deepStrictEqual(body.usageMetadata, usageMetadata)
          }
          const { promptTokenCount, cachedContentTokenCount = 0, candidatesTokenCount = 0, thoughtsTokenCount = 0 } = body.usageMetadata
          assert.deepStrictEqual([promptTokenCount, cachedContentTokenCount, candidatesTokenCount, thoughtsTokenCount], [
            (numbers?.input ?? 0) + (numbers?.cacheRead ?? 0),
            numbers?.cacheRead,
            numbers?.output,
            numbers?.reasoning
          ])
        }))
    }
    it.effect("of an answer that was cut is not in the log", () =>
      Effect.gen(function*() {
        yield* ask("chat", "sim-truncated", { stream: true })
        assert.isUndefined(yield* logged)
      }))
  })
})
