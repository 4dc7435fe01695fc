import { assert, it } from "@effect/vitest"
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Grammar from "@sluice/protocol/Grammar"
import { Effect } from "effect"
import { describe } from "vitest"
import * as Arbitraries from "../src/Arbitraries.ts"
import * as Laws from "../src/Laws.ts"
import * as StreamShrinker from "../src/laws/StreamShrinker.ts"
import * as Toy from "./ToyDialect.ts"

type Change = (event: CanonicalEvent) => ReadonlyArray<CanonicalEvent>

/** The toy with a stream encoder that does something to the events first; `start` makes a fresh change for each stream. */
const streaming = (start: () => Change): Dialect => ({
  ...Toy.dialect,
  events: {
    ...Toy.dialect.events,
    encoder: {
      start: (context) => {
        const running = Toy.dialect.events.encoder.start(context)
        const change = start()
        return { step: (frame) => running.step({ events: frame.events.flatMap(change) }), end: running.end }
      }
    }
  }
})

/** The law of streams is given frames. */
const eventsIn = (counterExample: unknown): ReadonlyArray<CanonicalEvent> => (counterExample as ReadonlyArray<Frame>).flatMap(({ events }) => events)

/** The first failure of the law of streams among the crossings. */
const failureOf = (dialect: Dialect, law = "2", name = "crossing of streams") =>
  Effect.map(
    Effect.forEach(Laws.of(dialect).filter((each) => each.law === law && each.name.startsWith(name)), (each) => each.check({ runs: 300 })),
    (verdicts) => verdicts.find(({ failure }) => failure !== undefined)
  )

describe("the counter-example of a fault in a stream", () => {
  const faults: ReadonlyArray<readonly [name: string, dialect: Dialect, most: number]> = [
    [
      "says stop when the limit was reached",
      streaming(() => (event) => [event.type === "finish" && event.reason === "length" ? { ...event, reason: "stop" } : event]),
      3
    ],
    ["loses every text", streaming(() => (event) => event.type === "text-delta" ? [] : [event]), 6],
    [
      "mixes up what a second call says",
      streaming(() => (event) => [event.type === "tool-arguments-delta" && event.index > 0 ? { ...event, text: "{\"wrong\":1}" } : event]),
      8
    ],
    ["loses the thinking", streaming(() => (event) => event.type === "reasoning-delta" ? [] : [event]), 6]
  ]

  for (const [name, dialect, most] of faults) {
    it.effect(`that ${name} has at most ${most} events, is legal and fails again`, () =>
      Effect.gen(function*() {
        const verdict = yield* failureOf(dialect)
        assert.isDefined(verdict, "the fault was not noticed")
        const events = eventsIn(verdict?.counterExample)
        assert.isAtMost(events.length, most, JSON.stringify(events))
        const state = Grammar.check(Grammar.initial, events)
        assert.isFalse(Grammar.isViolation(state), JSON.stringify(events))
        const law = Laws.of(dialect).find((each) => each.name === verdict?.name)
        assert.isDefined(law?.judge(verdict?.counterExample))
        assert.isUndefined(law?.judge([{ events: [{ type: "start" }, { type: "finish", choice: 0, reason: "stop" }, { type: "end" }] }]))
      }))
  }
})

describe("a smaller stream", () => {
  it.effect.prop(
    "is legal, not longer, and reaches its terminal",
    [Arbitraries.events(Arbitraries.elsewhere, { choices: 3, ending: "either" })],
    ([events]) =>
      Effect.sync(() => {
        for (const less of StreamShrinker.smallerEvents(events)) {
          const state = Grammar.check(Grammar.initial, less)
          assert.isTrue(!Grammar.isViolation(state) && state.phase === "ended", JSON.stringify(less))
          assert.isAtMost(JSON.stringify(less).length, JSON.stringify(events).length + 8)
        }
      }),
    { arbitrary: { runs: 100 } }
  )

  it("loses choices, blocks, deltas, words and facts down to nothing but its ends", () => {
    const events: ReadonlyArray<CanonicalEvent> = [
      { type: "start", id: "a", model: "m" },
      { type: "block-start", choice: 0, index: 0, kind: "text" },
      { type: "text-delta", choice: 0, index: 0, text: "some words" },
      { type: "block-start", choice: 1, index: 0, kind: "tool-call", call: { kind: "function", id: "c", name: "f" } },
      { type: "text-delta", choice: 0, index: 0, text: "more words" },
      { type: "block-end", choice: 0, index: 0, final: { type: "text", text: "some wordsmore words" } },
      { type: "tool-arguments-delta", choice: 1, index: 0, text: "{\"a\":1}" },
      { type: "block-end", choice: 1, index: 0 },
      { type: "finish", choice: 0, reason: "length", raw: "max" },
      { type: "finish", choice: 1, reason: "tool-calls" },
      { type: "usage", usage: { input: 1 } },
      { type: "end" }
    ]
    assert.deepStrictEqual(StreamShrinker.smallest(events, () => true, 10_000), [
      { type: "start" },
      { type: "finish", choice: 0, reason: "stop" },
      { type: "end" }
    ])
    const hasText = (less: ReadonlyArray<CanonicalEvent>): boolean => less.some((event) => event.type === "text-delta" && event.text.includes("w"))
    assert.deepStrictEqual(StreamShrinker.smallest(events, hasText, 10_000).filter(({ type }) => type.includes("delta")), [
      { type: "text-delta", choice: 0, index: 0, text: "w" }
    ])
  })

  it("merges deltas, opens frames, and leaves cuts and disturbances out", () => {
    const delta = (text: string): CanonicalEvent => ({ type: "text-delta", choice: 0, index: 0, text })
    const frames: ReadonlyArray<Frame> = [
      { events: [{ type: "start" }, { type: "block-start", choice: 0, index: 0, kind: "text" }] },
      { events: [delta("ab"), delta("cd"), { type: "block-end", choice: 0, index: 0 }, { type: "finish", choice: 0, reason: "stop" }, { type: "end" }] }
    ]
    const said = (value: { readonly frames: ReadonlyArray<Frame> }): string =>
      value.frames.flatMap(({ events }) => events).map((event) => event.type === "text-delta" ? event.text : "").join("")
    const small = StreamShrinker.smallest({ frames, shares: [10, 500], unknown: [{ nth: 1 }] }, (value) => said(value).includes("bc"), 10_000)
    assert.deepStrictEqual(small.shares, [])
    assert.deepStrictEqual(small.unknown, [])
    assert.isTrue(small.frames.every(({ events }) => events.length === 1))
    assert.deepStrictEqual(small.frames.flatMap(({ events }) => events).filter(({ type }) => type === "text-delta"), [delta("bc")])
  })
})
