/** What the operator sees and does through the groups of the management API, on one running server. */
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Schedule } from "effect"
import { plain, start, type Surface, userKey } from "./Surface.ts"

class Running extends Context.Service<Running, Surface>()("test/Running") {}

const config = plain
  .replace("simulator: true", "simulator: true\n    timeouts: { idle: 30 seconds }")
  .replace(
    "models:\n",
    "  - { id: far, dialect: openai-chat, baseUrl: \"https://far.example/v1\", credentials: [{ id: main, apiKey: far-canary-99 }] }\nmodels:\n"
  )
  .replace("sluice.db\"", "sluice.db\"\n  bodies: digest")
  .replace("keys: [{ id: user,", "keys: [{ id: user, team: research, limits: { requestsPerMinute: 9 }, budget: { usd: \"5\", period: day },")
  .replace(/$/, "teams: [{ id: research, tenant: acme, limits: { tokensPerMinute: 100000 } }]\ntenants: [{ id: acme }]\n")
  .replace("model: sim-text }]", "model: sim-text, price: { input: 1, output: 2 } }]")

/** A client's request. */
const chat = (url: string, key: string, model = "fast") =>
  Effect.promise(async () => {
    const reply = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] })
    })
    await reply.text()
    return reply.status
  })

/** Waits until the ledger says that everything has ended. */
const settled = (count: number) =>
  Effect.gen(function*() {
    const { ask } = yield* Running
    const { exchanges } = (yield* ask("/admin/exchanges")).json
    return exchanges.length >= count && exchanges.every(({ status }: { readonly status: string }) => status !== "open")
      ? exchanges
      : yield* Effect.fail("pending" as const)
  }).pipe(Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 500 }))

