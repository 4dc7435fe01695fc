/**
 * More requests than there is room for: who is admitted, who waits, who is refused and how, and what the ledger and the metrics say of
 * it afterwards. Over real sockets; the load of the process is what the test says it is.
 */
import { assert, layer } from "@effect/vitest"
import * as Admission from "@sluice/gateway/Admission"
import { ProcessLoad } from "@sluice/gateway/admission/ProcessLoad"
import type { Principal } from "@sluice/gateway/Principal"
import { Effect, Fiber, Layer, Redacted, Schedule } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { connect } from "node:net"
import { gzipSync } from "node:zlib"
import * as RawClient from "./RawClient.ts"
import * as Rig from "./Rig.ts"

const load = { loopDelayMs: 0, heap: 0 }
const processLoad = Layer.succeed(ProcessLoad)({ measure: () => load })

const keyOf = (principal: Principal) => ({ key: Redacted.make(`sk-${principal.id}`), principal })

const rig = Rig.layer({
  admission: Admission.layer({ streams: 10, bytes: 1_000_000, waiting: 2, waitMs: 300 }, processLoad),
  keys: [keyOf({ id: "batch", priority: "batch" }), keyOf({ id: "flood", priority: "batch" })],
  settings: { bodyLimitBytes: 800_000 }
})

const stalled = (key: string, tag: string) =>
  request(key, { model: `openai/sim-stall;after=2;tag=${tag}`, stream: true, messages: [{ role: "user", content: "Hello" }] })

const request = (key: string, body: unknown) =>
  Effect.gen(function*() {
    const { url } = yield* Rig.Rig
    return yield* Effect.acquireRelease(RawClient.send(url, "/v1/chat/completions", body, key), (client) => client.leave("FIN"))
  })

/** Takes so many places and keeps them until the scope closes. */
const occupied = (count: number, key = "sk-test") =>
  Effect.forEach(
    Array.from({ length: count }, (_, at) => at),
    (at) => Effect.tap(stalled(key, `${at}`), ({ until }) => until((text) => text.includes("\ndata: "))),
    {
      concurrency: count
    }
  )

const ask = (path: string, body: unknown, key = "sk-test", init: RequestInit & { readonly duplex?: "half" } = {}) =>
  Effect.gen(function*() {
    const { url } = yield* Rig.Rig
    return yield* Effect.promise(async () => {
      const response = await fetch(`${url}${path}`, {
        method: "POST",
        body: JSON.stringify(body),
        ...init,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...init.headers }
      })
      return { status: response.status, headers: response.headers, text: await response.text() }
    })
  })

const hello = { model: "openai/sim-text", max_tokens: 50, messages: [{ role: "user", content: "Hello" }] }

/** Waits until the metrics say all of this. */
const shown = (...patterns: ReadonlyArray<RegExp>) =>
  PrometheusMetrics.format().pipe(
    Effect.flatMap((text) => patterns.every((pattern) => pattern.test(text)) ? Effect.void : Effect.fail("pending" as const)),
    Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 500 }),
    Effect.orDie
  )

const admitted = (priority: string, count: number) => new RegExp(`sluice_admitted\\{[^}]*priority="${priority}"[^}]*\\} ${count}\n`)

/** Waits until nothing is admitted any more. */
const empty = shown(admitted("interactive", 0), admitted("batch", 0))

/** Waits for this many rows of an outcome, newest first. */
const rowsOf = (outcome: string, count: number) =>
  Effect.gen(function*() {
    const { ledger } = yield* Rig.Rig
    const rows = yield* ledger.query({ limit: 1_000, outcome })
    return rows.length >= count ? rows : yield* Effect.fail("pending" as const)
  }).pipe(Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 500 }), Effect.orDie)

