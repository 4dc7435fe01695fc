/**
 * Frames under a rule about texts: whatever a stream splits a text into, what the client reads is what the rule makes of the whole text,
 * and nothing goes out that the rule has not decided about.
 */
import { assert, describe, it } from "@effect/vitest"
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import { frame } from "@sluice/protocol/CanonicalEvent"
import { DialectId } from "@sluice/protocol/Wire"
import { Result } from "effect"
import * as Patterns from "../../src/Patterns.ts"
import * as HeldFrames from "../../src/texts/HeldFrames.ts"
import * as PatternRule from "../../src/texts/PatternRule.ts"

const search = Result.getOrThrow(Patterns.make({ kinds: Patterns.kinds, own: [{ name: "ticket", pattern: "TCK-\\d{4,8}" }] }))

const masking = (hold: number): PatternRule.Options => ({
  search,
  hold,
  verdict: ({ label }) =>
    label === "ticket" ? { _tag: "Block", failure: { class: "content-filter", message: "no tickets" } } : { _tag: "Mask", by: `[${label}]` },
  wants: () => true
})

const texts = [
  "Write to jane.doe@mail.example.com or call +49 170 1234567 today, please.",
  "Card 4111 1111 1111 1111, account GB82WEST12345698765432 and nothing else.",
  "Keys: sk-proj-abcdefgh12345678 AKIAIOSFODNN7EXAMPLE password=hunter22; all of them.",
  "Nothing to see here: 12 eggs, 3 a@b and 2026-11-20 10:15.",
  "jane@example.com",
  "bob@example.org eve@example.org"
]

const at = { choice: 0, index: 0 }

const deltas = (pieces: ReadonlyArray<string>): ReadonlyArray<Frame> => pieces.map((text) => frame({ type: "text-delta", ...at, text }))

const answer = (pieces: ReadonlyArray<string>): ReadonlyArray<Frame> => [
  frame({ type: "start" }, { type: "block-start", ...at, kind: "text" }),
  ...deltas(pieces),
  frame({ type: "block-end", ...at }, { type: "finish", choice: 0, reason: "stop" }),
  frame({ type: "end" })
]

const saidIn = (frames: ReadonlyArray<Frame>): string =>
  frames.flatMap(({ events }) => events).map((event) => event.type === "text-delta" || event.type === "tool-arguments-delta" ? event.text : "").join("")

const run = (rule: HeldFrames.Rule, frames: ReadonlyArray<Frame>): ReadonlyArray<Frame> => {
  const machine = HeldFrames.make(rule)
  return [...frames.flatMap(machine.step), ...machine.end("end")]
}

const split = (text: string, places: ReadonlyArray<number>): ReadonlyArray<string> =>
  [0, ...places].map((from, index) => text.slice(from, places[index] ?? text.length)).filter((piece) => piece !== "")

describe("masking under a hold-back window", () => {
  it("comes to the same text wherever a stream is cut once", () => {
    for (const text of texts) {
      const wanted = PatternRule.change(masking(64), text, "text").text
      for (let place = 0; place <= text.length; place++) {
        assert.strictEqual(saidIn(run(PatternRule.make(masking(64)), answer(split(text, [place])))), wanted, `cut at ${place}`)
      }
    }
  })

  it("comes to the same text when every character comes alone, or in threes", () => {
    for (const text of texts) {
      const wanted = PatternRule.change(masking(64), text, "text").text
      for (const size of [1, 3]) {
        const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.slice(index * size, (index + 1) * size))
        assert.strictEqual(saidIn(run(PatternRule.make(masking(64)), answer(pieces))), wanted)
      }
    }
  })

  it("comes to the same text for long texts cut at random", () => {
    let state = 20_261_120
    const next = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return Math.floor((state / 2_147_483_648) * below)
    }
    const words = ["and", "so", "it", "goes,", "jane@example.com", "+49 170 1234567,", "4111111111111111;", "sk-abcdefgh12345678", "token=abcd1234,", "over.\n"]
    for (let round = 0; round < 150; round++) {
      const text = Array.from({ length: 10 + next(80) }, () => words[next(words.length)]).join(" ")
      const places = Array.from({ length: 1 + next(40) }, () => next(text.length)).toSorted((a, b) => a - b)
      const wanted = PatternRule.change(masking(96), text, "text").text
      assert.strictEqual(saidIn(run(PatternRule.make(masking(96)), answer(split(text, places)))), wanted, `round ${round}`)
    }
  })

  it("keeps frames, their order and their wire events where nothing is found", () => {
    const frames = answer("Nothing to see here, and a good deal of it, word for word for word.".split(/(?<= )/))
    const wired = frames.map((one): Frame => ({ ...one, wire: { dialect: DialectId.make("x"), value: {}, events: one.events } }))
    const out = run(PatternRule.make(masking(32)), wired)
    assert.strictEqual(out.length, wired.length)
    for (const [index, one] of out.entries()) assert.strictEqual(one, wired[index])
  })

  it("lets nothing out before it is decided, and holds no more than the window, a part of it and one frame", () => {
    const machine = HeldFrames.make(PatternRule.make(masking(32)))
    machine.step(frame({ type: "start" }, { type: "block-start", ...at, kind: "text" }))
    let given = ""
    let out = ""
    for (const character of "a word, ".repeat(40)) {
      given += character
      out += saidIn(machine.step(frame({ type: "text-delta", ...at, text: character })))
      assert.isAtMost(out.length, Math.max(0, given.length - 32))
      assert.isAtLeast(out.length, given.length - 35)
    }
  })

  it("masks what is longer than the window as soon as it is recognised, and never later than its end", () => {
    const text = `the key is sk-${"Abc123xyz".repeat(30)} and that was it`
    const said = saidIn(run(PatternRule.make(masking(24)), answer(text.split(""))))
    assert.strictEqual(said, "the key is [api-key] and that was it")
  })

  it("flushes what it holds when the answer ends without its end", () => {
    const machine = HeldFrames.make(PatternRule.make(masking(64)))
    const held = [frame({ type: "block-start", ...at, kind: "text" }), ...deltas(["mail ja", "ne@example.com"])].flatMap(machine.step)
    assert.strictEqual(saidIn([...held, ...machine.end("error")]), "mail [email]")
    assert.deepStrictEqual(machine.end("error"), [])
  })

  it("flushes nothing for somebody who has left", () => {
    const machine = HeldFrames.make(PatternRule.make(masking(64)))
    deltas(["mail jane"]).forEach(machine.step)
    assert.deepStrictEqual(machine.end("interrupted"), [])
  })
})

