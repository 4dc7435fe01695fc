/** Prompts that no provider counted: counted where the tokenizer is the model's own and the prompt is short, estimated otherwise. */
import { assert, layer } from "@effect/vitest"
import { maxCharacters } from "@sluice/gateway/CountedInput"
import { Effect } from "effect"
import * as BpeCounter from "../../packages/gateway/src/tokenCounter/BpeCounter.ts"
import { said } from "./Streams.ts"
import * as Verbatim from "./Verbatim.ts"

const cut = { body: [said("Hello"), said(" there")] }
const answers = { "gpt-5-cut": cut, "gpt-5-long": cut, "claude-cut": cut }

const words = "Why does a tokenizer split antidisestablishmentarianism, and 12345678? "
const asking = (text: string) => ({ stream: true, messages: [{ role: "user", content: text }] })

layer(Verbatim.layer({ answers }), { excludeTestServices: true })("the prompt of an answer that was cut", (it) => {
  it.effect("is counted where the tokens of the model are known", () =>
    Effect.gen(function*() {
      yield* Verbatim.ask("openai", "openai/gpt-5-cut", asking(words))
      const { provenance, usage } = yield* Verbatim.entryOf("openai/gpt-5-cut")
      const { input } = yield* BpeCounter.count({ model: "gpt-5-cut", turns: [{ role: "user", parts: [{ type: "text", text: words }] }] })
      assert.deepStrictEqual([usage.input, provenance.input, provenance.output], [input, "counted", "estimated"])
      assert.isAbove(input, 10)
    }))

  it.effect("is estimated where they are not, or where there are too many to count in passing", () =>
    Effect.gen(function*() {
      yield* Verbatim.ask("openai", "openai/claude-cut", asking(words))
      yield* Verbatim.ask("openai", "openai/gpt-5-long", asking(words.repeat(Math.ceil(maxCharacters / words.length))))
      for (const model of ["openai/claude-cut", "openai/gpt-5-long"]) {
        const { provenance, usage } = yield* Verbatim.entryOf(model)
        assert.strictEqual(provenance.input, "estimated", model)
        assert.isAbove(usage.input ?? 0, 10)
      }
    }))
})
