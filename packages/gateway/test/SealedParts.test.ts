/** What is sealed of an answer is gathered from its events, found again in the next request, and put where it stood. */
import { assert, it } from "@effect/vitest"
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Part, ReasoningPart, Sealed } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, Turn } from "@sluice/protocol/CanonicalRequest"
import { DialectId } from "@sluice/protocol/Wire"
import { Effect, Schema } from "effect"
import { describe } from "vitest"
import type { SealedAnswer } from "../src/Continuity.ts"
import { lastSaid } from "../src/internal/sealedAnchors.ts"
import * as Collector from "../src/internal/sealedCollector.ts"
import * as Restore from "../src/internal/sealedRestore.ts"

const by = DialectId.make("anthropic-messages")
const proof = (value: string): Sealed => ({ by, value })

/** The events of a block of one delta. */
const block = (index: number, start: Pick<CanonicalEvent & { type: "block-start" }, "kind" | "call" | "item" | "form">, text: string, seal?: Sealed) => {
  const at = { choice: 0, index }
  const type = start.kind === "text" ? "text-delta" as const : start.kind === "reasoning" ? "reasoning-delta" as const : "tool-arguments-delta" as const
  const events: Array<CanonicalEvent> = [{ type: "block-start", ...at, ...start }, { type, ...at, text }]
  if (seal !== undefined) events.push({ type: "signature", ...at, signature: seal })
  return [...events, { type: "block-end" as const, ...at }]
}
const thought = (index: number, text: string, seal: Sealed = proof(`of ${text}`)) => block(index, { kind: "reasoning" }, text, seal)
const text = (index: number, words: string, seal?: Sealed) => block(index, { kind: "text" }, words, seal)
const call = (index: number, id: string, args = "{}", seal?: Sealed) =>
  block(index, { kind: "tool-call", call: { kind: "function", id, name: "look" } }, args, seal)

const user = (words: string): Turn => ({ role: "user", parts: [{ type: "text", text: words }] })
const result = (id: string): Turn => ({ role: "tool", parts: [{ type: "tool-result", kind: "function", id, parts: [] }] })
const assistant = (...parts: ReadonlyArray<Part>): Turn => ({ role: "assistant", parts })
const said = (words: string): Part => ({ type: "text", text: words })
const called = (id: string, args = "{}"): Part => ({ type: "tool-call", kind: "function", id, name: "look", arguments: args })
const signed = (words: string): ReasoningPart => ({ type: "reasoning", form: "raw", text: words, signature: proof(`of ${words}`) })
const plain = (words: string): ReasoningPart => ({ type: "reasoning", form: "raw", text: words })

/** What is remembered of answers, given the turns they answered. */
const remembered = (...answers: ReadonlyArray<readonly [turns: ReadonlyArray<Turn>, events: ReadonlyArray<CanonicalEvent>]>) => {
  const kept = new Map<string, SealedAnswer>()
  for (const [turns, events] of answers) {
    const collector = Collector.make(by)
    for (const event of events) collector.add([event])
    for (const { answer, keys } of collector.collected(lastSaid(turns))) for (const key of keys) kept.set(key, answer)
  }
  return kept
}

const restored = (kept: ReadonlyMap<string, SealedAnswer>, turns: ReadonlyArray<Turn>) => Restore.restore({ model: "m", turns }, by, (key) => kept.get(key))
const partsOf = ({ turns }: CanonicalRequest) => turns.flatMap(({ parts }) => parts)

const start = [user("Hello")]

