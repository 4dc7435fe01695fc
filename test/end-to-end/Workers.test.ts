/**
 * One server of four processes, as its user runs it: one greeting, one port, one ledger, one page of metrics; a worker that is killed
 * takes only its own streams along and is replaced; a stop drains them all.
 */
import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Simulator } from "@sluice/testing/Simulator"
import { Effect, Fiber } from "effect"
import * as ServerProcess from "./ServerProcess.ts"
import { ask, chat, eventually, range, setUp, when, workersOf } from "./SeveralWorkers.ts"

const workers = 4
const streams = 40

/** So many exchanges were counted as completed. */
const completed = (count: number) => new RegExp(`^sluice_exchanges_total\\{outcome="Completed",inbound="openai-chat"\\} ${count}$`, "m")

it.live("four workers serve one port; one that is killed disturbs no other, and a stop drains them all", () =>
  Effect.gen(function*() {
    const { config, rows, simulator } = yield* setUp(workers)
    const server = yield* ServerProcess.start(config)
    assert.strictEqual(server.output().split("listening on").length, 2, "one greeting")
    const token = /token (\S+)/.exec(server.output())?.[1] ?? ""
    const before = yield* workersOf(server.pid)
    assert.strictEqual(before.length, workers)

    const health = yield* Effect.forEach(range(100), () => ask(server.url, "/health/ready", ""), { concurrency: 20 })
    const seen = new Map<number, number>()
    for (const { text } of health) seen.set(JSON.parse(text).worker, (seen.get(JSON.parse(text).worker) ?? 0) + 1)
    assert.deepStrictEqual([...seen.keys()].sort(), [1, 2, 3, 4], "all of them are given connections")
    assert.strictEqual((yield* ask(server.url, "/v1/chat/completions", "sk-k", chat("sim/x", false))).status, 200, "the simulated provider works")

    // What a worker counts it tells every second; what was asked for is told at once
    yield* eventually(Effect.flatMap(ask(server.url, "/metrics", token), ({ text }) => when(completed(1).test(text))))

    // One execution, whichever worker is asked: the answer is kept where all of them find it
    const named = yield* Effect.forEach(range(20), () => ask(server.url, "/v1/chat/completions", "sk-k", chat("sim-text;tag=once", false), undefined, "once"), {
      concurrency: 20
    })
    assert.strictEqual(new Set(named.map(({ status, text }) => `${status} ${text}`)).size, 1)
    assert.strictEqual((yield* simulator.log).filter(({ model }) => model.includes("once")).length, 1, "calls of the provider")

    // Counted in one place: two hundred at once, dealt to all workers, against a budget worth ten
    const limited = yield* Effect.forEach(range(200), () => ask(server.url, "/v1/chat/completions", "sk-ten", chat("sim-text", false)), { concurrency: 200 })
    assert.strictEqual(limited.filter(({ status }) => status === 200).length, 10, limited[0]?.text)
    assert.strictEqual(limited.filter(({ status }) => status === 429).length, 190)

    // What a worker that is killed has not yet told is not in the metrics: the victim tells what it completed before
    yield* eventually(Effect.flatMap(ask(server.url, "/metrics", token), ({ text }) => when(completed(12).test(text))))

    let heads = 0
    const open = yield* Effect.forEach(range(streams), (at) =>
      Effect.forkChild(
        ask(server.url, "/v1/chat/completions", "sk-k", chat(`sim-long;events=200;delay=40;tag=s${at}`, true), () => {
          heads++
        })
      ))
    yield* eventually(Effect.suspend(() => when(heads === streams)))
    const [victim = 0] = before
    process.kill(victim, "SIGKILL")
    yield* eventually(Effect.suspend(() => when(server.output().includes("ended by SIGKILL"))))
    const fresh = yield* Effect.forEach(range(streams), (at) => ask(server.url, "/v1/chat/completions", "sk-k", chat(`sim-text;tag=f${at}`, false)), {
      concurrency: 10
    })
    assert.deepStrictEqual(fresh.filter(({ status }) => status !== 200), [], "requests after the kill")

    const ended = yield* Effect.forEach(open, Fiber.join)
    const broken = ended.filter(({ error }) => error !== undefined).length
    assert.isBelow(broken, streams, "a kill takes only the streams of one worker")
    for (const { error, status, text } of ended) {
      if (error !== undefined) continue
      assert.strictEqual(status, 200, text)
      assert.strictEqual([...text.matchAll(/"content":"[^"]+"/g)].length, 200, "a stream of another worker is whole")
    }
    yield* eventually(Effect.flatMap(workersOf(server.pid), (now) => when(now.length === workers)))

    // The leader abandons what the dead one had open
    const settled = yield* eventually(
      Effect.flatMap(rows, (found) => found.every(({ status }) => status !== "open") ? Effect.succeed(found) : Effect.fail("pending" as const))
    )
    for (const model of [...range(streams).map((at) => `s${at}`), ...range(streams).map((at) => `f${at}`)]) {
      const own = settled.filter((row) => row.model?.endsWith(`;tag=${model}`))
      assert.strictEqual(own.length, 1, `rows of ${model}`)
    }
    assert.strictEqual(settled.length, 2 * streams + 1 + 20 + 200)
    assert.strictEqual(settled.filter(({ outcome }) => outcome === "Abandoned").length, broken)

    // A worker tells what it counted a moment later than the ledger has it
    const metrics = yield* eventually(
      Effect.flatMap(
        ask(server.url, "/metrics", token),
        (answer) => completed(2 * streams + 12 - broken).test(answer.text) ? Effect.succeed(answer) : Effect.fail("pending" as const)
      )
    )
    assert.strictEqual(metrics.status, 200)
    assert.match(metrics.text, /^sluice_worker_restarts_total 1$/m)
    assert.match(metrics.text, /^sluice_workers 4$/m)

    heads = 0
    const last = yield* Effect.forEach(range(8), (at) =>
      Effect.forkChild(
        ask(server.url, "/v1/chat/completions", "sk-k", chat(`sim-long;events=100;delay=10;tag=l${at}`, true), () => {
          heads++
        })
      ))
    yield* eventually(Effect.suspend(() => when(heads === 8)))
    const stopped = yield* server.kill("SIGTERM")
    assert.deepStrictEqual(stopped, { code: 0, signal: null })
    for (const { text } of yield* Effect.forEach(last, Fiber.join)) assert.include(text, "[DONE]")
    assert.strictEqual(yield* simulator.open, 0)
    assert.strictEqual((yield* rows).filter(({ outcome }) => outcome === "Completed").length, 2 * streams + 12 - broken + 8)
  }).pipe(Effect.scoped, Effect.provide([Simulator.layerServer(), NodeServices.layer])), 120_000)
