/** The circuit against a model of it, and its promises one by one. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Circuit from "../../src/scheduling/Circuit.ts"

const opening = (threshold = 1): Circuit.Opening => ({ threshold, restMs: (openings) => Math.min(8_000, 1_000 * 2 ** openings) })
const by = (begunAt: number, isProbe = false): Circuit.Reporter => ({ begunAt, isProbe })
const opened = Circuit.failed(Circuit.closed, by(0), opening(), 100)

describe("a circuit", () => {
  it("stays closed until there are enough failures in a row", () => {
    let circuit = Circuit.closed
    for (let failure = 1; failure < 5; failure++) {
      circuit = Circuit.failed(circuit, by(failure), opening(5), failure)
      assert.strictEqual(Circuit.standing(circuit, failure), "free")
    }
    assert.strictEqual(Circuit.standing(Circuit.failed(Circuit.succeeded(circuit, by(9)), by(9), opening(5), 9), 9), "free")
    assert.strictEqual(Circuit.standing(Circuit.failed(circuit, by(9), opening(5), 9), 9), "resting")
  })

  it("rests for its time, and then lets one probe through while others wait for it", () => {
    assert.strictEqual(Circuit.standing(opened, 1_099), "resting")
    assert.strictEqual(Circuit.standing(opened, 1_100), "due")
    const probing = Circuit.probe(opened, 1_100)
    assert.strictEqual(Circuit.standing(probing, 1_101), "probing")
    // A probe that never comes back does not keep others out for ever
    assert.strictEqual(Circuit.standing(probing, 1_100 + Circuit.probePatienceMs), "due")
  })

  it("closes when its probe succeeds, and rests longer when it fails", () => {
    const probing = Circuit.probe(opened, 1_100)
    assert.deepStrictEqual(Circuit.succeeded(probing, by(1_100, true)), Circuit.closed)
    assert.strictEqual(Circuit.failed(probing, by(1_100, true), opening(), 1_200).until, 1_200 + 2_000)
  })

  it("hears nothing from attempts that were begun before it opened: no success closes it, no burst escalates it", () => {
    assert.strictEqual(Circuit.succeeded(opened, by(50)), opened)
    let circuit = opened
    for (let late = 0; late < 50; late++) circuit = Circuit.failed(circuit, by(50), opening(), 200)
    assert.strictEqual(circuit.openings, 1)
    assert.strictEqual(circuit.until, 1_200)
    const probing = Circuit.probe(opened, 1_100)
    assert.strictEqual(Circuit.failed(probing, by(50), opening(), 1_150), probing)
  })

  it("is closed by a success that was begun after it opened, where it was asked as the last resort", () => {
    assert.deepStrictEqual(Circuit.succeeded(opened, by(150)), Circuit.closed)
  })

  it("gives the probe to the next request where its own came to nothing", () => {
    const probing = Circuit.probe(opened, 1_100)
    assert.strictEqual(Circuit.standing(Circuit.released(probing, by(1_100, true), 1_200), 1_200), "due")
    assert.strictEqual(Circuit.released(probing, by(1_100), 1_200), probing)
  })
})

const Step = Schema.Union([
  Schema.Struct({ what: Schema.Literals(["ask", "fail", "succeed", "leave"]), afterMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3_000 })) })
])

/** What is promised, without saying how: who was let through and how that ended. */
describe("whatever happens to a circuit", () => {
  it.effect.prop(
    "one probe at most is under way, rests are within their bounds, and a success of a probe always ends them",
    [Schema.Array(Step).check(Schema.isMaxLength(60))],
    ([steps]) =>
      Effect.sync(() => {
        let now = 0
        let circuit = Circuit.closed
        const underway: Array<Circuit.Reporter> = []
        for (const { afterMs, what } of steps) {
          now += afterMs
          if (what === "ask") {
            const stands = Circuit.standing(circuit, now)
            if (stands === "free") underway.push(by(now))
            if (stands === "due") {
              // Only a probe that is not waited for any longer is followed by another
              for (const { begunAt, isProbe } of underway) assert.isTrue(!isProbe || now - begunAt >= Circuit.probePatienceMs)
              circuit = Circuit.probe(circuit, now)
              underway.push(by(now, true))
            }
          } else {
            const who = underway.shift()
            if (who === undefined) continue
            const before = circuit
            circuit = what === "fail"
              ? Circuit.failed(circuit, who, opening(2), now)
              : what === "succeed"
              ? Circuit.succeeded(circuit, who)
              : Circuit.released(circuit, who, now)
            if (what === "succeed" && who.isProbe) assert.deepStrictEqual(circuit, Circuit.closed)
            if (what === "leave" && !who.isProbe) assert.strictEqual(circuit, before)
          }
          if (circuit.state === "open") assert.isAtMost(circuit.until - now, 8_000)
          if (circuit.state === "probing") assert.isAtMost(circuit.until - now, Circuit.probePatienceMs)
        }
        // However it ended, it comes back
        assert.include(["free", "due"], Circuit.standing(circuit, now + Circuit.probePatienceMs + 8_000))
      }),
    { arbitrary: { seed: 20, runs: 300, size: 30 } }
  )
})
