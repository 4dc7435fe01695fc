import { assert, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { plain, start, userKey } from "./Surface.ts"

it.live("the operator sees how much the cache of answers holds, and empties it", () =>
  Effect.gen(function*() {
    const { ask } = yield* start({ config: `${plain}extensions: { cache: { ttl: 5 minutes } }\n` })
    const body = { model: "fast", messages: [{ role: "user", content: "Hello" }] }
    assert.strictEqual((yield* ask("/v1/chat/completions", { body, token: userKey })).status, 200)
    const held = yield* ask("/admin/cache").pipe(
      Effect.flatMap(({ json }) => json.entries === 1 ? Effect.succeed(json) : Effect.fail("pending")),
      Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 500 })
    )
    assert.deepStrictEqual([held.kind, held.entries, held.bytes > 0], ["memory", 1, true])
    assert.deepStrictEqual((yield* ask("/admin/cache/purge", { method: "POST" })).json, { purged: 1 })
    assert.strictEqual((yield* ask("/admin/cache")).json.entries, 0)
  }).pipe(Effect.scoped))
