import { assert, it } from "@effect/vitest"
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Dialect } from "@sluice/protocol/Dialect"
import { Effect, Struct } from "effect"
import { describe } from "vitest"
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
        assert.match(failed?.failure ?? "", /Smallest counter-example: [^]*\nReplay: \[/)
        assert.include(Laws.failures(verdicts), `Law ${law}, `)
      }))
  }

  it.effect("is replayed by the token its failure prints", () =>
    Effect.gen(function*() {
      const law = Laws.of(encoding((request) => Struct.omit(request, ["temperature"]))).find(({ name }) => name.startsWith("crossing of requests"))
      const verdict = yield* law?.check(runs) ?? Effect.succeed(undefined)
      const replay = verdict?.failure?.split("\nReplay: ")[1] ?? ""
      const again = yield* law?.check({ replay }) ?? Effect.succeed(undefined)
      assert.strictEqual(again?.failure?.split("\n")[0], verdict?.failure?.split("\n")[0])
      assert.include(verdict?.failure, "/temperature")
    }))
})