layer(Layer.effect(Running, start({ config })), { excludeTestServices: true })("the operator of a running server", (it) => {
  it.effect("makes a key that is shown once, works at once, and is refused when it was revoked", () =>
    Effect.gen(function*() {
      const { ask, said, url } = yield* Running
      const made = yield* ask("/admin/keys", {
        body: { name: "ci", team: "research", models: ["fast"], expires: "90 days", budget: { usd: "1.50", period: "week" } }
      })
      assert.strictEqual(made.status, 201, made.text)
      const { id, secret, ...rest } = made.json
      assert.match(secret, new RegExp(`^sk-sluice-${id}-`))
      assert.deepStrictEqual([rest.name, rest.status, rest.tenant, rest.team, rest.limits.budgets], ["ci", "active", "acme", "research", [{
        usd: "1.5",
        period: "week"
      }]])
      assert.strictEqual(yield* chat(url, secret), 200)
      assert.strictEqual(yield* chat(url, secret, "other"), 403)
      const listed = yield* ask("/admin/keys")
      assert.deepStrictEqual(listed.json.stored.map((key: { readonly id: string }) => key.id), [id])
      assert.deepStrictEqual(listed.json.configured.map((key: { readonly id: string }) => key.id), ["user"])
      assert.strictEqual((yield* ask(`/admin/keys/${id}`, { method: "DELETE" })).json.status, "revoked")
      assert.strictEqual((yield* ask("/admin/keys/nobody", { method: "DELETE" })).status, 404)
      for (const text of [listed.text, said()]) assert.notInclude(text, secret.split("-").slice(3).join("-"))
      yield* settled(2)
    }))

  it.effect("is told what is wrong with a key that is asked for", () =>
    Effect.gen(function*() {
      const { ask } = yield* Running
      const stranger = yield* ask("/admin/keys", { body: { name: "x", team: "nobody" } })
      assert.deepStrictEqual([stranger.status, stranger.json.detail], [422, "team: no team of the configuration has the id \"nobody\""])
      const wrong = yield* ask("/admin/keys", { body: { name: "", expires: "soon", priorty: "batch", concurrency: 0 } })
      assert.deepStrictEqual([wrong.status, wrong.headers.get("content-type")], [400, "application/problem+json"])
      assert.deepStrictEqual(wrong.json.errors.map(({ path }: { readonly path: ReadonlyArray<string> }) => path.join(".")).toSorted(), [
        "payload.concurrency",
        "payload.expires",
        "payload.name",
        "payload.priorty"
      ])
    }))

  it.effect("reads the record by pages that do not shift, by filters, and one exchange in full", () =>
    Effect.gen(function*() {
      const { ask, url } = yield* Running
      for (let n = 0; n < 3; n++) yield* chat(url, userKey)
      yield* settled(5)
      const ids: Array<string> = []
      let next: string | undefined
      do {
        const page = (yield* ask(`/admin/exchanges?principal=user&limit=2${next === undefined ? "" : `&before=${next}`}`)).json
        assert.isAtMost(page.exchanges.length, 2)
        ids.push(...page.exchanges.map(({ id }: { readonly id: string }) => id))
        next = page.next
        // What comes meanwhile is newer than every page that follows
        if (ids.length === 2) yield* chat(url, userKey)
      } while (next !== undefined)
      assert.strictEqual(new Set(ids).size, 3)
      assert.deepStrictEqual(ids, ids.toSorted().toReversed())
      const { exchange, attempts, link } = (yield* ask(`/admin/exchanges/${ids[0]}`)).json
      assert.deepStrictEqual([exchange.principal, exchange.team, exchange.model, attempts[0].provider, attempts[0].credential, typeof link.hash], [
        "user",
        "research",
        "fast",
        "sim",
        "key-1",
        "string"
      ])
      const kept = (yield* ask(`/admin/exchanges/${ids[0]}/bodies`)).json
      assert.deepStrictEqual([kept.policy, kept.request.text, kept.request.sha256.length], ["digest", undefined, 64])
      assert.strictEqual((yield* ask("/admin/exchanges/01ARZ3NDEKTSV4RRFFQ69G5FAV/bodies")).status, 404)
      assert.strictEqual((yield* ask("/admin/exchanges?status=denied")).json.exchanges.length, 1)
      assert.deepStrictEqual((yield* ask("/admin/exchanges?from=2999-01-01")).json, { exchanges: [] })
      assert.strictEqual((yield* ask("/admin/exchanges/01ARZ3NDEKTSV4RRFFQ69G5FAV")).status, 404)
      for (const query of ["limit=0", "limit=1001", "from=yesterday", "status=lost", "before=x", "nonsense=1"]) {
        assert.strictEqual((yield* ask(`/admin/exchanges?${query}`)).status, 400, query)
      }
    }))

  it.effect("sees what was used, what was spent and how full the limits are", () =>
    Effect.gen(function*() {
      const { ask, url } = yield* Running
      yield* chat(url, userKey)
      yield* settled(1)
      const spent = (yield* ask("/admin/usage/key/user")).json
      assert.isAbove(spent.requests, 0)
      assert.isAbove(spent.tokens, 0)
      const used = yield* ask("/admin/usage?by=principal").pipe(
        Effect.flatMap(({ json }) =>
          json.points.some((point: { readonly of: string }) => point.of === "user") ? Effect.succeed(json.points) : Effect.fail("pending")
        ),
        Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 400 })
      )
      assert.isAbove(used.find((point: { readonly of: string }) => point.of === "user").requests, 0)
      const { levels } = (yield* ask("/admin/limits/key/user")).json
      assert.deepStrictEqual(
        levels.map(({ account, kind, limit }: { readonly account: { readonly kind: string }; readonly kind: string; readonly limit: string }) => [
          account.kind,
          kind,
          limit
        ]),
        [["key", "requests", "9"], ["key", "budget", "5"], ["team", "tokens", "100000"]]
      )
      const again = (yield* ask("/admin/limits/key/user")).json.levels
      assert.deepStrictEqual(again, levels)
      assert.strictEqual(Number(levels[0].used), spent.requests)
      assert.strictEqual((yield* ask("/admin/limits/team/research")).json.levels.length, 1)
      assert.strictEqual((yield* ask("/admin/limits/team/nobody")).status, 404)
    }))

  it.effect("asks where a name leads and what would become of a request, and nothing is sent", () =>
    Effect.gen(function*() {
      const { ask } = yield* Running
      const { models } = (yield* ask("/admin/models")).json
      assert.deepStrictEqual(models.map(({ id, origin }: { readonly id: string; readonly origin: string }) => [id, origin]), [["fast", "configured"], [
        "*",
        "configured"
      ]])
      assert.deepStrictEqual((yield* ask("/admin/models/resolve?model=anything")).json, {
        model: "anything",
        entry: "*",
        star: "anything",
        candidates: [{ provider: "sim", model: "anything", entry: "*" }]
      })
      const before = (yield* ask("/admin/exchanges")).json.exchanges.length
      const explained =
        (yield* ask("/admin/explain", { body: { from: "openai-chat", request: { model: "fast", messages: [{ role: "user", content: "Hi" }] } } })).json
      assert.deepStrictEqual([explained.route.id, explained.targets[0].body.model], ["fast", "sim-text"])
      assert.strictEqual((yield* ask("/admin/exchanges")).json.exchanges.length, before)
    }))

  it.effect("sees what is installed and which configurations are served", () =>
    Effect.gen(function*() {
      const { ask } = yield* Running
      const installed = (yield* ask("/admin/extensions")).json
      assert.deepStrictEqual(Object.keys(installed), ["hooks", "fuses", "contributions"])
      assert.strictEqual((yield* ask("/admin/fuses/interceptor:nobody/reset", { method: "POST" })).status, 404)
      const { generations } = (yield* ask("/admin/generations")).json
      assert.deepStrictEqual([generations.length, generations[0].number], [1, 1])
    }))

  it.effect("takes a provider out and lets it back in", () =>
    Effect.gen(function*() {
      const { ask, url } = yield* Running
      const [sim] = (yield* ask("/admin/providers")).json.providers
      assert.deepStrictEqual([sim.id, sim.dialect, sim.simulator, sim.isDrained, sim.timeouts.idleMs], ["sim", "openai-chat", true, false, 30_000])
      assert.strictEqual((yield* ask("/admin/providers/sim/drain", { method: "POST" })).json.isDrained, true)
      assert.strictEqual(yield* chat(url, userKey), 503)
      assert.strictEqual((yield* ask("/admin/providers/sim/undrain", { method: "POST" })).json.isDrained, false)
      assert.strictEqual(yield* chat(url, userKey), 200)
      assert.strictEqual((yield* ask("/admin/providers/nobody/drain", { method: "POST" })).status, 404)
    }))

  it.effect("sees what rests, and ends it", () =>
    Effect.gen(function*() {
      const { ask } = yield* Running
      const { circuits, retries } = (yield* ask("/admin/cooldowns")).json
      assert.isArray(circuits)
      assert.isAtLeast(retries.allowed, 0)
      assert.deepStrictEqual((yield* ask("/admin/cooldowns/reset", { body: { provider: "nobody" } })).json, { reset: 0 })
      assert.strictEqual((yield* ask("/admin/cooldowns/reset", { body: { provder: "sim" } })).status, 400)
    }))

  it.effect("sees the credentials, and is told which cannot be refreshed or logged into", () =>
    Effect.gen(function*() {
      const { ask } = yield* Running
      const { credentials } = (yield* ask("/admin/credentials")).json
      assert.deepStrictEqual(credentials.map(({ id, provider, source, state }: { readonly [key: string]: string }) => [provider, id, source, state]), [[
        "far",
        "main",
        "key",
        "ok"
      ]])
      assert.strictEqual((yield* ask("/admin/credentials/far/nobody/refresh", { method: "POST" })).status, 404)
      assert.strictEqual((yield* ask("/admin/credentials/far/main", { method: "DELETE" })).status, 404)
      const login = yield* ask("/admin/logins", { body: { provider: "far", id: "main" } })
      assert.deepStrictEqual([login.status, login.headers.get("content-type")], [409, "application/problem+json"])
      assert.strictEqual((yield* ask("/admin/logins/poll", { body: { state: "made-up" } })).status, 409)
      // The browser's page asks for no token, and knows no login of this name
      const page = yield* ask("/oauth/callback?state=made-up&code=made-up", { token: null })
      assert.deepStrictEqual([page.status, page.headers.get("content-type")], [400, "text/html; charset=utf-8"])
      assert.notInclude(page.text, "made-up")
    }))
})
