import { assert, describe, it } from "@effect/vitest"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import { Effect } from "effect"
import * as BpeCounter from "../../src/tokenCounter/BpeCounter.ts"

const asking = (text: string, model = "gpt-5"): CanonicalRequest => ({ model, turns: [{ role: "user", parts: [{ type: "text", text }] }] })

const count = (request: CanonicalRequest) => Effect.map(BpeCounter.count(request), ({ input }) => input)

describe("the default token counter", () => {
  it.effect("counts as OpenAI does", () =>
    Effect.gen(function*() {
      // What OpenAI's own endpoint says of these prompts for gpt-4o-mini
      assert.strictEqual(yield* count(asking("What is 1 + 1?", "gpt-4o-mini")), 15)
    }))

  it.effect("takes the older encoding for models that have it", () =>
    Effect.gen(function*() {
      const text = "Größenordnungsmäßig überschätzt"
      const newer = yield* count(asking(text, "gpt-4o"))
      for (const model of ["gpt-4", "gpt-4-turbo", "openai/gpt-3.5-turbo", "text-embedding-3-small"]) assert.isAbove(yield* count(asking(text, model)), newer)
      for (const model of ["gpt-4.1", "o3", "claude-opus-4-6", "gemini-2.5-pro", "gpt-4-o", ""]) assert.strictEqual(yield* count(asking(text, model)), newer)
    }))

  it.effect("takes the names of special tokens for text", () =>
    Effect.gen(function*() {
      assert.isAbove(yield* count(asking("<|endoftext|>")), 8)
    }))

  it.effect("counts a very long text of one letter in steps that let others run", () =>
    Effect.gen(function*() {
      let others = 0
      const other = yield* Effect.forkChild(Effect.forever(Effect.andThen(Effect.sync(() => others++), Effect.yieldNow)))
      const tokens = yield* count(asking("a".repeat(400_000)))
      other.interruptUnsafe()
      assert.isAbove(tokens, 10_000)
      assert.isAbove(others, 20)
    }))
})
