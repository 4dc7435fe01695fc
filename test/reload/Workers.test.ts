/**
 * The configuration of a server of several processes: read once and served by all of them or by none, whoever is asked to read it; one
 * that is started later serves what the others serve.
 */
import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem } from "effect"
import { join } from "node:path"
import * as ServerProcess from "../end-to-end/ServerProcess.ts"
import { ask, chat, eventually, range, when, workersOf } from "../end-to-end/SeveralWorkers.ts"
import * as GatedUpstream from "./GatedUpstream.ts"

const workers = 3

const configuration = (database: string, url: string, model: string, more = "") => `
server: { workers: ${workers}, lameDuck: 0 seconds, watch: false }
auth: { mode: keys, adminToken: operator }
ledger: { url: "sqlite:${database}" }
log: { format: logfmt }
providers:
  - { id: up, dialect: openai-chat, baseUrl: "${url}" }
models:
  - { id: ${model}, targets: [{ provider: up }] }
keys:
  - { id: k, key: sk-k }
${more}`

it.live("all workers serve what was read once, or none of them; one that is started later serves the same", () =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const folder = yield* files.makeTempDirectoryScoped()
    const file = join(folder, "sluice.yaml")
    const upstream = yield* GatedUpstream.start("up")
    const write = (model: string, more?: string) => files.writeFileString(file, configuration(join(folder, "ledger.db"), upstream.url, model, more))
    yield* write("before")
    const server = yield* ServerProcess.start(file)

    /** Waits for a line of the metrics, or of the log. */
    const told = (wanted: RegExp) =>
      eventually(Effect.flatMap(ask(server.url, "/metrics", "operator"), ({ text }) => when(wanted.test(text) || wanted.test(server.output()))))
    /** What a model is answered with, on connections enough to come to all workers. */
    const statusesOf = (model: string) =>
      Effect.map(
        Effect.forEach(range(30), () => ask(server.url, "/v1/chat/completions", "sk-k", chat(model, false)), { concurrency: 10 }),
        (replies) => [...new Set(replies.map(({ status }) => status))]
      )

    assert.deepStrictEqual(yield* statusesOf("before"), [200])
    yield* write("after")
    yield* server.signal("SIGHUP")
    yield* told(/^sluice_config_reload_total\{result="applied"\} 1$/m)
    assert.deepStrictEqual(yield* statusesOf("after"), [200])
    assert.deepStrictEqual(yield* statusesOf("before"), [404])

    // What cannot be used is refused before any worker hears of it; what only shows when it is built is tried by one, and by no other
    yield* write("broken", "nothing: 1")
    yield* server.signal("SIGHUP")
    yield* told(/^sluice_config_reload_total\{result="failed"\} 1$/m)
    yield* write("unbuildable", "auth: { mode: keys, adminToken: operator, keySecret: short }").pipe(
      Effect.andThen(files.readFileString(file)),
      Effect.flatMap((text) => files.writeFileString(file, text.replace("auth: { mode: keys, adminToken: operator }\n", "")))
    )
    yield* server.signal("SIGHUP")
    yield* told(/^sluice_config_reload_total\{result="failed"\} 2$/m)
    yield* told(/auth\.keySecret is shorter/)
    assert.deepStrictEqual(yield* statusesOf("after"), [200])

    // The file is of no use now; who is started again serves what was served
    const [victim = 0] = yield* workersOf(server.pid)
    process.kill(victim, "SIGKILL")
    yield* told(/worker \d serves again/)
    assert.deepStrictEqual(yield* statusesOf("after"), [200])

    // A stream that runs meanwhile ends as it began
    let isBegun = false
    const stream = yield* Effect.forkChild(ask(server.url, "/v1/chat/completions", "sk-k", chat("after", true), () => {
      isBegun = true
    }))
    yield* eventually(Effect.suspend(() => when(isBegun && upstream.waiting() === 1)))
    yield* write("last")
    yield* server.signal("SIGHUP")
    yield* told(/^sluice_config_reload_total\{result="applied"\} 2$/m)
    assert.deepStrictEqual(yield* statusesOf("after"), [404])
    // Any worker can say how all of them stand; the one that was started again counts its own generations
    yield* eventually(Effect.flatMap(ask(server.url, "/admin/reload", "operator"), ({ text }) => {
      const { last, workers: all } = JSON.parse(text)
      return when(
        last.outcome.ok === true &&
          JSON.stringify(all.map((each: object) => Object.keys(each))) === JSON.stringify(range(workers).map(() => ["worker", "generation"]))
      )
    }))
    yield* upstream.finish
    const { status, text } = yield* Fiber.join(stream)
    assert.strictEqual(status, 200)
    assert.include(text, "data: [DONE]")
    assert.strictEqual(new Set((yield* Effect.forEach(range(30), () => ask(server.url, "/health/ready", ""))).map((reply) => reply.text)).size, workers)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)), 300_000)
