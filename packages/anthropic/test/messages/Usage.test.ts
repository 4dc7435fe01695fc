import { assert, describe, it } from "@effect/vitest"
import * as Loss from "@sluice/protocol/Loss"
import * as Usage from "../../src/messages/Usage.ts"
import { losses } from "./support.ts"

describe("decoding", () => {
  it("keeps cached input beside the rest and thinking apart from the visible output", () => {
    assert.deepStrictEqual(
      Usage.decode({
        input_tokens: 5,
        cache_read_input_tokens: 100,
        cache_creation_input_tokens: 7,
        output_tokens: 30,
        output_tokens_details: { thinking_tokens: 12 }
      }),
      { input: 5, cacheRead: 100, cacheWrite5m: 7, output: 18, reasoning: 12 }
    )
  })

  it("divides cache writes by their lifetime where that is told", () => {
    assert.deepStrictEqual(
      Usage.decode({ input_tokens: 5, cache_creation_input_tokens: 9, cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 7 } }),
      { input: 5, cacheWrite5m: 2, cacheWrite1h: 7 }
    )
  })

  it("does not count cache writes twice when a later event restates only their sum", () => {
    assert.deepStrictEqual(Usage.decode({ input_tokens: 5, cache_creation_input_tokens: 9 }, { cacheWrite5m: 2, cacheWrite1h: 7 }), {
      input: 5,
      cacheWrite5m: 2,
      cacheWrite1h: 7
    })
  })

  it("takes null and absence for unknown, and stated zeros for zeros", () => {
    assert.deepStrictEqual(Usage.decode({ input_tokens: null, cache_read_input_tokens: null, output_tokens: 0 }), { output: 0 })
    assert.deepStrictEqual(Usage.decode({ input_tokens: 0, output_tokens: 1 }), { input: 0, output: 1 })
    assert.deepStrictEqual(Usage.decode(null), {})
  })

  it("takes from the start of a message only its input, and zeros of all of it for unknown", () => {
    assert.deepStrictEqual(Usage.decodeStart({ input_tokens: 3, output_tokens: 1 }, {}), { input: 3 })
    assert.deepStrictEqual(Usage.decodeStart({ input_tokens: 0, cache_read_input_tokens: 8 }, {}), { input: 0, cacheRead: 8 })
    assert.deepStrictEqual(Usage.decodeStart({ input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 }, {}), {})
  })
})

describe("encoding", () => {
  it("gives back what was read", () => {
    const usage = { input: 5, cacheRead: 100, cacheWrite5m: 2, cacheWrite1h: 7, output: 18, reasoning: 12 }
    assert.deepStrictEqual(Usage.decode(Usage.encode(usage, Loss.sink())), usage)
    assert.deepStrictEqual(Usage.decode(Usage.encodeDelta(usage, Loss.sink())), usage)
  })

  it("counts classes without a key where they belong, and reports it", () => {
    const sink = Loss.sink()
    assert.deepInclude(Usage.encode({ input: 1, toolPrompt: 2, audioIn: 3, output: 4, audioOut: 5 }, sink), { input_tokens: 6, output_tokens: 9 })
    assert.deepStrictEqual(losses(sink.losses), [
      "/usage/toolPrompt;approximated;hint",
      "/usage/audioIn;approximated;hint",
      "/usage/audioOut;approximated;hint"
    ])
  })

  it("over a usage object writes only what differs", () => {
    const origin = { input_tokens: 5, output_tokens: 9, service_tier: "standard" }
    const before = Usage.decode(origin)
    assert.strictEqual(Usage.over(before, origin, before), origin)
    assert.deepStrictEqual(Usage.over({ ...before, output: 3 }, origin, before), { input_tokens: 5, output_tokens: 3, service_tier: "standard" })
  })
})
