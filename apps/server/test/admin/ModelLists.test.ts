/** A running server that reads the list of a provider: what clients can ask, what the operator sees, and what a reload keeps. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { plain, start, userKey } from "./Surface.ts"

const config = plain.replace("    simulator: true\n", "    simulator: true\n    prefix: acme\n    discovery: { included: [SIM-TEXT, sim-tools] }\n").replace(
  "  - { id: \"*\", targets: [{ provider: sim }] }\n",
  "aliases: [{ alias: words, model: acme/sim-text, forced: true }]\n"
)

const chat = (url: string, model: string) =>
  Effect.promise(async () => {
    const reply = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${userKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] })
    })
    const body: { readonly model?: string } = JSON.parse(await reply.text())
    return [reply.status, body.model] as const
  })

const names = (url: string) =>
  Effect.promise(async () => {
    const reply = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${userKey}` } })
    const { data }: { readonly data: ReadonlyArray<{ readonly id: string }> } = JSON.parse(await reply.text())
    return data.map(({ id }) => id)
  })

it.live("a provider's list is served, shown to the operator, read again when asked for, and kept over a reload", () =>
  Effect.gen(function*() {
    const { ask, url } = yield* start({ config })
    assert.deepStrictEqual(yield* names(url), ["fast", "acme/sim-text", "acme/sim-tools", "acme/fast", "words", "acme/words"])
    assert.deepStrictEqual(yield* chat(url, "acme/sim-text"), [200, "sim-text"])
    assert.deepStrictEqual(yield* chat(url, "words"), [200, "words"])
    assert.strictEqual((yield* chat(url, "acme/sim-error"))[0], 404)

    const { lists } = (yield* ask("/admin/models/lists")).json
    assert.strictEqual(lists.length, 1)
    assert.deepInclude(lists[0], { provider: "sim", failures: 0 })
    assert.isAbove(lists[0].models, 10)
    const explained =
      (yield* ask("/admin/explain", { body: { from: "openai-chat", request: { model: "words", messages: [{ role: "user", content: "Hi" }] } } })).json
    assert.deepInclude(explained.route, { id: "words", aliasOf: ["acme/sim-text"], forced: true })

    const again = (yield* ask("/admin/models/lists/refresh", { method: "POST" })).json.lists
    assert.isAtLeast(Date.parse(again[0].readAt), Date.parse(lists[0].readAt))
    assert.strictEqual((yield* ask("/admin/models/lists", { token: null })).status, 401)

    const etag = (yield* ask("/admin/config/text")).headers.get("etag") ?? ""
    const changed = yield* ask("/admin/config", {
      method: "PATCH",
      headers: { "if-match": etag },
      body: { changes: [{ path: ["models", "fast", "preCommit"], value: "2 seconds" }] }
    })
    assert.strictEqual(changed.status, 200, changed.text)
    assert.strictEqual((yield* ask("/admin/generations")).json.generations.at(-1).number, 2)
    assert.deepStrictEqual(yield* chat(url, "words"), [200, "words"])
  }).pipe(Effect.scoped))
