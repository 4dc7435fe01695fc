/** How the built-in schedulers choose, alone and composed. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { CredentialId } from "../../src/Credential.ts"
import { ProviderId } from "../../src/ProviderId.ts"
import * as Scheduler from "../../src/Scheduler.ts"
import * as FillFirst from "../../src/schedulers/FillFirst.ts"
import * as LeastBusy from "../../src/schedulers/LeastBusy.ts"
import * as RoundRobin from "../../src/schedulers/RoundRobin.ts"
import * as SessionAffinity from "../../src/schedulers/SessionAffinity.ts"
import * as SmoothWeighted from "../../src/schedulers/SmoothWeighted.ts"
import { context, seededRandom } from "./Context.ts"

const candidate = (id: string, rest: Partial<Scheduler.CredentialCandidate> = {}): Scheduler.CredentialCandidate => ({
  id: CredentialId.make(id),
  kind: "key",
  priority: 0,
  weight: 1,
  status: "ready",
  inFlight: 0,
  attributes: {},
  ...rest
})
const [a, b, c] = [candidate("a"), candidate("b"), candidate("c")]
const picked = (decision: Scheduler.Decision): string => typeof decision === "object" && "pick" in decision ? decision.pick : assert.fail("nothing was picked")
const times = (count: number, scheduler: Scheduler.Scheduler, candidates: ReadonlyArray<Scheduler.CredentialCandidate>, rest = {}) =>
  Array.from({ length: count }, () => picked(scheduler.pick(candidates, context(rest))))

describe("round-robin", () => {
  it("takes each in turn, for each provider and model by itself", () => {
    const scheduler = RoundRobin.make()
    assert.deepStrictEqual(times(4, scheduler, [c, a, b]), ["a", "b", "c", "a"])
    assert.deepStrictEqual(times(2, scheduler, [a, b], { model: "other" }), ["a", "b"])
    assert.deepStrictEqual(times(1, scheduler, [a, b], { provider: ProviderId.make("q") }), ["a"])
    assert.deepStrictEqual(times(2, scheduler, [a, b, c]), ["b", "c"])
  })

  it("goes on with the next where one is away, and shifts nobody's turn", () => {
    const scheduler = RoundRobin.make()
    assert.deepStrictEqual([...times(1, scheduler, [a, b, c]), ...times(3, scheduler, [a, c]), ...times(3, scheduler, [a, b, c])], [
      "a",
      "c",
      "a",
      "c",
      "a",
      "b",
      "c"
    ])
  })
})

const Weights = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))).check(Schema.isMinLength(2), Schema.isMaxLength(6))

describe("weighted", () => {
  it("spreads them evenly", () => {
    assert.strictEqual(times(7, SmoothWeighted.make(), [{ ...a, weight: 5 }, b, c]).join(""), "aabacaa")
    assert.strictEqual(times(6, SmoothWeighted.make(), [a, b, c]).join(""), "abcabc")
  })

  it.effect.prop("gives each its share within 5 % of the picks, and exactly over a whole round", [Weights], ([weights]) =>
    Effect.sync(() => {
      const candidates = weights.map((weight, at) => candidate(`k${at}`, { weight }))
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      const scheduler = SmoothWeighted.make()
      const round = times(total, scheduler, candidates)
      weights.forEach((weight, at) => assert.strictEqual(round.filter((id) => id === `k${at}`).length, weight))
      const more = times(500, scheduler, candidates)
      weights.forEach((weight, at) => assert.closeTo(more.filter((id) => id === `k${at}`).length / 500, weight / total, 0.05))
    }), { arbitrary: { seed: 7, runs: 60, size: 20 } })

  it("keeps the shares of those that stay where one is away for a while", () => {
    const scheduler = SmoothWeighted.make()
    const heavy = { ...a, weight: 2 }
    times(10, scheduler, [heavy, b, c])
    const without = times(300, scheduler, [heavy, b])
    assert.closeTo(without.filter((id) => id === "a").length / 300, 2 / 3, 0.02)
    const again = times(400, scheduler, [heavy, b, c])
    assert.closeTo(again.filter((id) => id === "c").length / 400, 1 / 4, 0.02)
  })
})

describe("fill-first", () => {
  it("takes the same one until it is away", () => {
    const scheduler = FillFirst.make()
    assert.deepStrictEqual([...times(3, scheduler, [c, a, b]), ...times(2, scheduler, [c, b])], ["a", "a", "a", "b", "b"])
  })
})

describe("least-busy", () => {
  it("takes the one with the least under way for its weight", () => {
    const scheduler = LeastBusy.make()
    assert.deepStrictEqual(times(2, scheduler, [{ ...a, inFlight: 3 }, { ...b, inFlight: 1 }, { ...c, inFlight: 2 }]), ["b", "b"])
    assert.deepStrictEqual(times(1, scheduler, [{ ...a, inFlight: 3, weight: 4 }, { ...b, inFlight: 1 }]), ["a"])
  })

  it("uses idle ones evenly", () => {
    const ids = times(3000, LeastBusy.make(), [a, b, c], { random: seededRandom(5) })
    for (const id of ["a", "b", "c"]) assert.closeTo(ids.filter((each) => each === id).length / 3000, 1 / 3, 0.05)
  })
})

describe("session-affinity", () => {
  const make = (bounds: Partial<SessionAffinity.Bounds> = {}) => {
    const bindings = SessionAffinity.bindings({ ...SessionAffinity.defaultBounds, ...bounds })
    return { bindings, scheduler: SessionAffinity.make(bindings, SmoothWeighted.make()) }
  }
  const of = (session: string | undefined, rest = {}) => ({ session: () => session, ...rest })

  it("keeps a conversation where it is, and others by weight", () => {
    const { scheduler } = make()
    const first = times(1, scheduler, [a, b], of("one"))[0]
    assert.deepStrictEqual(new Set(times(20, scheduler, [a, b], of("one"))), new Set([first]))
    const others = Array.from({ length: 300 }, (_, index) => times(1, scheduler, [a, b], of(`s${index}`))[0])
    assert.closeTo(others.filter((id) => id === "a").length / 300, 0.5, 0.05)
  })

  it("moves a conversation whose credential is away, and leaves it there when that one comes back", () => {
    const { scheduler } = make()
    assert.deepStrictEqual(times(1, scheduler, [a], of("one")), ["a"])
    assert.deepStrictEqual(times(2, scheduler, [b, c], of("one")).length, 2)
    const moved = times(1, scheduler, [b, c], of("one"))[0]
    assert.notStrictEqual(moved, "a")
    assert.deepStrictEqual(times(3, scheduler, [a, b, c], of("one")), [moved, moved, moved])
  })

  it("forgets a conversation an hour after its last request, and the oldest where there are too many", () => {
    const { bindings, scheduler } = make({ entries: 3 })
    const hour = 60 * 60 * 1000
    times(1, scheduler, [a], of("one", { now: 0 }))
    times(1, scheduler, [a, b], of("one", { now: hour - 1 }))
    assert.strictEqual(bindings.get(ProviderId.make("p"), "one", 2 * hour - 2), "a")
    assert.isUndefined(bindings.get(ProviderId.make("p"), "one", 4 * hour))
    for (const name of ["1", "2", "3", "4"]) times(1, scheduler, [a], of(name, { now: 5 * hour }))
    assert.strictEqual(bindings.size(), 3)
    assert.isUndefined(bindings.get(ProviderId.make("p"), "1", 5 * hour))
  })

  it("chooses by weight where nothing tells conversations apart", () => {
    assert.deepStrictEqual(new Set(times(4, make().scheduler, [a, b], of(undefined))), new Set(["a", "b"]))
  })
})

describe("a composed scheduler", () => {
  it("filters, then ranks, then picks among the best", () => {
    const scheduler = Scheduler.compose({
      id: "mine",
      filter: ({ attributes }) => attributes["region"] === "eu",
      rank: ({ inFlight }) => inFlight,
      pick: (best) => ({ pick: (best.at(-1) ?? a).id })
    })
    const eu = { attributes: { region: "eu" } }
    assert.strictEqual(
      picked(scheduler.pick([a, { ...b, ...eu, inFlight: 1 }, { ...c, ...eu, inFlight: 1 }, candidate("d", { ...eu, inFlight: 2 })], context())),
      "c"
    )
  })

  it("leaves the decision to others where nothing is left, and may name one of them", () => {
    const scheduler = Scheduler.compose({ id: "mine", filter: () => false })
    assert.strictEqual(scheduler.pick([a], context()), "not-handled")
    assert.deepStrictEqual(Scheduler.compose({ id: "mine", pick: () => ({ delegate: "least-busy" }) }).pick([a], context()), { delegate: "least-busy" })
  })
})
