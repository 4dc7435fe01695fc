import { assert } from "@effect/vitest"
import { describe, it } from "vitest"
import type { BlockKind, CanonicalEvent, EventType } from "../src/CanonicalEvent.ts"
import * as Grammar from "../src/Grammar.ts"
import { DialectId } from "../src/Wire.ts"

const dialect = DialectId.make("toy")
const native = { dialect, name: "web_search", value: {} }
const call = { kind: "function" as const, id: "call_1", name: "f" }

const start: CanonicalEvent = { type: "start" }
const end: CanonicalEvent = { type: "end" }
const error: CanonicalEvent = { type: "error", failure: { class: "overloaded", message: "busy" } }
const open = (kind: BlockKind, index = 0, choice = 0): CanonicalEvent => ({
  type: "block-start",
  choice,
  index,
  kind,
  ...(kind === "tool-call" ? { call } : {}),
  ...(kind === "foreign" || kind === "server-tool" ? { native } : {})
})
const close = (index = 0, choice = 0): CanonicalEvent => ({ type: "block-end", choice, index })
const finish = (choice = 0): CanonicalEvent => ({ type: "finish", choice, reason: "stop" })

const kinds: Array<BlockKind> = ["text", "reasoning", "tool-call", "refusal", "media", "server-tool", "foreign"]

/** One event of every type, about block 0 of choice 0. */
const sample: { readonly [T in EventType]: CanonicalEvent } = {
  start,
  end,
  error,
  ping: { type: "ping" },
  usage: { type: "usage", usage: { input: 1 } },
  foreign: { type: "foreign", ...native },
  annotation: { type: "annotation", annotation: { kind: "citation" } },
  "block-start": open("text"),
  "text-delta": { type: "text-delta", choice: 0, index: 0, text: "a" },
  "reasoning-delta": { type: "reasoning-delta", choice: 0, index: 0, text: "a" },
  signature: { type: "signature", choice: 0, index: 0, signature: { by: dialect, value: "s" } },
  encrypted: { type: "encrypted", choice: 0, index: 0, encrypted: { by: dialect, value: "s" } },
  "tool-arguments-delta": { type: "tool-arguments-delta", choice: 0, index: 0, text: "{" },
  "media-delta": { type: "media-delta", choice: 0, index: 0, data: "AA==" },
  "block-end": close(),
  finish: finish()
}
const types = Object.values(sample).map((event) => event.type)

const verdict = (...events: ReadonlyArray<CanonicalEvent>): string => {
  const result = Grammar.check(Grammar.initial, events)
  return Grammar.isViolation(result) ? `${result.event}: ${result.guard ?? result.phase}` : result.phase
}

describe("before the start", () => {
  it("only ping, usage, foreign, an error and the start itself may come", () => {
    const allowed = types.filter((type) => !verdict(sample[type]).includes(":"))
    assert.deepStrictEqual(allowed.toSorted(), ["error", "foreign", "ping", "start", "usage"])
  })

  it("those that may precede it leave the stream where it was", () => {
    assert.strictEqual(verdict(sample.ping, sample.usage, sample.foreign), "before")
    assert.strictEqual(verdict(sample.ping, start), "open")
  })
})

describe("the start", () => {
  it("comes once", () => {
    assert.strictEqual(verdict(start, start), "start: open")
  })
})

describe("a terminal", () => {
  it("is followed by nothing, whichever it was", () => {
    for (const type of types) {
      assert.strictEqual(verdict(start, error, sample[type]), `${type}: ended`)
      assert.strictEqual(verdict(start, finish(), end, sample[type]), `${type}: ended`)
    }
  })

  it("may be an error at any time", () => {
    assert.strictEqual(verdict(error), "ended")
    assert.strictEqual(verdict(start, open("text"), sample["text-delta"], error), "ended")
    assert.strictEqual(verdict(start, finish(), error), "ended")
  })

  it("is an end only when every choice that was seen has finished", () => {
    assert.strictEqual(verdict(start, end), "end: every-choice-finished")
    assert.strictEqual(verdict(start, open("text"), close(), end), "end: every-choice-finished")
    assert.strictEqual(verdict(start, finish(0), open("text", 0, 1), close(0, 1), end), "end: every-choice-finished")
    assert.strictEqual(verdict(start, finish(0), open("text", 0, 1), close(0, 1), finish(1), end), "ended")
  })
})