layer(rig, { excludeTestServices: true })("an overloaded gateway", (it) => {
  it.effect("refuses in the client's protocol, with a time to come back, and one row", () =>
    Effect.gen(function*() {
      yield* occupied(10)
      const chat = yield* ask("/v1/chat/completions", hello)
      assert.strictEqual(chat.status, 503)
      assert.strictEqual(JSON.parse(chat.text).error.code, "overloaded")
      assert.include([1, 2, 3], Number(chat.headers.get("retry-after")))
      const messages = yield* ask("/v1/messages", hello)
      assert.strictEqual(messages.status, 503)
      assert.strictEqual(JSON.parse(messages.text).type, "error")
      const rows = yield* rowsOf("Denied(overload)", 2)
      assert.strictEqual(rows.length, 2)
      assert.match(rows[0]?.error?.message ?? "", /as many requests as it can/)
      yield* shown(/sluice_refused_total\{(?=[^}]*priority="interactive")[^}]*reason="streams"[^}]*\} 2\n/)
    }).pipe(Effect.scoped, Effect.andThen(empty)))

  it.effect("answers before the body has been sent", () =>
    Effect.gen(function*() {
      const { url } = yield* Rig.Rig
      yield* occupied(10)
      const { hostname, port } = new URL(url)
      const answer = yield* Effect.callback<string>((resume) => {
        const socket = connect(Number(port), hostname, () => {
          socket.write(
            `POST /v1/chat/completions HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer sk-test\r\ncontent-type: application/json\r\ncontent-length: 700000\r\n\r\n`
          )
        })
        socket.once("data", (chunk) => {
          resume(Effect.succeed(chunk.toString()))
          socket.destroy()
        })
        socket.on("error", () => {})
      })
      assert.match(answer, /^HTTP\/1\.1 503 /)
    }).pipe(Effect.scoped, Effect.andThen(empty)))

  it.effect("lets the next one in when a place becomes free", () =>
    Effect.gen(function*() {
      const clients = yield* occupied(10)
      const waiting = yield* Effect.forkChild(ask("/v1/chat/completions", hello))
      yield* shown(/sluice_admission_waiting 1\n/)
      yield* Effect.forEach(clients.slice(0, 1), ({ leave }) => leave("RST"))
      assert.strictEqual((yield* Fiber.join(waiting)).status, 200)
    }).pipe(Effect.scoped, Effect.andThen(empty)))

  it.effect("keeps room for interactive requests while batches fill the rest", () =>
    Effect.gen(function*() {
      yield* occupied(8, "sk-batch")
      assert.strictEqual((yield* ask("/v1/chat/completions", hello, "sk-batch")).status, 503)
      assert.strictEqual((yield* ask("/v1/chat/completions", hello)).status, 200)
    }).pipe(Effect.scoped, Effect.andThen(empty)))

  it.effect("forgets a client that leaves while it waits", () =>
    Effect.gen(function*() {
      yield* occupied(10)
      const before = (yield* rowsOf("Cancelled(client)", 0)).length
      const client = yield* stalled("sk-test", "waits")
      yield* shown(/sluice_admission_waiting 1\n/)
      yield* client.leave("FIN")
      yield* shown(/sluice_admission_waiting 0\n/)
      const rows = yield* rowsOf("Cancelled(client)", before + 1)
      assert.strictEqual(rows.length, before + 1)
      assert.strictEqual(rows[0]?.attempts, 0)
    }).pipe(Effect.scoped, Effect.andThen(empty)))

  it.effect("bounds the bytes of bodies, stated or not, packed or not", () =>
    Effect.gen(function*() {
      const text = "x".repeat(700_000)
      const big = { ...hello, messages: [{ role: "user", content: text }] }
      yield* request("sk-test", { model: "openai/sim-stall;after=2", stream: true, messages: [{ role: "user", content: text }] }).pipe(
        Effect.tap(({ until }) => until((received) => received.includes("\ndata: ")))
      )
      yield* shown(/sluice_admission_bytes 70\d{4}\n/)
      assert.strictEqual((yield* ask("/v1/chat/completions", big)).status, 503)
      const chunked = yield* ask("/v1/chat/completions", undefined, "sk-test", { body: new Blob([JSON.stringify(big)]).stream(), duplex: "half" })
      assert.strictEqual(chunked.status, 503)
      const packed = yield* ask("/v1/chat/completions", undefined, "sk-test", {
        body: new Uint8Array(gzipSync(JSON.stringify(big))),
        headers: { "content-encoding": "gzip" }
      })
      assert.strictEqual(packed.status, 503)
      assert.strictEqual((yield* ask("/v1/chat/completions", hello)).status, 200)
      const { ledger } = yield* Rig.Rig
      const rows = yield* ledger.query({ limit: 3, outcome: "Denied(overload)" })
      for (const row of rows) assert.match(row.error?.message ?? "", /as many bytes/)
    }).pipe(Effect.scoped, Effect.andThen(empty), Effect.andThen(shown(/sluice_admission_bytes 0\n/))))

  it.effect("gives rows to the first refusals of a key, and one row to the others of the same second", () =>
    Effect.gen(function*() {
      yield* occupied(10)
      const flood = 150
      const replies = yield* Effect.forEach(Array.from({ length: flood }), () => ask("/v1/chat/completions", hello, "sk-flood"), { concurrency: 50 })
      assert.deepStrictEqual([...new Set(replies.map(({ status }) => status))], [503])
      const { ledger } = yield* Rig.Rig
      const told = Effect.gen(function*() {
        const rows = yield* ledger.query({ limit: 1_000, principal: "flood" })
        const counts = rows.map(({ error }) => Number(/stands for (\d+) requests/.exec(error?.message ?? "")?.[1] ?? 1))
        const sum = counts.reduce((all, one) => all + one, 0)
        return sum === flood ? rows.length : yield* Effect.fail("pending" as const)
      })
      const rows = yield* told.pipe(Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 500 }), Effect.orDie)
      assert.isBelow(rows, flood)
    }).pipe(Effect.scoped, Effect.andThen(empty)))

  it.effect("stops admitting when memory is short, keeps streaming, and ends the newest batch first when it must", () =>
    Effect.gen(function*() {
      const interactive = yield* stalled("sk-test", "kept")
      yield* interactive.until((text) => text.includes("\ndata: "))
      const batch = yield* stalled("sk-batch", "shed")
      yield* batch.until((text) => text.includes("\ndata: "))
      load.heap = 0.91
      yield* shown(/sluice_heap_used_ratio 0\.91\n/)
      assert.strictEqual((yield* ask("/v1/chat/completions", hello)).status, 503)
      load.heap = 0.96
      yield* batch.until((text) => /data: \{"error":.*short of memory/.test(text))
      load.heap = 0
      const [row] = yield* rowsOf("Cancelled(server)", 1)
      assert.deepInclude(row, { principal: "batch", error: { class: "cancelled", message: "overload" } })
      yield* shown(/sluice_heap_used_ratio 0\n/)
      assert.strictEqual((yield* ask("/v1/chat/completions", hello)).status, 200)
    }).pipe(Effect.scoped, Effect.andThen(empty)))
})
