/** An answer as a cache keeps it: nothing is lost in text, and what is no answer is none. */
import { assert, describe, it } from "@effect/vitest"
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import { isUntouched } from "@sluice/protocol/CanonicalEvent"
import { DialectId } from "@sluice/protocol/Wire"
import { Option } from "effect"
import { ExchangeId } from "../src/ExchangeId.ts"
import { ProviderId } from "../src/ProviderId.ts"
import * as RecordedAnswer from "../src/RecordedAnswer.ts"

const dialect = DialectId.make("openai-chat")
const events: ReadonlyArray<CanonicalEvent> = [{ type: "text-delta", choice: 0, index: 0, text: "a" }]
const untouched: Frame = { events, wire: { dialect, value: { delta: "a", x: [1, null] }, events } }
const edited: Frame = { events: [{ type: "text-delta", choice: 0, index: 0, text: "b" }], wire: { dialect, name: "n", value: "[DONE]", events } }

const answer: RecordedAnswer.RecordedAnswer = {
  exchange: ExchangeId.make("01M7WQRHD3YJ1YRN1MV6WSD001"),
  recordedAt: 1,
  provider: ProviderId.make("up"),
  upstream: dialect,
  upstreamModel: "m",
  finish: "stop",
  form: "stream",
  costUsd: "0.1",
  frames: [untouched, edited, { events }]
}

describe("a recorded answer", () => {
  it("comes back from its text as it was, and frames nobody touched still are untouched", () => {
    const back = Option.getOrThrow(RecordedAnswer.fromText(RecordedAnswer.toText(answer)))
    assert.deepStrictEqual(back, answer)
    assert.deepStrictEqual(back.frames.map(isUntouched), [true, false, false])
  })

  it("is none where the text is something else", () => {
    for (
      const text of [
        "",
        "{",
        "null",
        "{}",
        `{"frames":[]}`,
        RecordedAnswer.toText(answer).replace(`"events"`, `"event"`),
        JSON.stringify({ ...answer, frames: [1] })
      ]
    ) {
      assert.isTrue(Option.isNone(RecordedAnswer.fromText(text)), text.slice(0, 40))
    }
  })
})
