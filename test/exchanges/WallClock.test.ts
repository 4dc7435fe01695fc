/** A wall clock that is set by hours, forwards and backwards, at every look: nothing that is measured may notice. */
import { assert, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import { answer, ended, said } from "./Streams.ts"
import * as Verbatim from "./Verbatim.ts"

const hours3 = 3 * 3600 * 1000

/** The real clock, whose time of day lies three hours ahead at one look and three hours behind at the next. */
const jumping = Effect.map(Clock.clockWith(Effect.succeed), (real): Clock.Clock => {
  let looks = 0
  const millis = () => real.currentTimeMillisUnsafe() + (looks++ % 2 === 0 ? hours3 : -hours3)
  const nanos = () => BigInt(millis()) * 1_000_000n
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: () => real.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: real.monotonicTimeNanos,
    sleep: (duration) => real.sleep(duration)
  }
})

const answers: { readonly [model: string]: Verbatim.Answer } = {
  streamed: { body: [said("Hello"), said(" there"), ...ended] },
  buffered: { headers: { "content-type": "application/json" }, body: [answer("Hello")] }
}

it.live("a clock set by hours changes no duration, and no limit runs out for it", () =>
  Effect.gen(function*() {
    for (const model of Object.keys(answers)) {
      for (let round = 0; round < 5; round++) {
        const { headers, status, text } = yield* Verbatim.ask("openai", `openai/${model}`, { stream: model === "streamed" })
        assert.strictEqual(status, 200)
        assert.include(text, "Hello")
        assert.isBelow(Number(headers.get("x-sluice-overhead-ms") ?? 0), 60_000)
      }
      for (const entry of yield* Verbatim.entriesOf(`openai/${model}`, 5)) {
        const { durationMs = -1, ttftMs = -1 } = entry
        assert.deepStrictEqual([entry.outcome, durationMs >= 0 && durationMs < 60_000, ttftMs >= 0 && ttftMs <= durationMs], ["Completed", true, true])
      }
    }
  }).pipe(Effect.provide(Layer.unwrap(Effect.map(jumping, (clock) => Layer.provide(Verbatim.layer({ answers }), Layer.succeed(Clock.Clock, clock)))))))
