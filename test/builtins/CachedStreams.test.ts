/**
 * An answer that was kept is, in every dialect, byte for byte what a fresh fold of the same events is: whatever the provider's dialect, and
 * whatever the events were.
 */
import { assert, describe, it } from "@effect/vitest"
import { ExchangeId } from "@sluice/gateway/ExchangeId"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as RecordedAnswer from "@sluice/gateway/RecordedAnswer"
import type { Frame } from "@sluice/protocol/CanonicalEvent"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Framing from "@sluice/protocol/Framing"
import * as Loss from "@sluice/protocol/Loss"
import { Effect, Option } from "effect"
import * as Arbitraries from "../../packages/testing/src/Arbitraries.ts"
import { subjects } from "../laws/Subjects.ts"

const context = () => ({ request: { model: "m", turns: [] }, id: "x1", created: 1, sink: Loss.sink() })

/** The body a client of a dialect reads. */
const streamed = (dialect: Dialect, frames: ReadonlyArray<Frame>): string => {
  const writer = dialect.events.encoder.start(context())
  const framing = Framing.writer("sse")
  return frames.map((frame) => framing.write(writer.step(frame))).join("") + framing.end()
}

/** The frames a provider's stream is decoded to. */
const sentBy = (dialect: Dialect, frames: ReadonlyArray<Frame>): ReadonlyArray<Frame> => {
  const writer = dialect.events.encoder.start(context())
  const decoder = dialect.events.decoder.start()
  return [...frames.flatMap((frame) => writer.step(frame)).flatMap((event) => decoder.step(event)), ...decoder.end("eof")]
}

const kept = (dialect: Dialect, frames: ReadonlyArray<Frame>): ReadonlyArray<Frame> => {
  const answer: RecordedAnswer.RecordedAnswer = {
    exchange: ExchangeId.make("0".repeat(26)),
    recordedAt: 0,
    provider: ProviderId.make("p"),
    upstream: dialect.id,
    upstreamModel: "m",
    finish: "stop",
    form: "stream",
    frames
  }
  return Option.getOrThrow(RecordedAnswer.fromText(RecordedAnswer.toText(answer))).frames
}

describe("a kept answer", () => {
  for (const provider of subjects) {
    it.effect.prop(
      `of ${provider.dialect.id} is, byte for byte, what it was to every client`,
      [Arbitraries.frames(provider.vocabulary)],
      ([frames]) =>
        Effect.sync(() => {
          const sent = sentBy(provider.dialect, frames)
          const again = kept(provider.dialect, sent)
          for (const client of subjects) {
            assert.strictEqual(streamed(client.dialect, again), streamed(client.dialect, sent))
            assert.deepStrictEqual(client.dialect.response.encode(again, context()), client.dialect.response.encode(sent, context()))
          }
        }),
      { arbitrary: { runs: 25, size: 30, seed: 20_261_120 } }
    )
  }
})
