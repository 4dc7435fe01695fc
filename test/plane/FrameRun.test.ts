/** Stages of frames over any legal answer: whatever they hold back comes out in order, once, legal, before the end, and each hears of the end once. */
import { assert, describe, it } from "@effect/vitest"
import { OpenAiChat } from "@sluice/openai"
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import * as Grammar from "@sluice/protocol/Grammar"
import * as Arbitraries from "@sluice/testing/Arbitraries"
import { Clock, Effect, Result, Schema } from "effect"
import { ExchangeId } from "../../packages/gateway/src/ExchangeId.ts"
import * as Fuse from "../../packages/gateway/src/Fuse.ts"
import type { Installed } from "../../packages/gateway/src/Hooks.ts"
import type { AttemptContext, EndReason, FrameStage } from "../../packages/gateway/src/Interceptor.ts"
import * as FrameRun from "../../packages/gateway/src/stages/FrameRun.ts"
import * as Wheel from "../../packages/gateway/src/Wheel.ts"

const context: AttemptContext = {
  id: ExchangeId.make("01M7WQRHD3YJ1YRN1MV6WSD001"),
  startedAt: 1,
  principal: { id: "k" },
  inbound: OpenAiChat.dialect.id,
  operation: "generate",
  model: "m",
  stream: true,
  header: () => undefined,
  targets: [],
  attempt: 1,
  provider: "up",
  upstreamModel: "m",
  upstream: OpenAiChat.dialect.id
}

const hook = (id: string, stage: FrameStage, failPolicy: "open" | "closed" = "closed", fuse = Fuse.make()): Installed<() => FrameStage> => ({
  id,
  kind: "interceptor",
  failPolicy,
  timeoutMs: 1000,
  fuse,
  call: () => stage
})

const started = (hooks: ReadonlyArray<Installed<() => FrameStage>>) =>
  Effect.gen(function*() {
    const place = { gateway: { clock: yield* Clock.Clock, wheel: yield* Wheel.Wheel }, exchange: { id: context.id, step: undefined }, step: "interceptor" }
    return Result.getOrThrow(FrameRun.start(place, hooks, context))
  }).pipe(Effect.provide(Wheel.layer()))

const isTerminal = ({ type }: CanonicalEvent): boolean => type === "end" || type === "error"

/** Holds back everything while a pattern of bits says so, and gives the rest at the end. */
const holding = (pattern: ReadonlyArray<boolean>, ends: Array<EndReason>): FrameStage => {
  let held: Array<Frame> = []
  let at = 0
  return {
    step: (frame) => {
      const terminal = frame.events.findIndex(isTerminal)
      if (terminal >= 0) {
        if (terminal > 0) held.push({ events: frame.events.slice(0, terminal) })
        return [{ events: frame.events.slice(terminal) }]
      }
      held.push(frame)
      if (pattern[at++ % pattern.length] === true) return []
      const all = held
      held = []
      return all
    },
    end: (reason) => {
      ends.push(reason)
      const all = held
      held = []
      return all
    }
  }
}

const Pattern = Schema.Array(Schema.Boolean).check(Schema.isMinLength(1), Schema.isMaxLength(8))

const events = (frames: ReadonlyArray<Frame>) => frames.flatMap((frame) => frame.events)

describe("stages of frames", () => {
  it.effect.prop("give everything they held back, in order, before the terminal, and hear of it once", [
    Arbitraries.frames(),
    Pattern,
    Pattern
  ], ([frames, first, second]) =>
    Effect.gen(function*() {
      const ends: Array<EndReason> = []
      const run = yield* started([hook("a", holding(first, ends)), hook("b", holding(second, ends))])
      const out = [...frames.flatMap(run.step), ...run.end("interrupted")]
      assert.deepStrictEqual(events(out), events(frames))
      assert.isFalse(Grammar.isViolation(Grammar.check(Grammar.initial, events(out))))
      const last = events(frames).at(-1)?.type === "error" ? "error" : "end"
      assert.deepStrictEqual(ends, [last, last])
      assert.isUndefined(run.stopped())
    }), { arbitrary: { runs: 150 } })

  it.effect.prop("that are told of an interruption hear nothing else, wherever it comes", [Arbitraries.frames(), Pattern, Schema.Natural], ([
    frames,
    pattern,
    at
  ]) =>
    Effect.gen(function*() {
      const ends: Array<EndReason> = []
      const run = yield* started([hook("a", holding(pattern, ends))])
      const before = frames.slice(0, at % frames.length)
      for (const frame of before) run.step(frame)
      run.end("interrupted")
      run.end("end")
      assert.deepStrictEqual(ends, events(before).some(isTerminal) ? ["end"] : ["interrupted"])
    }), { arbitrary: { runs: 100 } })

  it.effect.prop("that die at any frame are taken out where they are open, and end the answer where they are closed", [
    Arbitraries.frames(),
    Schema.Natural,
    Schema.Boolean
  ], ([frames, at, isOpen]) =>
    Effect.gen(function*() {
      const dies = at % frames.length
      let seen = 0
      const stage: FrameStage = {
        step: (frame) => {
          if (seen++ === dies) throw new Error("a bug")
          return [frame]
        }
      }
      const fuse = Fuse.make()
      const run = yield* started([hook("a", stage, isOpen ? "open" : "closed", fuse)])
      const out = frames.flatMap(run.step)
      assert.strictEqual(fuse.status().faults, 1)
      if (isOpen) assert.deepStrictEqual(events(out), events(frames))
      else assert.deepStrictEqual([events(out), run.stopped()?.by], [events(frames.slice(0, dies)), "interceptor:a"])
    }), { arbitrary: { runs: 100 } })
})
