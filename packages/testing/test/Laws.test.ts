import { assert, it } from "@effect/vitest"
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Dialect } from "@sluice/protocol/Dialect"
import { Effect, Struct } from "effect"
import { describe } from "vitest"
import * as Coverage from "../src/Coverage.ts"
import * as Laws from "../src/Laws.ts"
import * as Toy from "./ToyDialect.ts"

const runs = { runs: 300 }

const faulty = (fault: Partial<Dialect>): Dialect => ({ ...Toy.dialect, ...fault })

/** The toy with a request encoder that does something to the request first. */
const encoding = (change: (request: Parameters<Dialect["request"]["encode"]>[0]) => Parameters<Dialect["request"]["encode"]>[0]): Dialect =>
  faulty({ request: { ...Toy.dialect.request, encode: (request) => Toy.dialect.request.encode(change(request)) } })

/** The toy with a stream encoder that does something to the events first. */
const streaming = (change: (event: CanonicalEvent) => ReadonlyArray<CanonicalEvent>): Dialect =>
  faulty({
    events: {
      ...Toy.dialect.events,
      encoder: {
        start: (context) => {
          const running = Toy.dialect.events.encoder.start(context)
          return { step: (frame) => running.step({ events: frame.events.flatMap(change) }), end: running.end }
        }
      }
    }
  })

describe("a dialect that keeps the laws", () => {
  for (const law of [...Laws.canonical, ...Laws.of(Toy.dialect), ...Laws.ofCrossing(Toy.dialect, Toy.dialect)]) {
    it.effect(`passes law ${law.law}: ${law.name}`, () =>
      Effect.map(law.check(runs), (verdict) => verdict.failure === undefined ? undefined : assert.fail(verdict.failure)))
  }
})

describe("running all laws", () => {
  it.effect("gives a verdict for each, of one dialect and of a pair", () =>
    Effect.gen(function*() {
      const verdicts = [...yield* Laws.check(Toy.dialect, { runs: 3 }), ...yield* Laws.checkCrossing(Toy.dialect, Toy.dialect, { runs: 3 })]
      assert.deepStrictEqual([...new Set(verdicts.map(({ law }) => law))], ["1", "1b", "2", "3", "4", "5", "6", "7", "8", "10"])
      assert.isTrue(verdicts.every((verdict) => verdict.runs === 3))
      assert.strictEqual(Laws.failures(verdicts), "")
    }))
})

describe("a dialect that breaks a law", () => {
  const broken = {
    "forgets the temperature": ["2", encoding((request) => Struct.omit(request, ["temperature"]))],
    "forgets a tool": ["2", encoding((request) => request.tools === undefined ? request : { ...request, tools: request.tools.slice(1) })],
    "says stop when the limit was reached": [
      "2",
      streaming((event) => [event.type === "finish" && event.reason === "length" ? { ...event, reason: "stop" } : event])
    ],
    "drops the end of a block": ["4", streaming((event) => event.type === "block-end" ? [] : [event])],
    "counts output twice": [
      "8",
      streaming((event) => [event.type === "usage" ? { ...event, usage: { ...event.usage, output: 2 * (event.usage.output ?? 0) } } : event])
    ]
  } as const

  for (const [fault, [law, dialect]] of Object.entries(broken)) {
    it.effect(`is caught when it ${fault}, with a counter-example and a replay`, () =>
      Effect.gen(function*() {
        const verdicts = yield* Effect.forEach(Laws.of(dialect).filter((each) => each.law === law), (each) => each.check(runs))
        const failed = verdicts.find((verdict) => verdict.failure !== undefined)
        assert.isDefined(failed, `law ${law} did not notice`)
        assert.match(failed?.failure ?? "", /Smallest counter-example: [^]*\nReplay: .+ # \[/)
        assert.include(Laws.failures(verdicts), `Law ${law}, `)
      }))
  }

  it.effect("is replayed by the token its failure prints, and by nothing but its own law", () =>
    Effect.gen(function*() {
      const dialect = encoding((request) => Struct.omit(request, ["temperature"]))
      const verdicts = yield* Laws.check(dialect, { runs: 300 })
      const verdict = verdicts.find(({ name }) => name.startsWith("crossing of requests"))
      const replay = verdict?.failure?.split("\nReplay: ")[1] ?? ""
      assert.strictEqual(replay, verdict?.replay)
      const again = yield* Laws.check(dialect, { replay })
      assert.deepStrictEqual(again.map(({ failure }) => failure), [verdict?.failure])
      assert.include(verdict?.failure, "/temperature")
      assert.strictEqual(Laws.failures(yield* Laws.check(Toy.dialect, { replay })), "", "a sound dialect passes the replay")
    }))

  it.effect("keeps its counter-example as a value that the law judges again", () =>
    Effect.gen(function*() {
      const dialect = encoding((request) => Struct.omit(request, ["temperature"]))
      const law = Laws.of(dialect).find(({ name }) => name.startsWith("crossing of requests"))
      const verdict = yield* law?.check(runs) ?? Effect.succeed(undefined)
      const kept: unknown = JSON.parse(JSON.stringify(verdict?.counterExample))
      assert.include(law?.judge(kept), "/temperature")
      assert.isUndefined(Laws.of(Toy.dialect).find(({ name }) => name === law?.name)?.judge(kept))
    }))

  it.effect("is not taken for sound when the token is of another law", () =>
    Effect.gen(function*() {
      assert.include(Laws.failures(yield* Laws.check(Toy.dialect, { replay: "no such law # []" })), "None of these laws")
    }))
})

describe("a report", () => {
  it.effect("proves that the random values reached every constructor, and says what each law says", () =>
    Effect.gen(function*() {
      const { coverage, holds, missing, text, verdicts } = yield* Laws.report(Toy.dialect, { runs: 500 })
      assert.deepStrictEqual(missing, [])
      assert.isTrue(holds, text)
      assert.isTrue(Coverage.constructors.every((name) => (coverage.counts.get(name) ?? 0) >= Coverage.floors.constructor))
      for (const { name } of verdicts) assert.include(text, `${name} (500 runs)`)
      assert.match(text, /^part .*\btext \d{2,}/m)
    }))

  it.effect("does not hold when the run was too short to meet everything, nor when a law failed", () =>
    Effect.gen(function*() {
      const short = yield* Laws.report(Toy.dialect, { runs: 3 })
      assert.isFalse(short.holds)
      assert.include(short.text, "Met too rarely:\n")
      const wrong = yield* Laws.report(encoding((request) => Struct.omit(request, ["temperature"])), { runs: 100 })
      assert.isFalse(wrong.holds)
      assert.match(wrong.text, /^FAILS {2}2 {3}crossing of requests[^]*Replay: /m)
    }))
})
