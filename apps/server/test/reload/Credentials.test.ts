import { assert, describe, it } from "@effect/vitest"
import * as Credential from "@sluice/gateway/Credential"
import { Context, Effect, Exit, Layer, Logger, Result, Scope } from "effect"
import { type Config, parse } from "../../src/Config.ts"
import * as ProviderCredentials from "../../src/ProviderCredentials.ts"

/** A configuration of these providers, each with its keys by id. */
const configured = (providers: { readonly [id: string]: { readonly [id: string]: string } }): Config => {
  const file = {
    auth: { mode: "open" },
    ledger: { url: "sqlite::memory:" },
    providers: Object.entries(providers).map(([id, keys]) => ({
      id,
      dialect: "openai-chat",
      baseUrl: "https://up.example/v1",
      credentials: Object.entries(keys).map(([name, apiKey]) => ({ id: name, apiKey }))
    })),
    models: [{ id: "*", targets: [{ provider: Object.keys(providers)[0] }] }]
  }
  return Result.getOrThrow(parse(JSON.stringify(file), {}))
}

const first = configured({ one: { main: "sk-one" }, both: { kept: "sk-kept", old: "sk-old", changed: "sk-before" } })
const second = configured({ two: { main: "sk-two" }, both: { kept: "sk-kept", new: "sk-new", changed: "sk-after" } })

/** Configurations that are served in turn, over the same pools. */
const served = Effect.gen(function*() {
  const { configure, poolOf } = Context.get(yield* Layer.build(ProviderCredentials.layer(first)), ProviderCredentials.ProviderCredentials)
  const keysOf = (config: Config) => {
    const pools = config.providers.map((provider) => [provider.id, poolOf(provider)] as const)
    return () => Object.fromEntries(pools.map(([id, { current }]) => [id, current().map((each) => `${each.id} ${Credential.secretOf(each) ?? "-"}`)]))
  }
  /** Serves one, and gives what its executors are asked with, and its end. */
  const serve = Effect.fnUntraced(function*(config: Config) {
    const scope = yield* Scope.make()
    yield* Effect.provideService(configure(config), Scope.Scope, scope)
    return [keysOf(config), Scope.close(scope, Exit.void)] as const
  })
  return { serve }
})

const silent = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.scoped(Effect.provide(effect, Logger.layer([])))

describe("credentials while one configuration takes the place of another", () => {
  it.effect("are those of its own for each of them, and none is missing", () =>
    Effect.gen(function*() {
      const { serve } = yield* served
      const [before, endBefore] = yield* serve(first)
      assert.deepStrictEqual(before(), { one: ["main sk-one"], both: ["kept sk-kept", "old sk-old", "changed sk-before"] })
      const [after] = yield* serve(second)
      assert.deepStrictEqual(before()["one"], ["main sk-one"], "requests that run still have what they began with")
      assert.sameMembers(before()["both"] ?? [], ["kept sk-kept", "old sk-old", "changed sk-after"])
      assert.deepStrictEqual(
        after(),
        { two: ["main sk-two"], both: ["kept sk-kept", "new sk-new", "changed sk-after"] },
        "a key that was taken away is not used"
      )
      yield* endBefore
      assert.deepStrictEqual(after(), { two: ["main sk-two"], both: ["kept sk-kept", "new sk-new", "changed sk-after"] })
      assert.deepStrictEqual(before()["one"], [], "nobody is asked with them any more")
    }).pipe(silent))

  it.effect("are what they were where the new one cannot be served after all", () =>
    Effect.gen(function*() {
      const { serve } = yield* served
      const [before] = yield* serve(first)
      const [, giveUp] = yield* serve(second)
      yield* giveUp
      assert.deepStrictEqual(before(), { one: ["main sk-one"], both: ["kept sk-kept", "old sk-old", "changed sk-before"] })
    }).pipe(silent))
})