describe("a thought with proof", () => {
  it("comes back before the call it led to", () => {
    const kept = remembered([start, [...thought(0, "hm"), ...text(1, "Let me see."), ...thought(2, "ah"), ...call(3, "a"), ...call(4, "b")]])
    const { count, request } = restored(kept, [...start, assistant(said("Let me see."), called("a"), called("b")), result("a"), result("b")])
    assert.strictEqual(count, 2)
    assert.deepStrictEqual(partsOf(request).slice(1, 6), [signed("hm"), said("Let me see."), signed("ah"), called("a"), called("b")])
  })

  it("comes back before a text alone, which is found by its words", () => {
    const kept = remembered([start, [...thought(0, "hm"), ...text(1, "Hi "), ...text(2, "there.")]])
    const { request } = restored(kept, [...start, assistant(said(" Hi there.\n")), user("More")])
    assert.deepStrictEqual(request.turns[1], assistant(signed("hm"), said(" Hi there.\n")))
  })

  it("takes the place of the same thought without proof", () => {
    const kept = remembered([start, [...thought(0, "hm"), ...thought(1, "ah"), ...call(2, "a")]])
    const turns = (thoughts: ReadonlyArray<Part>) => [...start, assistant(...thoughts, called("a")), result("a")]
    for (const thoughts of [[plain("hmah")], [plain("hm"), plain("ah")], [plain("")]]) {
      assert.deepStrictEqual(restored(kept, turns(thoughts)).request.turns[1], assistant(signed("hm"), signed("ah"), called("a")))
    }
    assert.deepStrictEqual(partsOf(restored(kept, turns([plain("another")])).request).slice(1, 3), [plain("another"), signed("hm")])
  })

  it("is a turn of its own where it was an item of its own", () => {
    const item = { id: "rs_1", type: "reasoning" }
    const events = [...block(0, { kind: "reasoning", item }, "hm", proof("of hm")), ...call(1, "a")]
    const { request } = restored(remembered([start, events]), [...start, { ...assistant(said("x"), called("a")), at: "/messages/1" }, result("a")])
    assert.deepStrictEqual(request.turns.slice(1, 4), [
      { role: "assistant", parts: [said("x")], at: "/messages/1" },
      { role: "assistant", parts: [signed("hm")], item, at: "/messages/1" },
      { role: "assistant", parts: [called("a")], at: "/messages/1" }
    ])
  })

  it("comes back once where the client put each call into a turn of its own", () => {
    const kept = remembered([start, [...thought(0, "hm"), ...call(1, "a"), ...call(2, "b")]])
    const { count, request } = restored(kept, [...start, assistant(called("a")), result("a"), assistant(called("b")), result("b")])
    assert.strictEqual(count, 1)
    assert.deepStrictEqual(request.turns[1], assistant(signed("hm"), called("a")))
  })

  it("is found by the arguments where the ids have changed, however they are written", () => {
    const kept = remembered([start, [...thought(0, "hm"), ...call(1, "a", "{\"x\":1,\"y\":[2]}")]])
    const { request } = restored(kept, [...start, assistant(called("other", "{ \"y\": [2], \"x\": 1 }")), result("other")])
    assert.deepStrictEqual(partsOf(request)[1], signed("hm"))
  })
})

describe("a proof on a text or a call", () => {
  it("comes back to it", () => {
    const kept = remembered([start, [...text(0, "So.", proof("t")), ...call(1, "a", "{}", proof("c")), ...call(2, "b")]])
    const { count, request } = restored(kept, [...start, assistant(said("So."), called("a"), called("b")), result("a"), result("b")])
    assert.strictEqual(count, 2)
    assert.deepStrictEqual(partsOf(request).slice(1, 4), [{ ...said("So."), signature: proof("t") }, { ...called("a"), signature: proof("c") }, called("b")])
  })

  it("leaves alone what the client has proof of itself", () => {
    const kept = remembered([start, call(0, "a", "{}", proof("c"))])
    const turns = [...start, assistant({ ...called("a"), signature: proof("own") } as Part), result("a")]
    assert.deepStrictEqual(restored(kept, turns).request.turns, turns)
  })
})

describe("nothing is restored", () => {
  const kept = remembered([start, [...thought(0, "hm"), ...call(1, "a")]])

  it("to a conversation in which the user said something else", () => {
    const request: CanonicalRequest = { model: "m", turns: [user("Goodbye"), assistant(called("a")), result("a")] }
    assert.strictEqual(Restore.restore(request, by, (key) => kept.get(key)).request, request)
  })

  it("of answers without proofs, with those of another issuer, or too large to follow", () => {
    const events = (issuer: string) => [...thought(0, "hm", { by: DialectId.make(issuer), value: "p" }), ...call(1, "a")]
    assert.strictEqual(remembered([start, [...block(0, { kind: "reasoning" }, "hm"), ...call(1, "a")]]).size, 0)
    assert.strictEqual(remembered([start, events("gemini-generate")]).size, 0)
    assert.strictEqual(remembered([start, events(by)]).size, 2)
    assert.strictEqual(remembered([start, [...events(by), ...text(2, "x".repeat(9 * 1024 * 1024))]]).size, 0)
  })

  it("twice: restoring what was restored changes nothing", () => {
    const once = restored(kept, [...start, assistant(plain("hm"), called("a")), result("a")])
    const twice = restored(kept, once.request.turns)
    assert.deepStrictEqual(twice.request.turns, once.request.turns)
  })
})

