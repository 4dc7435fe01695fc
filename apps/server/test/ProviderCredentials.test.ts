import { assert, it } from "@effect/vitest"
import { Credentials } from "@sluice/gateway/credentials/Credentials"
import { ConfigProvider, Effect, Layer, Redacted, Result, type Scope } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Config, parse } from "../src/Config.ts"
import * as ProviderCredentials from "../src/ProviderCredentials.ts"
import { folder } from "./commands/Sluice.ts"

const config = (credentials: string): Config =>
  Result.getOrThrow(parse(
    `
ledger: { url: "sqlite::memory:" }
providers:
  - { id: vendor, dialect: openai-chat, baseUrl: "https://vendor.example", credentials: [${credentials}] }
  - { id: bare, dialect: openai-chat, baseUrl: "https://bare.example" }
  - { id: sim, dialect: openai-chat, simulator: true }
models: [{ id: "*", targets: [{ provider: vendor }] }]
`,
    {}
  ))

const providerOf = (of: Config, name: string) => of.providers.find(({ id }) => id === name)!

const environment = ConfigProvider.layer(ConfigProvider.fromEnvRecord({ VENDOR_KEY: "from-env" }))

const run = <A, E>(of: Config, effect: Effect.Effect<A, E, Credentials | ProviderCredentials.ProviderCredentials | Scope.Scope>) =>
  Effect.provide(
    Effect.scoped(effect),
    ProviderCredentials.configure(of).pipe(Layer.provideMerge(ProviderCredentials.layer(of)), Layer.provideMerge(environment))
  )

const sent = (credentials: Credentials["Service"], provider: string) =>
  credentials.current(provider).map((each) => [each.id, Redacted.value(each.secret() ?? Redacted.make("-")), each.priority, each.weight])

it.live("keys come from the file, a variable and another file, each with its place", () =>
  Effect.gen(function*() {
    const file = join(yield* folder(), "key")
    writeFileSync(file, "from-file\n")
    const of = config(`{ id: a, apiKey: told }, { id: b, env: VENDOR_KEY, weight: 3 }, { id: c, file: "${file}", priority: 7, models: [m] }`)
    yield* run(
      of,
      Effect.gen(function*() {
        const credentials = yield* Credentials
        assert.deepStrictEqual(sent(credentials, "vendor"), [["a", "told", 0, 1], ["b", "from-env", 0, 3], ["c", "from-file", 7, 1]])
        assert.deepInclude(credentials.current("vendor")[2], { models: ["m"] })
      })
    )
  }).pipe(Effect.scoped))

it.live("each of two configurations has its own while both are in use, and a credential of both is what the later one says", () => {
  const first = config("{ id: a, apiKey: one }, { id: b, apiKey: two }")
  const second = config("{ id: b, apiKey: changed }, { id: c, apiKey: three }")
  return run(
    first,
    Effect.gen(function*() {
      const credentials = yield* Credentials
      const { configure, poolOf } = yield* ProviderCredentials.ProviderCredentials
      const idsOf = (of: Config) => poolOf(providerOf(of, "vendor")).current().map(({ id }) => String(id)).toSorted()
      yield* Effect.scoped(Effect.gen(function*() {
        yield* configure(second)
        assert.deepStrictEqual([idsOf(first), idsOf(second)], [["a", "b"], ["b", "c"]])
        assert.deepInclude(sent(credentials, "vendor"), ["b", "changed", 0, 1])
      }))
      assert.deepStrictEqual(sent(credentials, "vendor").map(([id, secret]) => [id, secret]), [["a", "one"], ["b", "two"]])
    })
  )
})

it.live("a provider without credentials is asked without a key, until one is stored", () => {
  const of = config("{ id: a, apiKey: told }")
  return run(
    of,
    Effect.gen(function*() {
      const credentials = yield* Credentials
      const { poolOf } = yield* ProviderCredentials.ProviderCredentials
      const pool = poolOf(providerOf(of, "bare"))
      assert.deepStrictEqual(pool.current().map(({ kind }) => kind), ["none"])
      assert.strictEqual(pool.current(), pool.current())
      yield* credentials.importFile({ provider: "bare", id: "stored", text: "{ \"api_key\": \"k\" }" })
      assert.deepStrictEqual(pool.current().map(({ id, kind }) => [String(id), kind]), [["stored", "key"]])
      yield* credentials.remove({ provider: "bare", id: "stored" })
      assert.deepStrictEqual(pool.current().map(({ kind }) => kind), ["none"])
    })
  )
})