describe("blocks", () => {
  it("are numbered per choice from 0 in the order of their start", () => {
    assert.strictEqual(verdict(start, open("text", 1)), "block-start: block-next")
    assert.strictEqual(verdict(start, open("text"), open("text")), "block-start: block-next")
    assert.strictEqual(verdict(start, open("text"), close(), open("text")), "block-start: block-next")
    assert.strictEqual(verdict(start, open("text", 0, 3), open("text", 0, 0), open("text", 1, 3)), "open")
  })

  it("may be open side by side and close in any order", () => {
    assert.strictEqual(verdict(start, open("text", 0), open("tool-call", 1), close(0), close(1), finish(), end), "ended")
    assert.strictEqual(verdict(start, open("text", 0), open("tool-call", 1), close(1), close(0), finish(), end), "ended")
  })

  it("are closed once", () => {
    assert.strictEqual(verdict(start, close()), "block-end: block-open")
    assert.strictEqual(verdict(start, open("text"), close(), close()), "block-end: block-open")
  })

  it("name a call exactly when they are tool calls", () => {
    assert.strictEqual(verdict(start, { type: "block-start", choice: 0, index: 0, kind: "tool-call" }), "block-start: block-next")
    assert.strictEqual(verdict(start, { type: "block-start", choice: 0, index: 0, kind: "text", call }), "block-start: block-next")
  })

  it("take no delta, signature or cipher before their start or after their end", () => {
    for (const type of ["text-delta", "reasoning-delta", "tool-arguments-delta", "media-delta", "signature", "encrypted"] as const) {
      assert.strictEqual(verdict(start, sample[type]), `${type}: block-open`)
      assert.strictEqual(verdict(start, open("text"), close(), sample[type]), `${type}: block-open`)
    }
  })

  it("hold only the deltas of their kind", () => {
    const held = Object.fromEntries(
      (["text-delta", "reasoning-delta", "tool-arguments-delta", "media-delta", "signature", "encrypted"] as const).map((type) => [
        type,
        kinds.filter((kind) => verdict(start, open(kind), sample[type]) === "open")
      ])
    )
    assert.deepStrictEqual(held, {
      "text-delta": ["text", "refusal", "server-tool", "foreign"],
      "reasoning-delta": ["reasoning"],
      "tool-arguments-delta": ["tool-call", "server-tool", "foreign"],
      "media-delta": ["media", "server-tool"],
      signature: kinds,
      encrypted: kinds
    })
  })
})

describe("a finish", () => {
  it("comes at most once per choice", () => {
    assert.strictEqual(verdict(start, finish(), finish()), "finish: choice-unfinished")
    assert.strictEqual(verdict(start, finish(0), finish(1), end), "ended")
  })

  it("comes after the blocks of its choice, not of others", () => {
    assert.strictEqual(verdict(start, open("text"), finish()), "finish: choice-blocks-closed")
    assert.strictEqual(verdict(start, open("text", 0, 1), finish(0)), "open")
  })

  it("lets no further block of its choice begin", () => {
    assert.strictEqual(verdict(start, finish(), open("text")), "block-start: choice-unfinished")
  })

  it("is followed by usage, annotations, pings and foreign events until the terminal", () => {
    assert.strictEqual(verdict(start, finish(), sample.usage, sample.annotation, sample.ping, sample.foreign, sample.usage, end), "ended")
  })
})

describe("checking", () => {
  it("allocates nothing for deltas: the state is the same object", () => {
    const state = Grammar.check(Grammar.initial, [start, open("text")])
    assert.isFalse(Grammar.isViolation(state))
    if (!Grammar.isViolation(state)) assert.strictEqual(Grammar.step(state, sample["text-delta"]), state)
  })

  it("never changes the state it was given", () => {
    Grammar.check(Grammar.initial, [start, open("text"), close(), finish(), end])
    assert.deepStrictEqual(Grammar.initial, { phase: "before", choices: new Map() })
  })

  it("stops at the first violation and names it", () => {
    const result = Grammar.check(Grammar.initial, [start, close(), start])
    assert.deepStrictEqual(result, { event: "block-end", phase: "open", guard: "block-open", message: "block-end breaks the rule block-open" })
  })
})