describe("several choices", () => {
  it("are remembered each by itself", () => {
    const events = [...thought(0, "hm"), ...call(1, "a")].map((event) => ({ ...event, choice: 1 }))
    const kept = remembered([start, [...thought(0, "oh"), ...call(1, "z"), ...events]])
    assert.deepStrictEqual(partsOf(restored(kept, [...start, assistant(called("a")), result("a")]).request)[1], signed("hm"))
    assert.deepStrictEqual(partsOf(restored(kept, [...start, assistant(called("z")), result("z")]).request)[1], signed("oh"))
  })
})

describe("any answer", () => {
  const Block = Schema.Struct({ kind: Schema.Literals(["thought", "text", "call"]), isSealed: Schema.Boolean })
  type Blocks = ReadonlyArray<typeof Block.Type>

  const eventsOf = (blocks: Blocks): ReadonlyArray<CanonicalEvent> =>
    blocks.flatMap(({ isSealed, kind }, index) => {
      const seal = isSealed ? proof(`${index}`) : undefined
      return kind === "thought"
        ? block(index, { kind: "reasoning" }, `thought ${index}`, seal)
        : kind === "text"
        ? text(index, `text ${index}. `, seal)
        : call(index, `call ${index}`, "{}", seal)
    })

  /** The parts of the answer, those that are sealed with their proofs; thoughts without proof are left out, since only proof brings them back. */
  const partsWith = (blocks: Blocks, isWithProofs: boolean): ReadonlyArray<Part> =>
    blocks.flatMap(({ isSealed, kind }, index): ReadonlyArray<Part> => {
      const seals = isSealed && isWithProofs ? { signature: proof(`${index}`) } : {}
      if (kind === "text") return [{ type: "text", text: `text ${index}. `, ...seals }]
      if (kind === "call") return [{ type: "tool-call", kind: "function", id: `call ${index}`, name: "look", arguments: "{}", ...seals }]
      return isSealed && isWithProofs ? [{ type: "reasoning", form: "raw", text: `thought ${index}`, ...seals }] : []
    })

  const results = (blocks: Blocks): ReadonlyArray<Turn> => blocks.flatMap(({ kind }, index) => kind === "call" ? [result(`call ${index}`)] : [])

  const seeded = { arbitrary: { seed: 3, runs: 300, size: 8 } }

  it.effect.prop("that the client brings back as it was shown is again what the provider said", [Schema.Array(Block)], ([blocks]) =>
    Effect.sync(() => {
      const seen = partsWith(blocks, false)
      if (seen.length === 0) return
      const { request } = restored(remembered([start, eventsOf(blocks)]), [...start, assistant(...seen), ...results(blocks)])
      assert.deepStrictEqual(request.turns[1]?.parts, partsWith(blocks, true))
    }), seeded)

  it.effect.prop("whose texts the client has joined before its calls gets every proof back once", [Schema.Array(Block)], ([blocks]) =>
    Effect.sync(() => {
      const seen = partsWith(blocks, false)
      const texts = seen.flatMap((part) => part.type === "text" ? [part.text] : [])
      const joined: ReadonlyArray<Part> = [...(texts.length === 0 ? [] : [said(texts.join(""))]), ...seen.filter((part) => part.type === "tool-call")]
      if (joined.length === 0) return
      const { request } = restored(remembered([start, eventsOf(blocks)]), [...start, assistant(...joined), ...results(blocks)])
      const proofs = partsOf(request).flatMap((part) => part.signature === undefined ? [] : [Number(part.signature.value)])
      const ofTexts = blocks.flatMap(({ isSealed, kind }, index) => isSealed && kind === "text" ? [index] : [])
      // One text has one proof: of several, the last
      const expected = blocks.flatMap(({ isSealed, kind }, index) => isSealed && (kind !== "text" || index === ofTexts.at(-1)) ? [index] : [])
      assert.deepStrictEqual(proofs.toSorted((left, right) => left - right), expected)
    }), seeded)
})
