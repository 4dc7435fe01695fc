/** Edits by JSON Pointer: what each kind does, what it reports, and what it must not do. */
import { assert, describe, it } from "@effect/vitest"
import type { JsonObject } from "@sluice/protocol/Wire"
import * as PayloadRules from "../../src/interceptors/PayloadRules.ts"

const body: JsonObject = { model: "m", messages: [{ role: "user", content: "Hi" }, { role: "user", content: "Ho" }], temperature: 1, nested: { a: { b: 1 } } }
const edited = (rule: PayloadRules.Rule, given: JsonObject = body) => PayloadRules.apply(given, rule)
const told = (rule: PayloadRules.Rule, given: JsonObject = body): ReadonlyArray<string> => edited(rule, given).losses.map(({ at, reason }) => `${at};${reason}`)

describe("an edit", () => {
  it("by default sets only what is not there", () => {
    const rule: PayloadRules.Rule = { default: { "/temperature": 0, "/top_p": 0.5, "/nested/a/c/d": true } }
    assert.deepStrictEqual(edited(rule).body, { ...body, top_p: 0.5, nested: { a: { b: 1, c: { d: true } } } })
    assert.deepStrictEqual(told(rule), ["/top_p;defaulted", "/nested/a/c/d;defaulted"])
  })

  it("by override sets whatever is there, and says what it was", () => {
    const rule: PayloadRules.Rule = { override: { "/temperature": 0, "/messages/1/content": "Hey", "/messages/-": { role: "user", content: "!" } } }
    assert.deepStrictEqual(edited(rule).body, {
      ...body,
      temperature: 0,
      messages: [{ role: "user", content: "Hi" }, { role: "user", content: "Hey" }, { role: "user", content: "!" }]
    })
    assert.deepStrictEqual(told(rule), ["/temperature;approximated", "/messages/1/content;approximated", "/messages/-;defaulted"])
    assert.deepInclude(edited(rule).losses[0], { before: 1, after: 0, weight: "hint" })
  })

  it("by filter takes out members and elements", () => {
    const rule: PayloadRules.Rule = { filter: ["/nested/a/b", "/messages/0", "/absent"] }
    assert.deepStrictEqual(edited(rule).body, { ...body, nested: { a: {} }, messages: [{ role: "user", content: "Ho" }] })
    assert.deepStrictEqual(told(rule), ["/nested/a/b;dropped", "/messages/0;dropped"])
  })

  it("that changes nothing is no edit", () => {
    const same = edited({ override: { "/temperature": 1, "/nested": { a: { b: 1 } } }, default: { "/model": "x" }, filter: ["/x"] })
    assert.strictEqual(same.body, body)
    assert.deepStrictEqual(same.losses, [])
  })

  it("never writes through texts, numbers or the ends of lists", () => {
    for (const pointer of ["/temperature/x", "/model/0", "/messages/9", "/messages/x", "/messages/01"]) {
      assert.deepStrictEqual(edited({ override: { [pointer]: 1 } }), { body, losses: [] }, pointer)
    }
  })

  it("keeps the order of keys, and never edits what it was given", () => {
    const before = JSON.stringify(body)
    assert.deepStrictEqual(Object.keys(edited({ override: { "/model2": 1, "/temperature": 2 } }).body), [...Object.keys(body), "model2"])
    assert.strictEqual(JSON.stringify(body), before)
  })

  it("takes every name as data", () => {
    const made = edited({ override: { "/__proto__/polluted": true, "/constructor": 1 } }, {})
    assert.isTrue(Object.hasOwn(made.body, "__proto__"))
    assert.isUndefined(Reflect.get({}, "polluted"))
  })
})

describe("rules", () => {
  it("are applied in order, each to what those before it made, where the body is as they ask", () => {
    const made = PayloadRules.applyAll(body, [
      { default: { "/effort": "low" } },
      { override: { "/seen": true }, when: { has: ["/effort"], equals: { "/nested/a": { b: 1 } } } },
      { override: { "/unseen": true }, when: { has: ["/absent"] } }
    ])
    assert.deepStrictEqual(made.body, { ...body, effort: "low", seen: true })
  })

  it("are refused where the gateway has decided already, or where there is no place", () => {
    for (const pointer of ["/model", "/stream", "temperature", "", "/"]) assert.isDefined(PayloadRules.problem([{ filter: [pointer] }]), pointer)
    assert.isUndefined(PayloadRules.problem([{ filter: ["/stream_options"], default: { "/models": [] } }]))
  })
})
