/**
 * What becomes of requests that run while the gateway is replaced: each ends with the provider it began with, which stays open for it and
 * no longer; what comes afterwards knows only the new one.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import * as GatedUpstream from "./GatedUpstream.ts"
import { ask, type Events, eventually, parts, start, toProvider } from "./ReplaceableGateway.ts"

const silent = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.scoped(Effect.provide(effect, Logger.layer([])))

const running = Effect.fnUntraced(function*(onClientGone: "cancel" | "drain" = "cancel") {
  const events: Events = []
  const one = yield* GatedUpstream.start("one")
  const two = yield* GatedUpstream.start("two")
  const gateway = yield* start(parts("one", one.url, events), { models: toProvider("one", onClientGone) })
  const replace = gateway.generations.replace(parts("two", two.url, events), { models: toProvider("two") })
  return { ...gateway, events, one, two, replace }
})

describe("a request that runs while the gateway is replaced", () => {
  it.live("ends with the provider it began with, while new ones go to the new one", () =>
    Effect.gen(function*() {
      const { events, generations, ledger, one, replace, two, url } = yield* running()
      const before = yield* ask(url, true)
      assert.include(yield* before.begun, "one")
      yield* replace
      const after = yield* ask(url, false)
      assert.deepStrictEqual([after.status, after.provider], [200, "two"])
      assert.include(yield* after.text, "two")
      assert.deepStrictEqual(generations.status().map(({ exchanges, number }) => [number, exchanges]), [[1, 1], [2, 0]])
      assert.deepStrictEqual(events, ["+one", "+two"], "nothing is closed while a stream runs")
      yield* one.finish
      const text = yield* before.text
      assert.include(text, "data: [DONE]")
      assert.deepStrictEqual([before.status, before.provider], [200, "one"])
      yield* eventually(() => generations.status().length === 1)
      assert.deepStrictEqual(events, ["+one", "+two", "-one"])
      yield* eventually(() => one.connections() === 0)
      assert.deepStrictEqual([one.requests(), two.requests()], [1, 1])
      const entries = yield* ledger.query({ limit: 10 })
      assert.deepStrictEqual(entries.map(({ outcome, provider }) => [provider, outcome]), [["two", "Completed"], ["one", "Completed"]])
    }).pipe(silent))

  it.live("keeps its provider while its answer is read on after its client has left", () =>
    Effect.gen(function*() {
      const { events, generations, ledger, one, replace, url } = yield* running("drain")
      const left = yield* ask(url, true)
      yield* left.begun
      yield* replace
      yield* left.leave
      yield* eventually(() => generations.current().drains.active === 1)
      assert.deepStrictEqual(events, ["+one", "+two"])
      yield* one.finish
      yield* eventually(() => events.includes("-one"))
      const [entry] = yield* ledger.query({ limit: 1 })
      assert.deepStrictEqual([entry?.provider, entry?.outcome, entry?.provenance.input], ["one", "Completed", "reported"], "it was read to its end")
    }).pipe(silent))

  it.live("lets its provider go as soon as its client has left, where nothing is read on", () =>
    Effect.gen(function*() {
      const { events, one, replace, url } = yield* running()
      const left = yield* ask(url, true)
      yield* left.begun
      yield* replace
      yield* left.leave
      yield* eventually(() => events.includes("-one"))
      yield* eventually(() => one.connections() === 0)
    }).pipe(silent))
})

describe("the list of models", () => {
  it.live("is that of the generation that is served", () =>
    Effect.gen(function*() {
      const { generations, two, url } = yield* running()
      const listed = Effect.promise(async () => {
        const response = await fetch(`${url}/v1/models`, { headers: { authorization: "Bearer sk-test" } })
        return JSON.parse(await response.text()).data.map(({ id }: { readonly id: string }) => id)
      })
      assert.deepStrictEqual(yield* listed, ["chat"])
      yield* generations.replace(parts("two", two.url, []), { models: toProvider("two").map((entry) => ({ ...entry, id: "talk" })) })
      assert.deepStrictEqual(yield* listed, ["talk"])
    }).pipe(silent))
})