describe("blocking under a hold-back window", () => {
  const text = "The case is TCK-123456 for you."
  const errors = (frames: ReadonlyArray<Frame>): ReadonlyArray<CanonicalEvent> => frames.flatMap(({ events }) => events).filter(({ type }) => type === "error")

  it("ends the answer once, and says nothing of what was found, wherever the stream is cut", () => {
    for (let place = 0; place <= text.length; place++) {
      const out = run(PatternRule.make(masking(64)), answer(split(text, [place])))
      assert.strictEqual(errors(out).length, 1)
      assert.strictEqual(out.at(-1)?.events[0]?.type, "error")
      assert.notInclude(saidIn(out), "TCK")
    }
  })

  it("tells who asked, once", () => {
    const told: Array<string> = []
    const machine = HeldFrames.make(PatternRule.make(masking(8)), { onBlock: ({ message }) => told.push(message) })
    answer(text.split("")).forEach(machine.step)
    assert.deepStrictEqual(told, ["no tickets"])
  })
})

describe("what goes with a masked text", () => {
  const masked = (frames: ReadonlyArray<Frame>): ReadonlyArray<CanonicalEvent> => run(PatternRule.make(masking(64)), frames).flatMap(({ events }) => events)

  it("is masked where the provider says the whole block again", () => {
    const final = { type: "text", text: "to jane@example.com" } as const
    const events = masked([
      frame({ type: "block-start", ...at, kind: "text" }, { type: "text-delta", ...at, text: final.text }, { type: "block-end", ...at, final })
    ])
    assert.deepStrictEqual(events.at(-1), { type: "block-end", ...at, final: { type: "text", text: "to [email]" } })
  })

  it("loses the proof of thinking that was changed, and keeps it where nothing was", () => {
    const thinking = (text: string) => [
      frame(
        { type: "block-start", ...at, kind: "reasoning", form: "raw" },
        { type: "reasoning-delta", ...at, text },
        { type: "signature", ...at, signature: { by: DialectId.make("x"), value: "proof" } },
        { type: "block-end", ...at }
      )
    ]
    assert.include(masked(thinking("nothing")).map(({ type }) => type), "signature")
    assert.notInclude(masked(thinking("jane@example.com")).map(({ type }) => type), "signature")
  })

  it("loses the probabilities of its tokens", () => {
    const tokens = [{ token: "jane@example.com", logprob: 0 }]
    const events = masked([
      frame(
        { type: "block-start", ...at, kind: "text" },
        { type: "text-delta", ...at, text: "jane@example.com" },
        { type: "annotation", choice: 0, annotation: { kind: "logprobs", of: "text", tokens } },
        { type: "block-end", ...at }
      )
    ])
    assert.notInclude(JSON.stringify(events), "jane")
  })

  it("stays JSON in the arguments of calls, also where a number is masked", () => {
    const json = JSON.stringify({ card: 4111111111111111, to: "jane@example.com", note: "a\nb \"c\"" })
    const call = { kind: "function", id: "1", name: "pay" } as const
    for (let place = 0; place <= json.length; place++) {
      const pieces = split(json, [place]).map((text) => frame({ type: "tool-arguments-delta", ...at, text }))
      const said = saidIn([{
        events: masked([frame({ type: "block-start", ...at, kind: "tool-call", call }), ...pieces, frame({ type: "block-end", ...at })])
      }])
      assert.deepStrictEqual(JSON.parse(said), { card: 0, to: "[email]", note: "a\nb \"c\"" })
    }
  })

  it("keeps the texts of several choices apart", () => {
    const events = masked([
      frame({ type: "block-start", choice: 0, index: 0, kind: "text" }, { type: "block-start", choice: 1, index: 0, kind: "text" }),
      frame({ type: "text-delta", choice: 0, index: 0, text: "jane@exam" }, { type: "text-delta", choice: 1, index: 0, text: "bob@exam" }),
      frame({ type: "text-delta", choice: 1, index: 0, text: "ple.org!" }, { type: "text-delta", choice: 0, index: 0, text: "ple.com?" }),
      frame({ type: "end" })
    ])
    const of = (choice: number) => events.map((event) => event.type === "text-delta" && event.choice === choice ? event.text : "").join("")
    assert.deepStrictEqual([of(0), of(1)], ["[email]?", "[email]!"])
  })
})
