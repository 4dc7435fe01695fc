import { assert, it } from "@effect/vitest"
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { Turn } from "@sluice/protocol/CanonicalRequest"
import * as Collect from "@sluice/protocol/Collect"
import * as Equality from "@sluice/protocol/Equality"
import * as Grammar from "@sluice/protocol/Grammar"
import { Arbitrary, Effect } from "effect"
import { describe } from "vitest"
import * as Arbitraries from "../src/Arbitraries.ts"
import * as Coverage from "../src/Coverage.ts"

const many = { arbitrary: { runs: 1000, size: 50 } }

const strings = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => [key, ...strings(inner)])
    : []

describe("generated event sequences", () => {
  it.effect.prop("are legal and reach a terminal, failing or not, with one choice or more", [
    Arbitraries.events(Arbitraries.elsewhere, { choices: 3, ending: "either" })
  ], ([events]) =>
    Effect.sync(() => {
      const state = Grammar.check(Grammar.initial, events)
      assert.isFalse(Grammar.isViolation(state), JSON.stringify(state))
      if (!Grammar.isViolation(state)) assert.strictEqual(state.phase, "ended")
    }), many)

  it.effect.prop("say the same in frames", [Arbitraries.frames()], ([frames]) =>
    Effect.sync(() => {
      const state = Grammar.check(Grammar.initial, frames.flatMap((frame) => frame.events))
      assert.isFalse(Grammar.isViolation(state))
      assert.isTrue(frames.every((frame) => frame.events.length > 0))
    }), many)
})

describe("generated answers", () => {
  it.effect.prop(
    "fold back to themselves after being unfolded",
    [Arbitraries.response(Arbitraries.elsewhere, { choices: 3, ending: "either" })],
    ([response]) =>
      Effect.sync(() => {
        const events = Collect.unfold(response)
        assert.isFalse(Grammar.isViolation(Grammar.check(Grammar.initial, events)))
        assert.deepStrictEqual(Equality.bare(Collect.collect(events)), Equality.bare(response))
      }),
    many
  )
})

describe("generated requests", () => {
  const callsIn = (parts: ReadonlyArray<Part>) => parts.flatMap((part) => part.type === "tool-call" ? [part.id] : [])
  const resultsIn = (parts: ReadonlyArray<Part>) => parts.flatMap((part) => part.type === "tool-result" ? [part.id] : [])

  it.effect.prop("answer every call once, before anybody else speaks, with unique ids", [Arbitraries.request()], ([{ turns }]) =>
    Effect.sync(() => {
      const pending: Array<string> = []
      const seen = new Set<string>()
      const check = (turn: Turn) => {
        for (const id of resultsIn(turn.parts)) {
          assert.include(pending, id)
          pending.splice(pending.indexOf(id), 1)
        }
        if (turn.role !== "tool" && turn.role !== "user") assert.deepStrictEqual(pending, [])
        for (const id of callsIn(turn.parts)) {
          assert.isFalse(seen.has(id))
          seen.add(id)
          pending.push(id)
        }
      }
      turns.forEach(check)
      assert.deepStrictEqual(pending, [])
    }), many)

  it.effect.prop("name each tool once, and choose only among them", [Arbitraries.request()], ([{ tools, toolChoice }]) =>
    Effect.sync(() => {
      const names = (tools ?? []).flatMap((tool) => "name" in tool && tool.type !== "provider" ? [tool.name] : [])
      assert.strictEqual(new Set(names).size, names.length)
      if (toolChoice?.type === "named") assert.include(names, toolChoice.name)
      if (toolChoice?.type === "allowed") assert.includeMembers(names, [...toolChoice.names])
    }), many)

  it.effect.prop("hold only whole characters and survive JSON", [Arbitraries.request()], ([request]) =>
    Effect.sync(() => {
      assert.isTrue(strings(request).every((text) => text.isWellFormed()))
      assert.isTrue(Equality.sameJson(JSON.parse(JSON.stringify(request)), request))
    }), many)

  it.effect("begin small and grow, and shrink to small valid ones", () =>
    Effect.gen(function*() {
      const result = yield* Arbitrary.checkEffect(Arbitraries.request(), ({ turns }) => !turns.some((turn) => resultsIn(turn.parts).length > 0), {
        runs: 1000,
        size: 50,
        seed: 7
      })
      assert.strictEqual(result._tag, "Falsified")
      if (result._tag === "Falsified") assert.isBelow(JSON.stringify(result.shrunkInput).length, 1500)
    }))
})

describe("a thousand runs", () => {
  it.effect("meet every constructor often enough", () =>
    Effect.gen(function*() {
      const coverage = Coverage.make()
      const count = { runs: 1000, size: 50, seed: 1 }
      yield* Arbitrary.checkEffect(Arbitraries.request(), (request) => {
        coverage.request(request)
        return true
      }, count)
      yield* Arbitrary.checkEffect(Arbitraries.events(Arbitraries.elsewhere, { choices: 3, ending: "either" }), (events) => {
        coverage.events(events)
        return true
      }, count)
      assert.deepStrictEqual(Coverage.missing(coverage), [])
    }))
})
