/** What rests and what is left out, over all places of a gateway. */
import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import * as Credential from "../../src/Credential.ts"
import { ProviderId } from "../../src/ProviderId.ts"
import type * as Circuit from "../../src/scheduling/Circuit.ts"
import * as Health from "../../src/scheduling/Health.ts"

const provider = ProviderId.make("p")
const keyed = (id: string, secret = `secret-of-${id}`): Credential.Credential => Credential.key({ id, provider, key: Redacted.make(secret) })
const place = (id = "k1", model = "m", rest: Partial<Health.Place> = {}): Health.Place => ({ provider, model, credential: keyed(id), ...rest })
const resting = (restMs: number): Circuit.Opening => ({ threshold: 1, restMs: () => restMs })
const at = (begunAt: number, probes?: ReadonlyArray<string>): Health.Report => ({ begunAt, probes })
const tagOf = (health: Health.Health, of: Health.Place, now: number) => health.standing(of, now)._tag

describe("the places of a gateway", () => {
  it("are all ready while nothing has failed", () => {
    const health = Health.make()
    assert.isTrue(health.isClear())
    assert.strictEqual(tagOf(health, place(), 0), "Ready")
    assert.isUndefined(health.admit(place(), 0))
  })

  it("rest as far as the failure goes: with a model, with all of them, or the whole provider", () => {
    const health = Health.make()
    health.failed(place("k1"), "model", "rate-limited", resting(100), at(0), 0)
    assert.deepStrictEqual([place("k1"), place("k1", "n"), place("k2")].map((each) => tagOf(health, each, 50)), ["Resting", "Ready", "Ready"])
    health.failed(place("k1"), "credential", "quota-exhausted", resting(200), at(0), 0)
    assert.deepStrictEqual([place("k1"), place("k1", "n"), place("k2")].map((each) => tagOf(health, each, 150)), ["Resting", "Resting", "Ready"])
    health.failed(place("k1"), "provider", "unknown", resting(300), at(0), 0)
    assert.deepStrictEqual([place("k1"), place("k2", "n")].map((each) => tagOf(health, each, 250)), ["Resting", "Resting"])
    assert.strictEqual(tagOf(health, place("k1", "m", { provider: ProviderId.make("q") }), 250), "Ready")
  })

  it("rest until the last of their rests is over, and are then due", () => {
    const health = Health.make()
    health.failed(place(), "model", "rate-limited", resting(100), at(0), 0)
    health.failed(place(), "credential", "provider-auth", resting(300), at(0), 0)
    assert.deepInclude(health.standing(place(), 150), { _tag: "Resting", until: 300, class: "provider-auth" })
    assert.strictEqual(tagOf(health, place(), 300), "Due")
    const probes = health.admit(place(), 300)
    assert.strictEqual(probes?.length, 2)
    assert.deepInclude(health.standing(place(), 301), { _tag: "Resting", isProbed: true })
    health.answered(place(), at(300, probes))
    assert.isTrue(health.isClear())
  })

  it("that failed too often are left out, which an answer that begins does not end, and one that ends does", () => {
    const health = Health.make()
    const breaker: Circuit.Opening = { threshold: 3, restMs: () => 100 }
    for (let failure = 0; failure < 3; failure++) health.failed(place(), "target", "transient", breaker, at(failure), failure)
    assert.strictEqual(tagOf(health, place(), 50), "LeftOut")
    const probes = health.admit(place(), 102)
    health.answered(place(), at(102, probes))
    assert.strictEqual(tagOf(health, place(), 103), "LeftOut")
    health.succeeded(place(), at(102, probes))
    assert.isTrue(health.isClear())
  })

  it("that were refused are not, once their secret is another one", () => {
    const health = Health.make()
    health.failed(place(), "credential", "provider-auth", resting(1_000), at(0), 0)
    assert.strictEqual(tagOf(health, place("k1", "m", { credential: keyed("k1", "renewed") }), 10), "Ready")
    assert.isTrue(health.isClear())
  })

  it("that were refused stay so in a flood of names, which is bounded", () => {
    const health = Health.make()
    health.failed(place(), "credential", "provider-auth", resting(1_000_000), at(0), 0)
    for (let name = 0; name < 10_000; name++) health.failed(place("k1", `nonsense-${name}`), "model", "model-not-found", resting(1_000), at(0), 0)
    assert.strictEqual(tagOf(health, place("k1", "other"), 10), "Resting")
    assert.isAtMost(health.status(10).length, 4096)
  })

  it("are shown without secrets, and forgotten as far as an operator means it", () => {
    const health = Health.make()
    health.failed(place("k1"), "credential", "provider-auth", resting(1_000), at(0), 0)
    health.failed(place("k2"), "model", "rate-limited", resting(1_000), at(0), 0)
    health.failed(place("k2"), "target", "transient", { threshold: 5, restMs: () => 1 }, at(0), 0)
    assert.notInclude(JSON.stringify(health.status(400)), "secret")
    assert.deepStrictEqual(health.status(400)[0], {
      provider,
      credential: Credential.CredentialId.make("k1"),
      kind: "cooldown",
      state: "resting",
      class: "provider-auth",
      remainingMs: 600,
      failures: 0,
      openings: 1
    })
    assert.deepStrictEqual(health.status(400).map(({ kind, state }) => `${kind} ${state}`), ["cooldown resting", "cooldown resting", "breaker counting"])
    assert.deepStrictEqual([health.reset({ credential: "k9" }), health.reset({ credential: "k2" }), health.reset({ model: "m" }), health.reset({})], [
      0,
      1,
      1,
      1
    ])
  })
})
