/** Whether what is metered of recorded answers is what their providers counted, class by class, in every lane. */
import { assert, describe, it } from "@effect/vitest"
import type { Usage } from "@sluice/protocol/CanonicalUsage"
import * as Fixtures from "../conformance/Fixtures.ts"
import { aboveZero, recordings } from "./Recordings.ts"

if (!Fixtures.isPresent) process.stdout.write(`${Fixtures.notice}\n`)

const all = recordings()

/** Recordings that contradict themselves, and what is metered of them all the same. */
const contradictory: { readonly [id: string]: { readonly fault: string; readonly counts: Usage } } = {
  "openai-chat/openinference--test-token-counts": {
    fault: "Written by hand: of an answer of 4 tokens, 3 are said to be thought and 4 to be heard.",
    counts: { input: 17, cacheRead: 1, audioIn: 2, reasoning: 3, audioOut: 1 }
  },
  "openrouter-chat/pydantic-ai--test-openrouter-stream-error": {
    fault: "Of an answer of 10 tokens, 11 are said to be thought; the total has room for 10.",
    counts: { input: 43, reasoning: 10 }
  },
  "generic-responses/agentgateway--responses-reasoning": {
    fault: "Written by hand: of an answer of 5 tokens, 8 are said to be thought; the total has room for 5.",
    counts: { input: 18, reasoning: 5 }
  }
}

describe("the usage of recorded answers", () => {
  for (const protocol of new Set(all.map((each) => each.protocol))) {
    for (const isStream of protocol === "embeddings" ? [false] : [false, true]) {
      const own = all.filter((each) => each.protocol === protocol && each.isStream === isStream)
      it(`is the provider's, class by class: ${protocol}, ${isStream ? "streamed" : "whole"}`, () => {
        const wrong = own.flatMap(({ id, metered, stated }) =>
          metered.flatMap(({ facts, lane }) => {
            const [expected, found] = [JSON.stringify(sorted(contradictory[id]?.counts ?? stated.counts)), JSON.stringify(sorted(aboveZero(facts.usage)))]
            return expected === found ? [] : [`${id} (${lane}): ${found}\n  and not ${expected}\n  of ${JSON.stringify(stated.raw)}`]
          })
        )
        assert.isEmpty(wrong, `${wrong.length} wrong:\n${wrong.slice(0, 20).join("\n")}`)
        assert.isNotEmpty(own)
      })
    }
  }

  it("was there to be compared", () => {
    if (!Fixtures.isPresent) return
    assert.deepStrictEqual(Object.keys(contradictory).filter((id) => !all.some((each) => each.id === id)), [])
    const classes: { [name: string]: number } = {}
    for (const { stated } of all) for (const name of Object.keys(stated.counts)) classes[name] = (classes[name] ?? 0) + 1
    process.stdout.write(
      `usage: ${all.length} recorded answers (${all.filter(({ isStream }) => isStream).length} streamed, in both lanes) have the provider's own numbers, ${
        Object.keys(contradictory).length
      } that contradict themselves are listed; ${Object.entries(classes).map(([name, count]) => `${name} ${count}`).join(", ")}\n`
    )
    assert.isAbove(all.length, 1000)
  })
})

const sorted = (counts: object): object => Object.fromEntries(Object.entries(counts).sort(([left], [right]) => left < right ? -1 : 1))
