/** The outcome table, row by row, and the usage each row settles. */
import { assert, describe, it } from "@effect/vitest"
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import { ledgerStatus } from "@sluice/protocol/Outcome"
import * as StreamTap from "../src/StreamTap.ts"
import * as Verdict from "../src/Verdict.ts"

const start: CanonicalEvent = { type: "start", model: "served" }
const block: CanonicalEvent = { type: "block-start", choice: 0, index: 0, kind: "text" }
const delta: CanonicalEvent = { type: "text-delta", choice: 0, index: 0, text: "twelve chars" }
const blockEnd: CanonicalEvent = { type: "block-end", choice: 0, index: 0 }
const finish: CanonicalEvent = { type: "finish", choice: 0, reason: "stop" }
const reported: CanonicalEvent = { type: "usage", usage: { input: 7, output: 3 } }
const end: CanonicalEvent = { type: "end" }
const error = (kind: "overloaded" | "cut" | "empty"): CanonicalEvent => ({ type: "error", failure: { class: kind, message: "why" } })

const tapOf = (...events: ReadonlyArray<CanonicalEvent>): StreamTap.TapFacts => {
  const tap = StreamTap.make()
  tap.observe(events, 0)
  return tap.facts()
}

const facts = (given: Partial<Verdict.Facts>): Verdict.Facts => ({
  operation: "generate",
  ending: { _tag: "Delivered" },
  tap: undefined,
  sentUpstream: true,
  committed: true,
  waitedInVain: false,
  estimatedInput: 10,
  ...given
})

const judge = (given: Partial<Verdict.Facts>) => {
  const all = facts(given)
  const outcome = Verdict.outcome(all)
  return { outcome, status: ledgerStatus(outcome), usage: Verdict.usage(all, outcome) }
}

describe("the outcome of an exchange", () => {
  it("is Defect where the gateway itself broke, whatever else happened", () => {
    const { outcome, status } = judge({ ending: { _tag: "Defect", message: "bug" }, tap: tapOf(start, block, delta, blockEnd, finish, reported, end) })
    assert.deepStrictEqual(outcome, { _tag: "Defect", message: "bug" })
    assert.strictEqual(status, "failed")
  })

  it("is Denied by whoever refused, and releases the usage", () => {
    const { outcome, status, usage } = judge({
      ending: { _tag: "Refused", by: "model", failure: { class: "model-not-found", message: "no such model" } },
      sentUpstream: false
    })
    assert.deepStrictEqual(outcome, { _tag: "Denied", by: "model", class: "model-not-found", message: "no such model" })
    assert.strictEqual(status, "denied")
    assert.deepStrictEqual(usage.tokens, {})
  })

  it("is UpstreamFailed where an error event came after the commit, with what was streamed settled", () => {
    const { outcome, status, usage } = judge({ tap: tapOf(start, block, delta, error("overloaded")) })
    assert.deepStrictEqual(outcome, { _tag: "UpstreamFailed", class: "overloaded", message: "why", committed: true })
    assert.strictEqual(status, "failed")
    assert.deepStrictEqual(usage.tokens, { input: 10, output: 3 })
    assert.deepStrictEqual(usage.provenance, { input: "estimated", output: "estimated" })
  })

  it("is Completed where every choice finished and usage was reported", () => {
    const { outcome, usage } = judge({ tap: tapOf(start, block, delta, blockEnd, finish, reported, end) })
    assert.deepStrictEqual(outcome, { _tag: "Completed" })
    assert.deepStrictEqual(usage.provenance, { input: "reported", output: "reported" })
  })

  it("is Incomplete with its reason where the model had to stop", () => {
    assert.deepStrictEqual(judge({ tap: tapOf(start, block, delta, blockEnd, { type: "finish", choice: 0, reason: "length" }, reported, end) }).outcome, {
      _tag: "Incomplete",
      reason: "length"
    })
  })

  it("flags a capture miss where the answer finished without usage", () => {
    const { outcome, usage } = judge({ tap: tapOf(start, block, delta, blockEnd, finish, end) })
    assert.deepStrictEqual(outcome, { _tag: "Completed", captureMiss: true })
    assert.strictEqual(usage.provenance.output, "estimated")
  })

  it("stays Completed where the client or the connection left after the last finish", () => {
    assert.deepStrictEqual(judge({ ending: { _tag: "ClientGone" }, tap: tapOf(start, block, delta, blockEnd, finish, reported) }).outcome, {
      _tag: "Completed",
      brokeAfter: true
    })
    assert.deepStrictEqual(judge({ tap: tapOf(start, block, delta, blockEnd, finish, reported, error("cut")) }).outcome, {
      _tag: "Completed",
      brokeAfter: true
    })
  })

  it("is Cancelled by the client, never at zero once something was sent upstream", () => {
    const { outcome, status, usage } = judge({ ending: { _tag: "ClientGone" }, tap: tapOf(start, block, delta) })
    assert.deepStrictEqual(outcome, { _tag: "Cancelled", by: "client" })
    assert.strictEqual(status, "cancelled")
    assert.deepStrictEqual(usage.tokens, { input: 10, output: 3 })
  })

  it("is Cancelled by the server where a drain ran out", () => {
    assert.deepStrictEqual(judge({ ending: { _tag: "ServerStop", why: "drain" }, tap: tapOf(start, block, delta) }).outcome, {
      _tag: "Cancelled",
      by: "server",
      why: "drain"
    })
  })

  it("is Truncated where the stream ended without its stop event", () => {
    const { outcome, status } = judge({ tap: tapOf(start, block, delta, error("cut")) })
    assert.deepStrictEqual(outcome, { _tag: "Truncated" })
    assert.strictEqual(status, "failed")
  })

  it("is Empty where the upstream said nothing, and releases the usage", () => {
    const { outcome, usage } = judge({ ending: { _tag: "Failed", failure: { class: "empty", message: "nothing" } }, committed: false, tap: tapOf() })
    assert.deepStrictEqual(outcome, { _tag: "Empty" })
    assert.deepStrictEqual(usage.tokens, {})
  })

  it("is UpstreamFailed where the plan ran out before the commit; an attempt that waited in vain costs its prompt", () => {
    const failed = { ending: { _tag: "Failed", failure: { class: "timeout-first-event", message: "late" } }, committed: false } as const
    assert.deepStrictEqual(judge(failed).outcome, { _tag: "UpstreamFailed", class: "timeout-first-event", message: "late", committed: false })
    assert.deepStrictEqual(judge(failed).usage.tokens, {})
    assert.deepStrictEqual(judge({ ...failed, waitedInVain: true }).usage.tokens, { input: 10, output: 0 })
  })

  it("is Cancelled(unpolled) where nobody ever pulled the body", () => {
    assert.deepStrictEqual(judge({ ending: undefined, tap: tapOf(start, block) }).outcome, { _tag: "Cancelled", by: "unpolled" })
  })
})

describe("the usage of an unfinished stream", () => {
  it("is the larger of what was stated and what was streamed", () => {
    const stated = tapOf(start, { type: "usage", usage: { input: 5, output: 1 } }, block, delta)
    assert.deepStrictEqual(judge({ ending: { _tag: "ClientGone" }, tap: stated }).usage.tokens, { input: 5, output: 3 })
    const more = tapOf(start, { type: "usage", usage: { input: 5, output: 40 } }, block, delta)
    assert.deepStrictEqual(judge({ ending: { _tag: "ClientGone" }, tap: more }).usage, {
      tokens: { input: 5, output: 40 },
      provenance: { input: "reported", output: "reported" }
    })
  })
})
