import { describe, it } from "@effect/vitest"
import type { Usage as Classes } from "@sluice/protocol/CanonicalUsage"
import * as Loss from "@sluice/protocol/Loss"
import type { JsonObject } from "@sluice/protocol/Wire"
import { assert } from "vitest"
import * as Usage from "../../src/chat/Usage.ts"

describe("token counts", () => {
  it("are split into classes that do not overlap", () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10, audio_tokens: 5 },
      completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 4 }
    }
    assert.deepStrictEqual(Usage.decode(usage), { input: 25, cacheRead: 60, cacheWrite5m: 10, audioIn: 5, output: 26, reasoning: 20, audioOut: 4 })
  })

  it("that are a total alone are not divided by guessing", () => {
    assert.isUndefined(Usage.decode({ total_tokens: 9 }))
  })

  it("that are null say nothing", () => {
    assert.isUndefined(Usage.decode(null))
    assert.isUndefined(Usage.decode({ prompt_tokens: null, completion_tokens: null, total_tokens: null }))
  })

  it("are read where compatible providers put them", () => {
    const prompt = { prompt_tokens: 10, completion_tokens: 1 }
    assert.deepInclude(Usage.decode({ ...prompt, prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 6 }), { input: 6, cacheRead: 4 })
    assert.deepInclude(Usage.decode({ ...prompt, cached_tokens: 4 }), { input: 6, cacheRead: 4 })
    assert.deepInclude(
      Usage.decode({ ...prompt, cache_read_input_tokens: 2, cache_creation_input_tokens: 5, cache_creation: { ephemeral_1h_input_tokens: 3 } }),
      { input: 3, cacheRead: 2, cacheWrite5m: 2, cacheWrite1h: 3 }
    )
  })

  it("that are counted beside the prompt or the answer are not taken out of it", () => {
    assert.deepInclude(Usage.decode({ prompt_tokens: 5, completion_tokens: 1, cache_read_input_tokens: 100 }), { input: 5, cacheRead: 100 })
    const xai = { prompt_tokens: 10, completion_tokens: 3, total_tokens: 33, completion_tokens_details: { reasoning_tokens: 20 } }
    assert.deepStrictEqual(Usage.decode(xai), { input: 10, output: 3, reasoning: 20 })
  })

  const whole = { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 }
  const beside: ReadonlyArray<readonly [what: string, usage: JsonObject, expected: Classes]> = [
    [
      "reasoning that is charged for beside the completion and not added up",
      { ...whole, market_cost: 0.1, completion_tokens_details: { reasoning_tokens: 30 } },
      { input: 100, output: 50, reasoning: 30 }
    ],
    [
      "more reasoning than the total has room for, as the completion",
      { ...whole, completion_tokens_details: { reasoning_tokens: 51 } },
      { input: 100, output: 0, reasoning: 50 }
    ],
    [
      "more reasoning than completion, where no total says otherwise",
      { prompt_tokens: 100, completion_tokens: 50, completion_tokens_details: { reasoning_tokens: 51 } },
      { input: 100, output: 50, reasoning: 51 }
    ],
    [
      "sound beside the prompt, added up",
      { ...whole, total_tokens: 550, prompt_tokens_details: { audio_tokens: 400, cached_tokens: 9 } },
      { input: 91, cacheRead: 9, audioIn: 400, output: 50 }
    ]
  ]
  for (const [what, usage, expected] of beside) {
    it(`say ${what}`, () => {
      assert.deepStrictEqual(Usage.decode(usage), expected)
    })
  }

  it("that are absent are not zero, and zero is stated", () => {
    assert.deepStrictEqual(Usage.decode({ prompt_tokens: 7, completion_tokens: null }), { input: 7 })
    assert.deepStrictEqual(Usage.decode({ prompt_tokens: 0, completion_tokens: 0 }), { input: 0, output: 0 })
    assert.strictEqual(Usage.decode({ cost: 1 }), undefined)
    assert.strictEqual(Usage.decode(null), undefined)
  })

  it("are written so that they are read the same", () => {
    for (
      const usage of [
        { input: 1, output: 2 },
        { input: 1, cacheRead: 2, cacheWrite5m: 3, audioIn: 4, output: 5, reasoning: 6, audioOut: 7 }
      ] satisfies ReadonlyArray<Classes>
    ) assert.deepStrictEqual(Usage.decode(Usage.encode(usage)), usage)
  })

  it("without a number of their own are reported", () => {
    const sink = Loss.sink()
    Usage.lose({ input: 1, toolPrompt: 2, cacheWrite1h: 0 }, sink)
    assert.deepStrictEqual(sink.losses.map(({ canonical, reason }) => [canonical, reason]), [["/usage/toolPrompt", "approximated"]])
    assert.strictEqual(Usage.encode({ input: 1, toolPrompt: 2 })["prompt_tokens"], 3)
  })
})
